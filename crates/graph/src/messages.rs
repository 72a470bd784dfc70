//! `POST /{phone-number-id}/messages`: what its parameters say, and what it is answered.
//!
//! A file for each kind of message: its parameters become a [`Content`].

mod answer;
mod contacts;
pub mod interactive;
mod location;
mod marketing;
mod media;
mod reaction;
mod recipient;
mod request;
mod template;
mod text;
#[cfg(test)]
mod wrong;

pub use answer::{Accepted, MessageStatus};
pub use contacts::{
    ContactAddress, ContactCard, ContactEmail, ContactName, ContactOrganization, ContactPhone, ContactUrl,
};
pub use interactive::Interactive;
pub use location::Location;
pub use marketing::MARKETING;
pub use media::{Media, MediaKind, MediaSource};
pub use reaction::Reaction;
pub use recipient::Recipient;
pub use request::{Content, Mark, PARAMETERS, Request, Send};
pub use template::{
    Argument, ButtonValues, CardValues, HeaderMedia, HeaderPlace, HeaderProduct, Template, Values,
};
pub use text::Text;

use crate::codes;
use crate::error::GraphError;

/// The message to be marked as read is none that the number received.
pub fn not_received() -> GraphError {
    GraphError::invalid("Param message_id must be the id of a message that this phone number received.")
}

/// The message that another one is to answer is none of theirs.
pub fn not_of_this_conversation() -> GraphError {
    let details = "Param context['message_id'] must be the id of a message of this conversation.";
    GraphError::whatsapp(codes::NOT_VALID, details)
}
