//! What a message is about, beside what it says: the message that it answers, where it came from.

use crate::error::ContentError;
use crate::kinds::{Forwarded, Product, Referral};
use crate::message_id::MessageId;
use crate::profile_name::ProfileName;
use crate::proto;

/// What a message is about. The default is nothing: most messages stand for themselves.
#[derive(Clone, Default, PartialEq)]
pub struct Context {
    /// The message that it quotes.
    pub quoted: Option<MessageId>,
    /// Whether the sender wrote it.
    pub forwarded: Forwarded,
    /// The advertisement that the person came from.
    pub referral: Option<Box<Referral>>,
    /// The product that the person asks about.
    pub product: Option<Product>,
    /// What the person who sent it is called.
    pub sender_name: Option<ProfileName>,
}

impl Context {
    /// That of an answer.
    pub fn answering(quoted: MessageId) -> Self {
        Self { quoted: Some(quoted), ..Self::default() }
    }

    /// As it travels; nothing does not.
    pub(crate) fn to_proto(&self) -> Option<proto::Context> {
        (*self != Self::default()).then(|| proto::Context {
            quoted_message_id: self.quoted.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            forwarded: self.forwarded.into(),
            referral: self.referral.as_deref().cloned(),
            product: self.product.clone(),
            sender_name: self.sender_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        })
    }

    pub(crate) fn from_proto(context: Option<proto::Context>) -> Result<Self, ContentError> {
        let Some(context) = context else { return Ok(Self::default()) };
        let quoted = match context.quoted_message_id.as_str() {
            "" => None,
            quoted => Some(quoted.parse().map_err(|_| ContentError::MessageId)?),
        };
        Ok(Self {
            quoted,
            forwarded: context.forwarded(),
            referral: context.referral.map(Box::new),
            product: context.product,
            sender_name: ProfileName::of_another(&context.sender_name),
        })
    }
}
