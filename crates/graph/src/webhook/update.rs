//! One update of an app: what is stored until the app's server has acknowledged it, however many travel in one post.

use crate::ascii;
use crate::webhook::Field;
use bytes::Bytes;
use serde::Serialize;
use wire::Number;

/// One update, already the JSON that is posted: an element of a list, which can stand beside others, or a whole value.
/// `Debug` would show what it says: there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct Update {
    /// The field that it is in.
    pub field: Field,
    /// Where it stands in a `value`.
    pub place: Place,
    /// Whose conversation it is of; those of one conversation keep their order.
    pub consumer: Option<Number>,
    /// When it happened, in seconds since 1970, of fields whose entries say so.
    pub time_s: Option<u64>,
    /// The element of `contacts` that belongs to it; empty if there is none.
    pub contact: Bytes,
    /// The element, or the value.
    pub element: Bytes,
}

/// Where an update stands in the `value` of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It is the value.
    Value,
    /// It is an element of `messages`.
    Messages,
    /// It is an element of `statuses`.
    Statuses,
}

impl Update {
    /// Something that has happened to an account, a template or a number. `value` is what the field documents.
    pub fn of_value(field: Field, happened_s: u64, value: &impl Serialize) -> Self {
        Self {
            field,
            place: Place::Value,
            consumer: None,
            time_s: (!field.is_of_conversations()).then_some(happened_s),
            contact: Bytes::new(),
            element: ascii::to_bytes(value),
        }
    }

    /// An element of `messages` or `statuses`.
    pub(crate) fn of_conversation(
        place: Place,
        consumer: Number,
        contact: Option<&impl Serialize>,
        element: &impl Serialize,
    ) -> Self {
        Self {
            field: Field::Messages,
            place,
            consumer: Some(consumer),
            time_s: None,
            contact: contact.map(ascii::to_bytes).unwrap_or_default(),
            element: ascii::to_bytes(element),
        }
    }

    /// How many bytes it has, without what it shares with others of a post.
    pub fn length(&self) -> usize {
        self.contact.len() + self.element.len()
    }
}
