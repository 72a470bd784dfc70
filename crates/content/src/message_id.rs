//! The name that a sender gives a message, by which receipts and quotations speak of it. Only the two ends see it.

use std::fmt;
use std::str::FromStr;

/// Names a message between the two ends: 1 to 64 upper-case hexadecimal digits. Never seen by the relay.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

/// A text is not a message id.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not a message id: want 1 to 64 upper-case hexadecimal digits")]
pub struct MessageIdError;

impl MessageId {
    /// An id from random bytes.
    pub fn from_random(bytes: &[u8]) -> Self {
        Self(bytes.iter().take(32).map(|byte| format!("{byte:02X}")).collect())
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
            Ok(Self(text.to_owned()))
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
