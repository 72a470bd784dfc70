//! Tables as Parquet, by the column writers of the `parquet` crate: what is collected by column is written
//! by column, without Arrow between.

use crate::batch::{Batch, Buffer, Values};
use crate::column::{Column, Table, Type};
use crate::error::{FileError, ReadError, WriteError};
use crate::file::{FileEntry, PartialFile};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, LogicalType, Repetition};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type as Schema};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) struct Writer {
    path: PathBuf,
    file: SerializedFileWriter<PartialFile>,
}

impl Writer {
    pub(crate) fn new(file: PartialFile, table: &'static Table) -> Result<Self, WriteError> {
        let path = file.path().to_owned();
        let file = schema(table)
            .and_then(|schema| SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties(table))))
            .map_err(|e| refused(&path, e))?;
        Ok(Self { path, file })
    }

    /// Writes a row group.
    pub(crate) fn write(&mut self, batch: &Batch) -> Result<(), WriteError> {
        self.put(batch).map_err(|e| refused(&self.path, e))
    }

    pub(crate) fn close(self, rows: u64) -> Result<FileEntry, WriteError> {
        let file = self.file.into_inner();
        Ok(file.map_err(|e| refused(&self.path, e))?.close(Some(rows))?)
    }

    fn put(&mut self, batch: &Batch) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for (_, buffer) in batch.columns() {
            let Some(mut column) = group.next_column()? else { break };
            let levels: Option<Vec<i16>> =
                (!buffer.present.is_empty()).then(|| buffer.present.iter().map(|p| i16::from(*p)).collect());
            let levels = levels.as_deref();
            match (column.untyped(), &buffer.values) {
                (ColumnWriter::Int64ColumnWriter(column), Values::U64(values)) => {
                    let values = present(buffer, values.iter().map(|value| value.cast_signed()));
                    column.write_batch(&values, levels, None)?;
                }
                (ColumnWriter::DoubleColumnWriter(column), Values::F64(values)) => {
                    column.write_batch(&present(buffer, values.iter().copied()), levels, None)?;
                }
                (ColumnWriter::BoolColumnWriter(column), Values::Bool(values)) => {
                    column.write_batch(&present(buffer, values.iter().copied()), levels, None)?;
                }
                (ColumnWriter::ByteArrayColumnWriter(column), Values::Bytes { bytes, ends }) => {
                    // One allocation for all: each value is a slice of it.
                    let bytes = Bytes::from(bytes.clone());
                    let starts = std::iter::once(&0).chain(ends);
                    let values = starts.zip(ends).map(|(from, to)| ByteArray::from(bytes.slice(from..to)));
                    column.write_batch(&present(buffer, values), levels, None)?;
                }
                _ => return Err(ParquetError::General("a column is not of its table's type".into())),
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }
}

pub(crate) fn read(
    path: &Path,
    columns: &[&'static Column],
    mut each: impl FnMut(&Batch),
) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|e| FileError::new("open", path, e))?;
    let damaged = |e: ParquetError| ReadError::damaged(path, e);
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let places: Vec<usize> = columns
        .iter()
        .map(|wanted| {
            schema
                .columns()
                .iter()
                .position(|column| column.name() == wanted.name)
                .ok_or_else(|| ReadError::damaged(path, format!("no column `{}`", wanted.name)))
        })
        .collect::<Result<_, _>>()?;
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(damaged)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut batch = Batch::new(columns.iter().copied());
        for ((column, buffer), place) in batch.fill(rows).zip(&places) {
            let reader = group.get_column_reader(*place).map_err(damaged)?;
            fill(buffer, reader, column, rows).map_err(damaged)?;
        }
        each(&batch);
    }
    Ok(())
}

fn fill(buffer: &mut Buffer, reader: ColumnReader, column: &Column, rows: usize) -> Result<(), ParquetError> {
    buffer.values = match reader {
        ColumnReader::Int64ColumnReader(reader) => {
            let values = dense(reader, rows, &mut buffer.present, 0)?;
            Values::U64(values.into_iter().map(i64::cast_unsigned).collect())
        }
        ColumnReader::DoubleColumnReader(reader) => {
            Values::F64(dense(reader, rows, &mut buffer.present, 0.0)?)
        }
        ColumnReader::BoolColumnReader(reader) => {
            Values::Bool(dense(reader, rows, &mut buffer.present, false)?)
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let mut bytes = Vec::new();
            let values = dense(reader, rows, &mut buffer.present, ByteArray::from(Vec::new()))?;
            let ends = values.iter().map(|value: &ByteArray| {
                bytes.extend_from_slice(value.data());
                bytes.len()
            });
            let ends = ends.collect();
            Values::Bytes { bytes, ends }
        }
        _ => return Err(ParquetError::General(format!("column `{}` is of another type", column.name))),
    };
    if !column.optional && buffer.present.contains(&false) {
        return Err(ParquetError::General(format!("column `{}` has empty cells", column.name)));
    }
    Ok(())
}

/// The values of a column, with `absent` where there is none.
fn dense<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    present: &mut Vec<bool>,
    absent: T::T,
) -> Result<Vec<T::T>, ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if levels.is_empty() {
        return Ok(values);
    }
    present.extend(levels.iter().map(|level| *level > 0));
    let mut values = values.into_iter();
    let value = |present: &bool| present.then(|| values.next()).flatten().unwrap_or_else(|| absent.clone());
    Ok(present.iter().map(value).collect())
}

/// Parquet leaves absent values out.
fn present<T>(buffer: &Buffer, values: impl Iterator<Item = T>) -> Vec<T> {
    if buffer.present.is_empty() {
        return values.collect();
    }
    values.zip(&buffer.present).filter_map(|(value, present)| present.then_some(value)).collect()
}

fn schema(table: &Table) -> Result<Schema, ParquetError> {
    let fields = table.columns.iter().map(|column| {
        let (kind, logical) = match column.kind {
            Type::U64 => (parquet::basic::Type::INT64, Some(LogicalType::integer(64, false))),
            Type::F64 => (parquet::basic::Type::DOUBLE, None),
            Type::Bool => (parquet::basic::Type::BOOLEAN, None),
            Type::Text => (parquet::basic::Type::BYTE_ARRAY, Some(LogicalType::String)),
            Type::Binary => (parquet::basic::Type::BYTE_ARRAY, None),
        };
        let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Schema::primitive_type_builder(column.name, kind);
        Ok(Arc::new(field.with_logical_type(logical).with_repetition(repetition).build()?))
    });
    Schema::group_type_builder(table.name).with_fields(fields.collect::<Result<_, ParquetError>>()?).build()
}

fn properties(table: &Table) -> WriterProperties {
    // What the columns mean travels with the file: `COLUMN` or `COLUMN (UNIT)` to its description.
    let about = std::iter::once(KeyValue::new("table".into(), Some(table.description.into())));
    let about = about.chain(table.columns.iter().map(|column| {
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
        KeyValue::new(format!("{}{unit}", column.name), Some(column.description.into()))
    }));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(about.collect()));
    for column in table.columns.iter().filter(|column| column.kind == Type::U64) {
        // Times and numbers grow by little from row to row, and hardly ever repeat.
        let path = ColumnPath::from(column.name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

/// What went wrong on the disk is told as such, not as the encoder's trouble.
fn refused(path: &Path, error: ParquetError) -> WriteError {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => FileError::new("write", &crate::file::partial(path), *error).into(),
            Err(other) => WriteError::Encode { path: path.into(), why: other.to_string() },
        },
        other => WriteError::Encode { path: path.into(), why: other.to_string() },
    }
}
