//! A message of a consumer.

use crate::identity_hash::IdentityHash;
use crate::wamid::{Sender, Wamid};
use crate::webhook::{Text, digits};
use serde::Serialize;
use wire::Number;

/// A message of a consumer, as its business hears of it.
pub struct Received<'a> {
    /// Its name; says who the consumer is.
    pub wamid: &'a Wamid<'a>,
    /// When the consumer sent it, in seconds since 1970.
    pub sent_at_s: u64,
    /// The consumer's identity key, if the business checks it.
    pub identity: Option<IdentityHash>,
    /// The message of the conversation that it answers.
    pub context: Option<Context<'a>>,
    /// What it says.
    pub content: Content<'a>,
}

/// What a message says: a file for each kind.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
}

/// The message that another answers.
pub struct Context<'a> {
    /// Its name.
    pub wamid: &'a Wamid<'a>,
}

/// An element of `contacts`.
#[derive(Serialize)]
pub(crate) struct Contact {
    profile: Profile,
    #[serde(serialize_with = "digits")]
    wa_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key_hash: Option<IdentityHash>,
}

#[derive(Serialize)]
struct Profile {
    /// Consumers have no names here but their numbers.
    #[serde(serialize_with = "digits")]
    name: u64,
}

/// An element of `messages`.
#[derive(Serialize)]
pub(crate) struct Message<'a> {
    #[serde(serialize_with = "digits")]
    from: u64,
    id: &'a Wamid<'a>,
    #[serde(serialize_with = "digits")]
    timestamp: u64,
    r#type: &'static str,
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Quoted<'a>>,
}

#[derive(Serialize)]
struct Quoted<'a> {
    #[serde(serialize_with = "digits")]
    from: u64,
    id: &'a Wamid<'a>,
}

impl<'a> Received<'a> {
    pub(crate) fn contact(&self) -> Contact {
        let number = self.wamid.consumer.as_integer();
        Contact { profile: Profile { name: number }, wa_id: number, identity_key_hash: self.identity }
    }

    pub(crate) fn message(&'a self, business: Number) -> Message<'a> {
        let consumer = self.wamid.consumer.as_integer();
        let context = self.context.as_ref().map(|Context { wamid }| {
            let from = match wamid.sender {
                Sender::Business => business.as_integer(),
                Sender::Consumer => consumer,
            };
            Quoted { from, id: wamid }
        });
        Message {
            from: consumer,
            id: self.wamid,
            timestamp: self.sent_at_s,
            r#type: self.content.kind(),
            content: self.content,
            context,
        }
    }
}

impl Content<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
        }
    }
}
