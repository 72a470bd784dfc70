//! `POST /{phone-number-id}/messages`: what its parameters say, and what it is answered.
//!
//! A file for each kind of message: its parameters become a [`Content`].

mod answer;
mod request;
mod text;

pub use answer::Accepted;
pub use request::{Content, MarkRead, PARAMETERS, Recipient, Request, Send};
pub use text::Text;

use crate::error::GraphError;

/// The message to be marked as read is none that the number received.
pub fn not_received() -> GraphError {
    GraphError::invalid("Param message_id must be the id of a message that this phone number received.")
}
