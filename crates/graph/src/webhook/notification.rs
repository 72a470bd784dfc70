//! What is around every event of a phone number.

use crate::ids::{PhoneNumberId, WabaId};
use crate::subscriptions::{MESSAGES, OBJECT};
use crate::webhook::{IdentityChange, Received, Status, digits, identity, received};
use bytes::Bytes;
use serde::Serialize;
use wire::Number;

/// The phone number that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phone {
    /// Its account.
    pub account: WabaId,
    /// Its Graph id.
    pub id: PhoneNumberId,
    /// The number.
    pub number: Number,
}

/// Events in the field `messages` of one phone number.
pub struct Notification<'a> {
    phone: Phone,
    events: Events<'a>,
}

enum Events<'a> {
    Received(&'a Received<'a>),
    IdentityChange(&'a IdentityChange<'a>),
    Status(&'a Status<'a>),
}

#[derive(Serialize)]
struct Body<'a> {
    object: &'static str,
    entry: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    id: WabaId,
    changes: [Change<'a>; 1],
}

#[derive(Serialize)]
struct Change<'a> {
    value: Value<'a>,
    field: &'static str,
}

#[derive(Serialize)]
struct Value<'a> {
    messaging_product: &'static str,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<[received::Contact<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<[Message<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statuses: Option<[&'a Status<'a>; 1]>,
}

/// An element of `messages`.
#[derive(Serialize)]
#[serde(untagged)]
enum Message<'a> {
    OfConsumer(received::Message<'a>),
    OfSystem(identity::SystemMessage<'a>),
}

#[derive(Serialize)]
struct Metadata {
    #[serde(serialize_with = "digits")]
    display_phone_number: u64,
    phone_number_id: PhoneNumberId,
}

impl<'a> Notification<'a> {
    /// A consumer's message arrived.
    pub fn of_message(phone: Phone, message: &'a Received<'a>) -> Self {
        Self { phone, events: Events::Received(message) }
    }

    /// A consumer's identity key has changed.
    pub fn of_identity_change(phone: Phone, change: &'a IdentityChange<'a>) -> Self {
        Self { phone, events: Events::IdentityChange(change) }
    }

    /// A message of the business came further.
    pub fn of_status(phone: Phone, status: &'a Status<'a>) -> Self {
        Self { phone, events: Events::Status(status) }
    }

    /// The body.
    pub fn to_bytes(&self) -> Bytes {
        let metadata =
            Metadata { display_phone_number: self.phone.number.as_integer(), phone_number_id: self.phone.id };
        let mut value =
            Value { messaging_product: "whatsapp", metadata, contacts: None, messages: None, statuses: None };
        match self.events {
            Events::Received(message) => {
                value.contacts = message.contact().map(|contact| [contact]);
                value.messages = Some([Message::OfConsumer(message.message(self.phone.number))]);
            }
            Events::IdentityChange(change) => value.messages = Some([Message::OfSystem(change.message())]),
            Events::Status(status) => value.statuses = Some([status]),
        }
        let changes = [Change { value, field: MESSAGES }];
        crate::ascii::to_bytes(&Body { object: OBJECT, entry: [Entry { id: self.phone.account, changes }] })
    }
}
