//! Rows in memory, column by column: what writers collect and readers give back.

use crate::column::{Cell, Column, Type};

/// The rows that are written and read at a time: a row group of a Parquet file.
pub(crate) const ROWS: usize = 65_536;

/// A few rows of some columns of a table.
#[derive(Debug)]
pub struct Batch {
    columns: Vec<(&'static Column, Buffer)>,
    rows: usize,
}

/// A row of a [`Batch`].
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    batch: &'a Batch,
    row: usize,
}

/// The cells of one column.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) values: Values,
    /// Which rows have a value; an absent one has a default in `values`. Unused where none may be absent.
    pub(crate) present: Vec<bool>,
}

#[derive(Debug)]
pub(crate) enum Values {
    U64(Vec<u64>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    /// Text and binary: all bytes, and where each value ends.
    Bytes {
        bytes: Vec<u8>,
        ends: Vec<usize>,
    },
}

/// A cell that its column can't hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) column: &'static str,
    pub(crate) why: &'static str,
}

impl Batch {
    pub(crate) fn new(columns: impl IntoIterator<Item = &'static Column>) -> Self {
        let columns = columns.into_iter().map(|column| (column, Buffer::new(column.kind))).collect();
        Self { columns, rows: 0 }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'_>> {
        (0..self.rows).map(|row| RowRef { batch: self, row })
    }

    pub(crate) fn columns(&self) -> &[(&'static Column, Buffer)] {
        &self.columns
    }

    #[cfg(feature = "parquet")]
    pub(crate) fn fill(&mut self, rows: usize) -> impl Iterator<Item = &mut (&'static Column, Buffer)> {
        self.rows = rows;
        self.columns.iter_mut()
    }

    pub(crate) fn push<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) -> Result<(), Misfit> {
        for ((column, buffer), cell) in self.columns.iter_mut().zip(cells) {
            buffer.push(cell, column.optional).map_err(|why| Misfit { column: column.name, why })?;
        }
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.rows = 0;
        for (_, buffer) in &mut self.columns {
            buffer.clear();
        }
    }
}

impl<'a> RowRef<'a> {
    /// The cell of the column that was asked for at that place.
    pub fn cell(self, column: usize) -> Cell<'a> {
        let Some((column, buffer)) = self.batch.columns.get(column) else { return Cell::Null };
        buffer.cell(self.row, column.kind).unwrap_or(Cell::Null)
    }

    /// All its cells.
    pub fn cells(self) -> impl Iterator<Item = Cell<'a>> {
        (0..self.batch.columns.len()).map(move |column| self.cell(column))
    }

    /// An integer, if there is one.
    pub fn u64(self, column: usize) -> Option<u64> {
        match self.cell(column) {
            Cell::U64(value) => Some(value),
            _ => None,
        }
    }

    /// A number, if there is one.
    pub fn f64(self, column: usize) -> Option<f64> {
        match self.cell(column) {
            Cell::F64(value) => Some(value),
            _ => None,
        }
    }

    /// A text; nothing if there is none.
    pub fn text(self, column: usize) -> &'a str {
        match self.cell(column) {
            Cell::Text(value) => value,
            _ => "",
        }
    }

    /// True if there is a true.
    pub fn bool(self, column: usize) -> bool {
        self.cell(column) == Cell::Bool(true)
    }
}

impl Buffer {
    fn new(kind: Type) -> Self {
        let values = match kind {
            Type::U64 => Values::U64(Vec::new()),
            Type::F64 => Values::F64(Vec::new()),
            Type::Bool => Values::Bool(Vec::new()),
            Type::Text | Type::Binary => Values::default(),
        };
        Self { values, present: Vec::new() }
    }

    fn push(&mut self, cell: Cell<'_>, optional: bool) -> Result<(), &'static str> {
        if optional {
            self.present.push(cell != Cell::Null);
        } else if cell == Cell::Null {
            return Err("a value is missing");
        }
        match (&mut self.values, cell) {
            (Values::U64(values), Cell::U64(value)) => values.push(value),
            (Values::U64(values), Cell::Null) => values.push(0),
            (Values::F64(values), Cell::F64(value)) if value.is_finite() => values.push(value),
            (Values::F64(_), Cell::F64(_)) => return Err("a number is infinite or not a number"),
            (Values::F64(values), Cell::Null) => values.push(0.0),
            (Values::Bool(values), Cell::Bool(value)) => values.push(value),
            (Values::Bool(values), Cell::Null) => values.push(false),
            (Values::Bytes { bytes, ends }, cell) => {
                match cell {
                    Cell::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                    Cell::Binary(binary) => bytes.extend_from_slice(binary),
                    Cell::Null => {}
                    _ => return Err("a number is where text or bytes belong"),
                }
                ends.push(bytes.len());
            }
            _ => return Err("a value is of another type than its column"),
        }
        Ok(())
    }

    fn cell(&self, row: usize, kind: Type) -> Option<Cell<'_>> {
        if self.present.get(row) == Some(&false) {
            return None;
        }
        Some(match &self.values {
            Values::U64(values) => Cell::U64(*values.get(row)?),
            Values::F64(values) => Cell::F64(*values.get(row)?),
            Values::Bool(values) => Cell::Bool(*values.get(row)?),
            Values::Bytes { bytes, ends } => {
                let start = row.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
                let value = bytes.get(start..*ends.get(row)?)?;
                match kind {
                    Type::Text => Cell::Text(str::from_utf8(value).ok()?),
                    _ => Cell::Binary(value),
                }
            }
        })
    }

    fn clear(&mut self) {
        self.present.clear();
        match &mut self.values {
            Values::U64(values) => values.clear(),
            Values::F64(values) => values.clear(),
            Values::Bool(values) => values.clear(),
            Values::Bytes { bytes, ends } => {
                bytes.clear();
                ends.clear();
            }
        }
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::Bytes { bytes: Vec::new(), ends: Vec::new() }
    }
}
