//! What is planted, to be looked for later.

use std::{fmt, sync::Arc};

use crate::DataClass;

/// Shorter ones would be found by chance: 8 random bytes turn up once in 584 years at 1 GB/s.
const MIN_BYTES: usize = 8;
/// As a varint it has 5 bytes or more: these turn up by chance once in a terabyte.
const MIN_NUMBER: u64 = 1_000_000_000;

/// A value that exists nowhere but where it was planted. It belongs to a data class; which principals may
/// see that is in the [`Policy`](crate::Policy).
#[derive(Clone)]
pub struct Canary {
    name: Arc<str>,
    class: DataClass,
    value: Value,
    owners: Vec<Arc<str>>,
}

#[derive(Clone)]
enum Value {
    Bytes(Vec<u8>),
    /// Travels as text and as an integer.
    Number(u64),
}

/// Why canaries were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanaryError {
    /// It would be found by chance.
    #[error("canary `{0}` has fewer than {MIN_BYTES} bytes, or 10 digits: it would be found by chance")]
    TooShort(Arc<str>),
    /// A finding could not say which of the two it is.
    #[error("canaries `{0}` and `{1}` can't be told apart: plant different values")]
    Alike(Arc<str>, Arc<str>),
}

impl Canary {
    /// A canary of any bytes; text is planted as its UTF-8.
    pub fn new(name: &str, class: DataClass, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), class, value: Value::Bytes(value.into()), owners: Vec::new() }
    }

    /// A canary that is a number, such as a phone number: looked for as decimal text, as protobuf varint and
    /// as eight bytes. At least 10 digits.
    pub fn number(name: &str, class: DataClass, value: u64) -> Self {
        Self { name: name.into(), class, value: Value::Number(value), owners: Vec::new() }
    }

    /// Says whose it is, by the names of [parties](crate::Party): where the policy says `own`, these may see it and
    /// others of their kind may not.
    #[must_use]
    pub fn of(mut self, owners: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        self.owners.extend(owners.into_iter().map(Into::into));
        self
    }

    /// True if it is the party's own.
    pub fn is_of(&self, party: &str) -> bool {
        self.owners.iter().any(|owner| **owner == *party)
    }

    /// What findings call it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What it is an example of.
    pub fn class(&self) -> DataClass {
        self.class
    }

    /// What is looked for as text.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Number(number) => number.to_string().into_bytes(),
        }
    }

    pub(crate) fn is_too_short(&self) -> bool {
        match &self.value {
            Value::Bytes(bytes) => bytes.len() < MIN_BYTES,
            Value::Number(number) => *number < MIN_NUMBER,
        }
    }

    pub(crate) fn as_number(&self) -> Option<u64> {
        match self.value {
            Value::Bytes(_) => None,
            Value::Number(number) => Some(number),
        }
    }
}

/// Without the value: a log line with it would be a finding.
impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary").field("name", &self.name).field("class", &self.class).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_value() {
        let canary = Canary::new("greeting", DataClass::Content, "not to be seen");
        assert_eq!(format!("{canary:?}"), "Canary { name: \"greeting\", class: Content, .. }");
    }
}
