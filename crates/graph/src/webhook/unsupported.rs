//! That a consumer sent what the API has no form for, or what could not be fetched: the business hears of it, and why it gets no
//! more.

use serde::Serialize;

/// What can't be said of a message, and why.
#[derive(Clone, Copy)]
pub struct Unsupported<'a> {
    /// What the app calls its kind; empty if that is not known.
    pub kind: &'a str,
    /// Why.
    pub why: Lack,
}

/// Why a message arrives without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// The API has no form for it.
    Form,
    /// The bytes of its media can't be had.
    Media,
}

/// The member `unsupported` of a message.
#[derive(Serialize)]
pub(crate) struct Member<'a> {
    r#type: &'a str,
}

/// An element of the member `errors` of a message.
#[derive(Serialize)]
pub(crate) struct Problem {
    code: u32,
    title: &'static str,
    message: &'static str,
    error_data: Details,
}

#[derive(Serialize)]
struct Details {
    details: &'static str,
}

impl<'a> Unsupported<'a> {
    pub(crate) fn member(&self) -> Option<Member<'a>> {
        (!self.kind.is_empty()).then_some(Member { r#type: self.kind })
    }

    pub(crate) fn errors(&self) -> [Problem; 1] {
        let (code, title, details) = match self.why {
            Lack::Form => (131_051, "Message type unknown", "Message type is currently not supported."),
            Lack::Media => {
                (131_052, "Media download error", "The media that the user sent can't be downloaded.")
            }
        };
        [Problem { code, title, message: title, error_data: Details { details } }]
    }
}
