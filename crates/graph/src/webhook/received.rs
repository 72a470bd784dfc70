//! A message of a consumer.

use crate::identity_hash::IdentityHash;
use crate::wamid::Wamid;
use crate::webhook::{Content, Context, Referral, context, digits};
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
    /// What the consumer is called; without a name it is the number that is said.
    pub name: Option<&'a str>,
    /// What it is about.
    pub context: Context<'a>,
    /// The advertisement that the consumer came from.
    pub referral: Option<Referral<'a>>,
    /// What it says.
    pub content: Content<'a>,
}

/// An element of `contacts`.
#[derive(Serialize)]
pub(crate) struct Contact<'a> {
    profile: Profile<'a>,
    #[serde(serialize_with = "digits")]
    wa_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key_hash: Option<IdentityHash>,
}

#[derive(Serialize)]
struct Profile<'a> {
    name: Name<'a>,
}

/// What a consumer is called.
#[derive(Serialize)]
#[serde(untagged)]
enum Name<'a> {
    Name(&'a str),
    Number(#[serde(serialize_with = "digits")] u64),
}

/// An element of `messages`.
#[derive(Serialize)]
pub(crate) struct Message<'a> {
    #[serde(serialize_with = "digits")]
    from: u64,
    id: &'a Wamid<'a>,
    #[serde(serialize_with = "digits")]
    timestamp: u64,
    #[serde(flatten)]
    content: &'a Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<context::Member<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referral: Option<Referral<'a>>,
}

impl<'a> Received<'a> {
    /// Who sent it; of what the system says, nobody did.
    pub(crate) fn contact(&self) -> Option<Contact<'a>> {
        let number = self.wamid.consumer.as_integer();
        let name = self.name.map_or(Name::Number(number), Name::Name);
        let is_of_system = matches!(self.content, Content::System(_));
        (!is_of_system).then_some(Contact {
            profile: Profile { name },
            wa_id: number,
            identity_key_hash: self.identity,
        })
    }

    pub(crate) fn message(&'a self, business: Number) -> Message<'a> {
        Message {
            from: self.wamid.consumer.as_integer(),
            id: self.wamid,
            timestamp: self.sent_at_s,
            content: &self.content,
            context: self.context.member(business),
            referral: self.referral,
        }
    }
}
