//! Updates of a phone number's conversations, in the field `messages`.

use crate::ids::{PhoneNumberId, WabaId};
use crate::webhook::{IdentityChange, Place, Received, Status, Update};
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

/// An event in the field `messages` of one phone number.
pub struct Notification<'a> {
    phone: Phone,
    event: Event<'a>,
}

enum Event<'a> {
    Received(&'a Received<'a>),
    IdentityChange(&'a IdentityChange<'a>),
    Status(&'a Status<'a>),
}

impl<'a> Notification<'a> {
    /// A consumer's message arrived.
    pub fn of_message(phone: Phone, message: &'a Received<'a>) -> Self {
        Self { phone, event: Event::Received(message) }
    }

    /// A consumer's identity key has changed.
    pub fn of_identity_change(phone: Phone, change: &'a IdentityChange<'a>) -> Self {
        Self { phone, event: Event::IdentityChange(change) }
    }

    /// A message of the business came further.
    pub fn of_status(phone: Phone, status: &'a Status<'a>) -> Self {
        Self { phone, event: Event::Status(status) }
    }

    /// What is stored until it is posted.
    pub fn to_update(&self) -> Update {
        match self.event {
            Event::Received(message) => {
                let (contact, element) = (message.contact(), message.message(self.phone.number));
                Update::of_conversation(Place::Messages, message.wamid.consumer, contact.as_ref(), &element)
            }
            Event::IdentityChange(change) => {
                let contact = None::<&()>;
                Update::of_conversation(Place::Messages, change.wamid.consumer, contact, &change.message())
            }
            Event::Status(status) => {
                Update::of_conversation(Place::Statuses, status.wamid.consumer, None::<&()>, status)
            }
        }
    }
}
