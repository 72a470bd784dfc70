//! What a table is: named, typed columns, from which every format and the documentation follow.

/// A table's definition.
#[derive(Debug)]
pub struct Table {
    /// The name of its file, without an extension, unless a row says otherwise (see [`Row::file`]).
    pub name: &'static str,
    /// What a row is.
    pub description: &'static str,
    /// The columns, in the order of the files.
    pub columns: &'static [Column],
}

/// A column's definition.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, the same in every format.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Type,
    /// Whether a cell may be empty.
    pub optional: bool,
    /// The unit of its numbers, or nothing.
    pub unit: &'static str,
    /// What it says.
    pub description: &'static str,
}

/// What a cell can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// An unsigned integer.
    U64,
    /// A finite number.
    F64,
    /// UTF-8 text.
    Text,
    /// True or false.
    Bool,
    /// Bytes; in hexadecimal where a format is text.
    Binary,
}

/// A cell's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Empty.
    Null,
    /// Of a [`Type::U64`] column.
    U64(u64),
    /// Of a [`Type::F64`] column.
    F64(f64),
    /// Of a [`Type::Text`] column.
    Text(&'a str),
    /// Of a [`Type::Bool`] column.
    Bool(bool),
    /// Of a [`Type::Binary`] column.
    Binary(&'a [u8]),
}

/// A row of a table, as a struct.
pub trait Row {
    /// The table that it is a row of.
    const TABLE: &'static Table;

    /// The file that it goes to, without an extension, relative to the run's directory.
    fn file(&self) -> &'static str {
        Self::TABLE.name
    }

    /// Its cells, in the order of the table's columns.
    fn cells(&self) -> impl Iterator<Item = Cell<'_>>;
}

/// A struct's field that can be a cell.
pub(crate) trait Field {
    const TYPE: Type;
    const OPTIONAL: bool = false;
    fn cell(&self) -> Cell<'_>;
}

impl Field for u64 {
    const TYPE: Type = Type::U64;
    fn cell(&self) -> Cell<'_> {
        Cell::U64(*self)
    }
}

impl Field for f64 {
    const TYPE: Type = Type::F64;
    fn cell(&self) -> Cell<'_> {
        Cell::F64(*self)
    }
}

impl Field for bool {
    const TYPE: Type = Type::Bool;
    fn cell(&self) -> Cell<'_> {
        Cell::Bool(*self)
    }
}

impl Field for &str {
    const TYPE: Type = Type::Text;
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }
}

impl Field for &[u8] {
    const TYPE: Type = Type::Binary;
    fn cell(&self) -> Cell<'_> {
        Cell::Binary(self)
    }
}

impl<T: Field> Field for Option<T> {
    const TYPE: Type = T::TYPE;
    const OPTIONAL: bool = true;
    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, Field::cell)
    }
}

impl Type {
    /// Its name in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::U64 => "u64",
            Self::F64 => "f64",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Binary => "bytes (hex in text formats)",
        }
    }
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The table's definition in Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n{}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n",
            self.name, self.description
        );
        for column in self.columns {
            let optional = if column.optional { ", may be empty" } else { "" };
            text += &format!(
                "| `{}` | {}{optional} | {} | {} |\n",
                column.name,
                column.kind.name(),
                column.unit,
                column.description
            );
        }
        text
    }
}
