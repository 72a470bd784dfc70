//! What a consumer chose of an interactive message.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// The member `interactive` of a message.
#[derive(Clone, Copy)]
pub enum Interactive<'a> {
    /// A button.
    ButtonReply(ButtonReply<'a>),
    /// A row of a list.
    ListReply(ListReply<'a>),
    /// A form that was filled in: of a flow, or an address.
    NfmReply(NfmReply<'a>),
}

/// A button of the business's.
#[derive(Clone, Copy, Serialize)]
pub struct ButtonReply<'a> {
    /// What the business calls it.
    pub id: &'a str,
    /// What stands on it.
    pub title: &'a str,
}

/// A row of a list of the business's.
#[derive(Clone, Copy, Serialize)]
pub struct ListReply<'a> {
    /// What the business calls it.
    pub id: &'a str,
    /// What stands in it.
    pub title: &'a str,
    /// What stands below; empty if nothing does.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'a str,
}

/// A form that was filled in.
#[derive(Clone, Copy, Serialize)]
pub struct NfmReply<'a> {
    /// Which: `flow` or `address_message`.
    pub name: &'a str,
    /// What the conversation shows of it.
    pub body: &'a str,
    /// What was filled in: a JSON object, as text.
    pub response_json: &'a str,
}

impl Serialize for Interactive<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self {
            Self::ButtonReply(_) => "button_reply",
            Self::ListReply(_) => "list_reply",
            Self::NfmReply(_) => "nfm_reply",
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", kind)?;
        match self {
            Self::ButtonReply(reply) => map.serialize_entry(kind, reply)?,
            Self::ListReply(reply) => map.serialize_entry(kind, reply)?,
            Self::NfmReply(reply) => map.serialize_entry(kind, reply)?,
        }
        map.end()
    }
}
