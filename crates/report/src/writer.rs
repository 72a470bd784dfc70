//! Writes a table to a file, a batch at a time.

use crate::batch::{self, Batch};
use crate::column::{Cell, Row, Table};
use crate::error::WriteError;
use crate::file::{FileEntry, PartialFile};
use crate::{csv, jsonl};
use std::path::Path;

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Apache Parquet, compressed with Snappy, typed.
    Parquet,
    /// JSON Lines: an object per row; an empty cell is left out.
    Jsonl,
    /// Comma-separated values with a header; an empty cell has nothing between its commas, an empty text `""`.
    Csv,
}

/// Writes a whole table into `dir`, in each of `formats`: for tables that belong to no run.
pub fn write_table<R: Row>(
    dir: &Path,
    formats: &[Format],
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<FileEntry>, WriteError> {
    let mut table = TableWriter::create(dir, R::TABLE.name, R::TABLE, formats)?;
    for row in rows {
        table.write(row.cells())?;
    }
    table.close()
}

/// A table that is being written in one or more formats.
pub(crate) struct TableWriter {
    table: &'static Table,
    batch: Batch,
    rows: u64,
    sinks: Vec<Sink>,
}

enum Sink {
    #[cfg(feature = "parquet")]
    Parquet(Box<crate::parquet_file::Writer>),
    Text(PartialFile, Encode),
}

/// Writes a batch as text.
type Encode = fn(&Batch, &mut Vec<u8>);

impl TableWriter {
    pub(crate) fn create(
        dir: &Path,
        name: &str,
        table: &'static Table,
        formats: &[Format],
    ) -> Result<Self, WriteError> {
        let sinks = formats.iter().map(|format| Sink::create(dir, name, table, *format));
        let sinks = sinks.collect::<Result<_, _>>()?;
        Ok(Self { table, batch: Batch::new(table.columns), rows: 0, sinks })
    }

    pub(crate) fn write<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) -> Result<(), WriteError> {
        self.batch.push(cells).map_err(|misfit| WriteError::Misfit {
            table: self.table.name,
            column: misfit.column,
            why: misfit.why,
        })?;
        self.rows += 1;
        if self.batch.len() >= batch::ROWS {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn close(mut self) -> Result<Vec<FileEntry>, WriteError> {
        self.flush()?;
        self.sinks.into_iter().map(|sink| sink.close(self.rows)).collect()
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        if !self.batch.is_empty() {
            for sink in &mut self.sinks {
                sink.write(&self.batch)?;
            }
            self.batch.clear();
        }
        Ok(())
    }
}

impl Sink {
    fn create(dir: &Path, name: &str, table: &'static Table, format: Format) -> Result<Self, WriteError> {
        let mut file = PartialFile::create(dir, format!("{name}.{}", format.extension()))?;
        Ok(match format {
            #[cfg(feature = "parquet")]
            Format::Parquet => Self::Parquet(Box::new(crate::parquet_file::Writer::new(file, table)?)),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                let why = "this build has no Parquet".into();
                return Err(WriteError::Encode { path: file.path().into(), why });
            }
            Format::Csv => {
                file.put(&csv::header(table))?;
                Self::Text(file, csv::encode)
            }
            Format::Jsonl => Self::Text(file, jsonl::encode),
        })
    }

    fn write(&mut self, batch: &Batch) -> Result<(), WriteError> {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(writer) => writer.write(batch)?,
            Self::Text(file, encode) => {
                let mut text = Vec::new();
                encode(batch, &mut text);
                file.put(&text)?;
            }
        }
        Ok(())
    }

    fn close(self, rows: u64) -> Result<FileEntry, WriteError> {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(writer) => writer.close(rows),
            Self::Text(file, _) => Ok(file.close(Some(rows))?),
        }
    }
}

impl Format {
    /// All of them, the one that is read first in front.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Jsonl, Self::Csv];

    /// The extension of its files, and its name at the command line.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}
