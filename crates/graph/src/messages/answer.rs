//! The answer that names a message which was accepted.

use crate::answer::Answer;
use crate::messages::Recipient;
use crate::wamid::Wamid;
use serde::Serialize;

/// A message that was accepted (Cloud API documentation, "Messages").
pub struct Accepted<'a> {
    /// Whom it is for, as the business wrote it.
    pub recipient: &'a Recipient,
    /// Its name.
    pub wamid: &'a Wamid<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    messaging_product: &'static str,
    contacts: [Contact<'a>; 1],
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Contact<'a> {
    input: &'a str,
    #[serde(serialize_with = "crate::webhook::digits")]
    wa_id: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    id: &'a Wamid<'a>,
}

impl Accepted<'_> {
    /// The answer.
    pub fn answer(&self) -> Answer {
        Answer::of(&Body {
            messaging_product: "whatsapp",
            contacts: [Contact { input: &self.recipient.input, wa_id: self.recipient.number.as_integer() }],
            messages: [Message { id: self.wamid }],
        })
    }
}
