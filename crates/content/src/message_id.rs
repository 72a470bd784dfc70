//! The name that a sender gives a message, by which receipts and quotations speak of it. Only the two ends see it.

use compact_str::CompactString;
use std::fmt;
use std::str::FromStr;

/// Names a message between the two ends: 1 to 64 upper-case hexadecimal digits. Never seen by the relay.
///
/// A name of up to 24 digits, as all that are drawn here have, is in place: maps are full of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(CompactString);

/// A text is not a message id.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a message id: want 1 to 64 upper-case hexadecimal digits")]
pub struct MessageIdError;

impl MessageId {
    /// An id from random bytes.
    pub fn from_random(bytes: &[u8]) -> Self {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
        Self(bytes.iter().take(32).flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = MessageIdError;
    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(digit) {
            Ok(Self(CompactString::new(text)))
        } else {
            Err(MessageIdError)
        }
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageId(…)")
    }
}
