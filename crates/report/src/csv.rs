//! Tables as comma-separated values (RFC 4180), with a difference between an empty cell and an empty text.

use crate::batch::{self, Batch};
use crate::column::{Cell, Column, Table, Type};
use crate::error::{FileError, ReadError};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

pub(crate) fn header(table: &Table) -> Vec<u8> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    (names.join(",") + "\n").into_bytes()
}

pub(crate) fn encode(batch: &Batch, out: &mut Vec<u8>) {
    for row in batch.rows() {
        for (index, cell) in row.cells().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            put(cell, out);
        }
        out.push(b'\n');
    }
}

fn put(cell: Cell<'_>, out: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    let _ = match cell {
        Cell::Null => Ok(()),
        Cell::U64(value) => write!(out, "{value}"),
        Cell::F64(value) => write!(out, "{value:?}"),
        Cell::Bool(value) => write!(out, "{value}"),
        Cell::Binary([]) => write!(out, "\"\""),
        Cell::Binary(bytes) => write!(out, "{}", hex::encode(bytes)),
        Cell::Text(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
            write!(out, "\"{}\"", text.replace('"', "\"\""))
        }
        Cell::Text(text) => write!(out, "{text}"),
    };
}

pub(crate) fn read(
    path: &Path,
    columns: &[&'static Column],
    mut each: impl FnMut(&Batch),
) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|e| FileError::new("open", path, e))?;
    let mut records = Records { file: BufReader::new(file), line: 0 };
    let damaged = |line: u64, why: &str| ReadError::damaged(path, format!("line {line}: {why}"));
    let wrap = |e| ReadError::from(FileError::new("read", path, e));
    let header = records.next().map_err(wrap)?.unwrap_or_default();
    let places: Vec<(usize, &Column)> = columns
        .iter()
        .map(|column| {
            let place = header.iter().position(|field| field.text == column.name);
            let place = place.ok_or_else(|| damaged(1, &format!("no column `{}`", column.name)))?;
            Ok((place, *column))
        })
        .collect::<Result<_, ReadError>>()?;
    let mut batch = Batch::new(columns.iter().copied());
    while let Some(record) = records.next().map_err(wrap)? {
        if record.len() != header.len() {
            let why = format!("{} fields, and the header has {}", record.len(), header.len());
            return Err(damaged(records.line, &why));
        }
        let mut binaries = places.iter().map(|(place, column)| match (column.kind, record.get(*place)) {
            (Type::Binary, Some(field)) => hex::decode(&field.text),
            _ => Ok(Vec::new()),
        });
        let binaries: Vec<Vec<u8>> = binaries
            .by_ref()
            .collect::<Result<_, _>>()
            .map_err(|_| damaged(records.line, "bytes are not in hexadecimal"))?;
        let cells = places.iter().zip(&binaries).map(|((place, column), binary)| {
            record.get(*place).and_then(|field| field.parse(column.kind, binary))
        });
        let cells: Option<Vec<Cell<'_>>> = cells.collect();
        let cells = cells.ok_or_else(|| damaged(records.line, "a value is not of its column's type"))?;
        batch.push(cells.into_iter()).map_err(|misfit| damaged(records.line, misfit.why))?;
        if batch.len() >= batch::ROWS {
            each(&batch);
            batch.clear();
        }
    }
    each(&batch);
    Ok(())
}

struct Records {
    file: BufReader<File>,
    /// The line that the record ended on, from 1.
    line: u64,
}

#[derive(Default)]
struct Field {
    text: String,
    quoted: bool,
}

impl Records {
    fn next(&mut self) -> std::io::Result<Option<Vec<Field>>> {
        let mut line = String::new();
        // A quoted text may have line ends in it: the record is whole when its quotes are paired.
        loop {
            let read = self.file.read_line(&mut line)?;
            self.line += 1;
            if read == 0 || line.bytes().filter(|byte| *byte == b'"').count() % 2 == 0 {
                break;
            }
        }
        if line.is_empty() {
            return Ok(None);
        }
        let line = line.strip_suffix('\n').unwrap_or(&line);
        let mut fields = vec![];
        let mut field = Field::default();
        let mut inside = false;
        let mut chars = line.chars().peekable();
        while let Some(character) = chars.next() {
            match character {
                '"' if inside && chars.next_if_eq(&'"').is_some() => field.text.push('"'),
                '"' => {
                    inside = !inside;
                    field.quoted = true;
                }
                ',' if !inside => fields.push(std::mem::take(&mut field)),
                other => field.text.push(other),
            }
        }
        fields.push(field);
        Ok(Some(fields))
    }
}

impl Field {
    fn parse<'a>(&'a self, kind: Type, binary: &'a [u8]) -> Option<Cell<'a>> {
        if self.text.is_empty() && !self.quoted {
            return Some(Cell::Null);
        }
        Some(match kind {
            Type::U64 => Cell::U64(self.text.parse().ok()?),
            Type::F64 => Cell::F64(self.text.parse().ok()?),
            Type::Bool => Cell::Bool(self.text.parse().ok()?),
            Type::Text => Cell::Text(&self.text),
            Type::Binary => Cell::Binary(binary),
        })
    }
}
