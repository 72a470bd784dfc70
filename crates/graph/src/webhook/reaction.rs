//! An emoji of a consumer's on a message.

use crate::wamid::Wamid;
use serde::Serialize;

/// The member `reaction` of a message.
#[derive(Clone, Copy, Serialize)]
pub struct Reaction<'a> {
    /// On which message.
    pub message_id: &'a Wamid<'a>,
    /// One emoji; empty if it was taken away.
    pub emoji: &'a str,
}
