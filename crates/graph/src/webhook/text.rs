//! A consumer's text.

use serde::Serialize;

/// The member `text` of a message.
#[derive(Clone, Copy, Serialize)]
pub struct Text<'a> {
    /// What it says.
    pub body: &'a str,
}
