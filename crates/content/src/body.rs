//! What a message says: one variant for each kind of message.

use crate::error::ContentError;
use crate::kinds::{
    Answer, Contacts, Interactive, Location, Media, NumberChanged, Order, RequestWelcome, Template, Text,
    Typing, Unsupported,
};
use crate::message_id::MessageId;
use crate::proto::{self, content::Body as Encoded};
use prost::encoding::WireType::LengthDelimited;
use prost::encoding::{encode_key, encode_varint};

/// The kinds of message.
#[derive(Clone, PartialEq)]
pub enum Body {
    /// A text.
    Text(Text),
    /// A picture, film, recording, file or sticker.
    Media(Box<Media>),
    /// A place.
    Location(Location),
    /// Cards of people.
    Contacts(Contacts),
    /// An emoji on another message.
    Reaction(Reaction),
    /// What a person can act on.
    Interactive(Box<Interactive>),
    /// A template that was filled in.
    Template(Box<Template>),
    /// A cart.
    Order(Order),
    /// What a person chose of what they were offered.
    Answer(Answer),
    /// The person opened the conversation, and has said nothing.
    RequestWelcome,
    /// The person has another number from now on.
    NumberChanged(NumberChanged),
    /// What the other end can't show.
    Unsupported(Unsupported),
    /// The reader has seen these messages.
    Read(Vec<MessageId>),
    /// The sender is writing.
    Typing,
}

/// An emoji on another message.
#[derive(Clone, PartialEq, Eq)]
pub struct Reaction {
    /// On which.
    pub target: MessageId,
    /// One emoji; empty takes it away.
    pub emoji: String,
}

impl Text {
    /// A text, without a preview of what it links to.
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), preview_url: false }
    }
}

impl Body {
    /// A text.
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text(Text::new(body))
    }

    /// True if the person sees it: not of what tells only that they have seen something, or are writing.
    pub fn is_shown(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::Typing)
    }

    /// What it says, if it is a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(&text.body),
            _ => None,
        }
    }

    /// A word for the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Media(_) => "media",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Interactive(_) => "interactive",
            Self::Template(_) => "template",
            Self::Order(_) => "order",
            Self::Answer(_) => "answer",
            Self::RequestWelcome => "request_welcome",
            Self::NumberChanged(_) => "number_changed",
            Self::Unsupported(_) => "unsupported",
            Self::Read(_) => "read",
            Self::Typing => "typing",
        }
    }

    /// Writes it as the field of `Content` that it is, without a copy of what it says.
    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Self::Text(text) => field(10, text, into),
            Self::Read(ids) => {
                let message_ids = ids.iter().map(|id| id.as_str().to_owned()).collect();
                field(11, &proto::Read { message_ids }, into);
            }
            Self::Media(media) => field(12, &**media, into),
            Self::Location(location) => field(13, location, into),
            Self::Contacts(contacts) => field(14, contacts, into),
            Self::Reaction(Reaction { target, emoji }) => {
                let target_message_id = target.as_str().to_owned();
                field(15, &proto::Reaction { target_message_id, emoji: emoji.clone() }, into);
            }
            Self::Interactive(interactive) => field(16, &**interactive, into),
            Self::Template(template) => field(17, &**template, into),
            Self::Order(order) => field(18, order, into),
            Self::Answer(answer) => field(19, answer, into),
            Self::RequestWelcome => field(20, &RequestWelcome {}, into),
            Self::NumberChanged(changed) => field(21, changed, into),
            Self::Unsupported(unsupported) => field(22, unsupported, into),
            Self::Typing => field(23, &Typing {}, into),
        }
    }

    pub(crate) fn decode(encoded: Encoded) -> Result<Self, ContentError> {
        let id = |text: &str| text.parse::<MessageId>().map_err(|_| ContentError::MessageId);
        Ok(match encoded {
            Encoded::Text(text) => Self::Text(text),
            Encoded::Read(read) => {
                Self::Read(read.message_ids.iter().map(|text| id(text)).collect::<Result<_, _>>()?)
            }
            Encoded::Media(media) => Self::Media(media.into()),
            Encoded::Location(location) => Self::Location(location),
            Encoded::Contacts(contacts) => Self::Contacts(contacts),
            Encoded::Reaction(proto::Reaction { target_message_id, emoji }) => {
                Self::Reaction(Reaction { target: id(&target_message_id)?, emoji })
            }
            Encoded::Interactive(interactive) => Self::Interactive(interactive.into()),
            Encoded::Template(template) => Self::Template(template.into()),
            Encoded::Order(order) => Self::Order(order),
            Encoded::Answer(answer) => Self::Answer(answer),
            Encoded::RequestWelcome(RequestWelcome {}) => Self::RequestWelcome,
            Encoded::NumberChanged(changed) => Self::NumberChanged(changed),
            Encoded::Unsupported(unsupported) => Self::Unsupported(unsupported),
            Encoded::Typing(Typing {}) => Self::Typing,
        })
    }
}

/// A message as the field `tag` of another.
fn field(tag: u32, message: &impl prost::Message, into: &mut Vec<u8>) {
    encode_key(tag, LengthDelimited, into);
    encode_varint(u64::try_from(message.encoded_len()).unwrap_or_default(), into);
    message.encode_raw(into);
}
