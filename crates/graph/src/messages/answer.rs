//! The answer that names a message which was accepted.

use crate::answer::Answer;
use crate::messages::Recipient;
use crate::wamid::Wamid;
use serde::Serialize;

/// A message that was accepted (Cloud API documentation, "Messages").
pub struct Accepted<'a> {
    /// Whom it is for, as the business named them.
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
#[serde(untagged)]
enum Contact<'a> {
    Number {
        input: &'a str,
        #[serde(serialize_with = "crate::webhook::digits")]
        wa_id: u64,
    },
    User {
        input: &'a str,
        user_id: &'a str,
    },
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
        let contact = match self.recipient {
            Recipient::Number { input, number } => Contact::Number { input, wa_id: number.as_integer() },
            Recipient::User(id) => Contact::User { input: id, user_id: id },
        };
        Answer::of(&Body {
            messaging_product: "whatsapp",
            contacts: [contact],
            messages: [Message { id: self.wamid, message_status: self.message_status }],
        })
    }
}
