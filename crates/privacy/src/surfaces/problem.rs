//! What was there, and what was wrong with it.

use std::fmt;

use crate::{Cell, DataClass, Principal};

/// All that a check found in some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Every value, in the order of the bytes.
    pub leaves: Vec<Leaf>,
    /// Everything that nobody has classified, or that its reader may not have. Empty: the policy is kept.
    pub problems: Vec<Problem>,
}

/// One value that somebody could read. `Debug` hides the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    /// Where it stands, for example `blindpost.transport.Address.number` or `messages[].text.body`.
    pub path: String,
    /// What it can tell.
    pub class: DataClass,
    /// The value itself.
    pub value: Value,
}

/// A value. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Bytes, a ciphertext for example.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A whole number, or an enum's.
    Number(i128),
    /// Yes or no.
    Flag(bool),
}

/// Something that is on no list, or that its reader may not have. Names the place, never the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// Nobody has said what this tells.
    Undeclared {
        /// What it is, for example `header x-debug of an HTTP response`.
        what: String,
        /// The section of `surfaces.toml` that would have it.
        section: String,
    },
    /// It is in the wrong hands.
    NotAllowed {
        /// What it is.
        what: String,
        /// What it tells.
        class: DataClass,
        /// Who reads it.
        principal: Principal,
        /// What the policy says.
        cell: Cell,
    },
    /// The value has another form than it should have, and may so tell more.
    Form {
        /// What it is.
        what: String,
        /// The forms that it may have.
        forms: String,
    },
    /// The bytes aren't what they should be.
    Unreadable {
        /// What they should be.
        what: String,
        /// Why they aren't.
        why: String,
    },
    /// Bytes that no labelled field accounts for.
    Unlabelled {
        /// The message, or what else they are in.
        what: String,
        /// The number of the field, if they are one.
        field: Option<u32>,
    },
    /// It is kept by a principal who should not have it at all.
    NotKept {
        /// The table.
        table: String,
        /// Who keeps it.
        principal: Principal,
    },
}

impl Seen {
    pub(super) fn unreadable(what: impl Into<String>, why: impl ToString) -> Self {
        let problem = Problem::Unreadable { what: what.into(), why: why.to_string() };
        Self { leaves: Vec::new(), problems: vec![problem] }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.leaves.extend(other.leaves);
        self.problems.extend(other.problems);
    }
}

impl Value {
    /// The value as text, for a comparison with a form.
    pub fn to_text(&self) -> String {
        match self {
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {:?})", self.path, self.class, self.value)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "text",
            Self::Number(_) => "number",
            Self::Flag(_) => "flag",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared { what, section } => write!(
                f,
                "{what} is on no list: say in [{section}] of crates/privacy/surfaces.toml what it tells, or take it out"
            ),
            Self::NotAllowed { what, class, principal, cell } => {
                write!(f, "{what} ({class}) gets to {principal}; the policy says `{cell}`")
            }
            Self::Form { what, forms } => write!(f, "{what} has a value that is not of the form {forms}"),
            Self::Unreadable { what, why } => write!(f, "{what} can't be read: {why}"),
            Self::Unlabelled { what, field: Some(field) } => {
                write!(f, "{what} has a field {field} that proto/ doesn't have, so it has no data class")
            }
            Self::Unlabelled { what, field: None } => {
                write!(f, "{what} has bytes that belong to no field, so they have no data class")
            }
            Self::NotKept { table, principal } => {
                write!(f, "table {table} is kept by {principal}; crates/privacy/surfaces.toml says otherwise")
            }
        }
    }
}
