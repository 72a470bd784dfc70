//! The bodies of answers.

use bytes::Bytes;
use serde::Serialize;

/// The body of an answer with status 200: JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer(Bytes);

/// What a change is answered that has no object to name.
pub const SUCCESS: Answer = Answer(Bytes::from_static(br#"{"success":true}"#));

impl Answer {
    /// An answer that is this value.
    pub fn of(value: &impl Serialize) -> Self {
        Self(to_bytes(value))
    }

    /// The JSON.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// The JSON of a value. All that is written here has texts for names, and no error can be.
pub(crate) fn to_bytes(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}
