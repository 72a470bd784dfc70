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
            messages: [Message { id: self.wamid }],
        })
    }
}
