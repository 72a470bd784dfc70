//! What only the two ends of a conversation may read.
//!
//! `proto/content.proto` is the encoding. This crate and `ratchet` are what a party must link to read
//! messages; the relay links neither (invariant 1).

mod content;
mod message_id;
mod padding;

pub use content::{Body, Content, ContentError, Text};
pub use message_id::{MessageId, MessageIdError};
pub use padding::{Padding, PaddingError, pad, unpad};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.content.rs"));
}
