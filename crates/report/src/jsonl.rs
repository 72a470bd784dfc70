//! Tables as JSON Lines: one object per row, in the order of the columns; an empty cell is left out.

use crate::batch::{self, Batch};
use crate::column::{Cell, Column, Type};
use crate::error::{FileError, ReadError};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

pub(crate) fn encode(batch: &Batch, out: &mut Vec<u8>) {
    for row in batch.rows() {
        let mut before = b'{';
        for ((column, _), cell) in batch.columns().iter().zip(row.cells()) {
            if cell == Cell::Null {
                continue;
            }
            out.push(before);
            before = b',';
            // Writing to a vector can't fail, and neither can text as JSON.
            let _ = write!(out, "\"{}\":", column.name);
            let _ = match cell {
                Cell::Null => Ok(()),
                Cell::U64(value) => write!(out, "{value}"),
                Cell::F64(value) => write!(out, "{value:?}"),
                Cell::Bool(value) => write!(out, "{value}"),
                Cell::Binary(bytes) => write!(out, "\"{}\"", hex::encode(bytes)),
                Cell::Text(text) => serde_json::to_writer(&mut *out, text).map_err(Into::into),
            };
        }
        if before == b'{' {
            out.push(b'{');
        }
        out.extend_from_slice(b"}\n");
    }
}

pub(crate) fn read(
    path: &Path,
    columns: &[&'static Column],
    mut each: impl FnMut(&Batch),
) -> Result<(), ReadError> {
    let file = File::open(path).map_err(|e| FileError::new("open", path, e))?;
    let mut batch = Batch::new(columns.iter().copied());
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|e| FileError::new("read", path, e))?;
        let damaged = |why: &str| ReadError::damaged(path, format!("line {}: {why}", index + 1));
        let object: Map<String, Value> = serde_json::from_str(&line).map_err(|e| damaged(&e.to_string()))?;
        let binaries: Vec<Vec<u8>> = columns
            .iter()
            .map(|column| match (column.kind, object.get(column.name)) {
                (Type::Binary, Some(Value::String(text))) => hex::decode(text),
                _ => Ok(Vec::new()),
            })
            .collect::<Result<_, _>>()
            .map_err(|_| damaged("bytes are not in hexadecimal"))?;
        let cells = columns.iter().zip(&binaries).map(|(column, binary)| {
            object.get(column.name).map_or(Some(Cell::Null), |value| cell(value, column.kind, binary))
        });
        let cells: Option<Vec<Cell<'_>>> = cells.collect();
        let cells = cells.ok_or_else(|| damaged("a value is not of its column's type"))?;
        batch.push(cells.into_iter()).map_err(|misfit| damaged(misfit.why))?;
        if batch.len() >= batch::ROWS {
            each(&batch);
            batch.clear();
        }
    }
    each(&batch);
    Ok(())
}

fn cell<'a>(value: &'a Value, kind: Type, binary: &'a [u8]) -> Option<Cell<'a>> {
    Some(match kind {
        Type::U64 => Cell::U64(value.as_u64()?),
        Type::F64 => Cell::F64(value.as_f64()?),
        Type::Bool => Cell::Bool(value.as_bool()?),
        Type::Text => Cell::Text(value.as_str()?),
        Type::Binary => Cell::Binary(binary),
    })
}
