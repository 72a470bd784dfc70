//! What is wrong with bytes that are no message.

use crate::PaddingError;

/// A plaintext is not a message of a known kind. Safe to log: nothing of the plaintext is in it.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum ContentError {
    /// Not padded as messages are.
    #[error(transparent)]
    Padding(#[from] PaddingError),
    /// Not a protobuf message.
    #[error("content is not a protobuf message")]
    Malformed,
    /// A kind that this version doesn't know.
    #[error("content of an unknown kind")]
    UnknownKind,
    /// A message id is missing or wrong.
    #[error("content without a valid message id")]
    MessageId,
}
