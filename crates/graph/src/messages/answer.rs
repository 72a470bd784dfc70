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
    /// What becomes of it at first; of messages of templates only.
    pub message_status: Option<MessageStatus>,
}

/// What becomes of a message of a template at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It is on its way.
    Accepted,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    message_status: Option<MessageStatus>,
}

impl Accepted<'_> {
    /// The answer.
    pub fn answer(&self) -> Answer {
        Answer::of(&Body {
            messaging_product: "whatsapp",
            contacts: [Contact { input: &self.recipient.input, wa_id: self.recipient.number.as_integer() }],
            messages: [Message { id: self.wamid, message_status: self.message_status }],
        })
    }
}
