//! Rows of stores: who keeps which table, and what key and value tell.

use serde::Deserialize;

use super::error::class;
use super::{Problem, Seen, Surfaces, SurfacesError, Value};
use crate::{DataClass, Principal};

/// A table as `surfaces.toml` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    /// The principals who keep it.
    kept_by: Vec<String>,
    /// What the key is made of, in order.
    key: Vec<RawPart>,
    /// The message that is its value, by full name.
    value: Option<String>,
    /// The class of a value that is no message of `proto/`.
    opaque: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    part: String,
    class: String,
    /// How long it is; none: all that is left.
    bytes: Option<usize>,
}

pub(super) struct Table {
    kept_by: Vec<Principal>,
    key: Vec<Part>,
    content: Content,
}

struct Part {
    name: String,
    class: DataClass,
    bytes: Option<usize>,
}

enum Content {
    Message(String),
    Opaque(DataClass),
}

impl Surfaces {
    /// A row that `principal` keeps: the parts of its key, every field of its value, and every byte in neither.
    pub fn row(&self, principal: Principal, table: &str, key: &[u8], value: &[u8]) -> Seen {
        let mut seen = Seen::default();
        let Some(known) = self.tables.get(table) else {
            seen.problems.push(Problem::Undeclared {
                what: format!("table {table}, kept by {principal},"),
                section: format!("tables.{table}"),
            });
            return seen;
        };
        if !known.kept_by.contains(&principal) {
            seen.problems.push(Problem::NotKept { table: table.to_owned(), principal });
        }
        self.key(principal, table, known, key, &mut seen);
        match &known.content {
            Content::Message(message) => seen.absorb(self.frame(principal, message, value)),
            Content::Opaque(class) => {
                self.note(
                    principal,
                    format!("{table} value"),
                    *class,
                    Value::Bytes(value.to_vec()),
                    &mut seen,
                );
            }
        }
        seen
    }

    /// What is wrong with a row that `principal` keeps.
    pub fn check_row(&self, principal: Principal, table: &str, key: &[u8], value: &[u8]) -> Vec<Problem> {
        self.row(principal, table, key, value).problems
    }

    fn key(&self, principal: Principal, table: &str, known: &Table, key: &[u8], seen: &mut Seen) {
        let mut rest = key;
        for part in &known.key {
            let what = format!("{table} key {}", part.name);
            let Some((bytes, after)) = rest.split_at_checked(part.bytes.unwrap_or(rest.len())) else {
                seen.problems.push(Problem::Unreadable { what, why: "the key is too short".into() });
                return;
            };
            rest = after;
            self.note(principal, what, part.class, Value::Bytes(bytes.to_vec()), seen);
        }
        if !rest.is_empty() {
            seen.problems
                .push(Problem::Unlabelled { what: format!("the key of table {table}"), field: None });
        }
    }
}

impl Table {
    pub(super) fn parse(name: &str, raw: RawTable) -> Result<Self, SurfacesError> {
        let place = format!("tables.{name}");
        let class = |name: &str| class(&place, name);
        let content = match (raw.value, raw.opaque) {
            (Some(message), None) => Content::Message(message),
            (None, Some(opaque)) => Content::Opaque(class(&opaque)?),
            _ => return Err(SurfacesError::NoValue(name.to_owned())),
        };
        let kept_by = raw.kept_by.iter().map(|principal| {
            Principal::parse(principal).ok_or_else(|| SurfacesError::Principal {
                place: place.clone(),
                principal: principal.clone(),
            })
        });
        let key = raw
            .key
            .into_iter()
            .map(|part| Ok(Part { class: class(&part.class)?, name: part.part, bytes: part.bytes }));
        Ok(Self {
            kept_by: kept_by.collect::<Result<_, _>>()?,
            key: key.collect::<Result<_, SurfacesError>>()?,
            content,
        })
    }

    /// The message that its values are, if they are one of `proto/`.
    pub(super) fn message(&self) -> Option<&str> {
        match &self.content {
            Content::Message(message) => Some(message),
            Content::Opaque(_) => None,
        }
    }
}
