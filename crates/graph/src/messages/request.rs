//! What a business wants to be done in a conversation.

use crate::codes;
use crate::error::GraphError;
use crate::messages::contacts::{CARDS, ContactCard};
use crate::messages::interactive::Interactive;
use crate::messages::location::Location;
use crate::messages::media::{Media, MediaKind, media};
use crate::messages::reaction::Reaction;
use crate::messages::recipient::Recipient;
use crate::messages::template::Template;
use crate::messages::text::Text;
use crate::messages::{not_of_this_conversation, not_received};
use crate::params::Params;
use crate::reading::Param;
use crate::rules::{Rule, integer, list, object, text};
use crate::wamid::{Sender, Wamid};
use std::fmt;
use std::time::Duration;

/// The message types that the Cloud API has, each with the parameter of its name; the first is the one of messages that
/// name none, and have the parameter of none.
const TYPES: [&str; 11] = [
    "text",
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "video",
];

/// The parameters of a message, and more.
macro_rules! parameters {
    ($($more:literal),*) => {
        &[
            "messaging_product",
            "recipient_type",
            "to",
            "recipient",
            "type",
            "context",
            "biz_opaque_callback_data",
            "recipient_identity_key_hash",
            "ttl",
            "status",
            "message_id",
            "typing_indicator",
            "text",
            "audio",
            "contacts",
            "document",
            "image",
            "interactive",
            "location",
            "reaction",
            "sticker",
            "template",
            "video",
            $($more,)*
        ]
    };
}
pub(super) use parameters;

/// What the request's parameters are.
pub const PARAMETERS: &[&str] = parameters!();

/// Those of a mark.
const OF_A_MARK: [&str; 4] = ["messaging_product", "status", "message_id", "typing_indicator"];

/// Those that make a request a mark.
const ONLY_OF_A_MARK: [&str; 3] = ["status", "message_id", "typing_indicator"];

/// The longest time in which a message may still be delivered, in seconds: 30 days.
const LONGEST_TTL_S: u64 = 30 * 24 * 3_600;

/// What to do in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Send a message.
    Send(Box<Send>),
    /// Say that one was read, or that an answer to it is being written.
    Mark(Mark),
}

/// A message to send. `Debug` shows its kind only.
#[derive(Clone, PartialEq)]
pub struct Send {
    /// Whom it is for.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
    /// The message of the same conversation that it answers.
    pub quoted: Option<Wamid<'static>>,
    /// The business's own note, echoed in every status; empty if there is none.
    pub callback_data: String,
    /// It is sent only if the recipient has the identity key with this hash.
    pub identity_key_hash: Option<String>,
    /// It is dropped if it was not delivered in this time.
    pub time_to_live: Option<Duration>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text.
    Text(Text),
    /// An image, a video, sound, a document or a sticker.
    Media(Media),
    /// A place.
    Location(Location),
    /// Contact cards.
    Contacts(Vec<ContactCard>),
    /// An emoji at another message.
    Reaction(Reaction),
    /// Something to choose or to press.
    Interactive(Box<Interactive>),
    /// A template, and what is put in.
    Template(Box<Template>),
}

/// How the content of a message of some type is read.
struct Kind {
    name: &'static str,
    read: fn(Param<'_>) -> Result<Content, GraphError>,
    #[cfg(test)]
    shape: fn() -> crate::shape::Shape,
}

macro_rules! kind {
    ($name:literal, $content:ident, $rule:expr) => {
        Kind {
            name: $name,
            read: |param| $rule.read(param).map(Content::$content),
            #[cfg(test)]
            shape: || {
                // Which type a rule reads follows from the variant.
                fn shape_of<R: Rule>(rule: R, _: fn(R::Read) -> Content) -> crate::shape::Shape {
                    rule.shape()
                }
                shape_of($rule, Content::$content)
            },
        }
    };
}

/// All types but templates.
static KINDS: [Kind; 10] = [
    kind!("text", Text, object()),
    kind!("image", Media, media(MediaKind::Image)),
    kind!("video", Media, media(MediaKind::Video)),
    kind!("audio", Media, media(MediaKind::Audio { voice: false })),
    kind!("document", Media, media(MediaKind::Document)),
    kind!("sticker", Media, media(MediaKind::Sticker)),
    kind!("location", Location, object()),
    kind!("contacts", Contacts, list(1..=CARDS, object())),
    kind!("reaction", Reaction, object()),
    kind!("interactive", Interactive, object()),
];

/// What is said of a message of the consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which message.
    pub message: Wamid<'static>,
    /// It, and those before it, were read.
    pub is_read: bool,
    /// Somebody is writing an answer.
    pub is_typing: bool,
}

impl Request {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.required("messaging_product")?.one_of(&["whatsapp"])?;
        let is_mark = ["status", "typing_indicator"].iter().any(|name| params.get(name).is_some());
        if is_mark {
            Mark::parse(params).map(Self::Mark)
        } else {
            Send::parse(params).map(|send| Self::Send(Box::new(send)))
        }
    }
}

impl Mark {
    fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(&OF_A_MARK)?;
        let (status, typing) = (params.get("status"), params.get("typing_indicator"));
        let mark = Self { message: inbound(params)?, is_read: status.is_some(), is_typing: typing.is_some() };
        status.map(|status| status.one_of(&["read"])).transpose()?;
        typing.map(|typing| typing.object(&["type"])?.required("type")?.one_of(&["text"])).transpose()?;
        Ok(mark)
    }
}

impl Send {
    fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(PARAMETERS)?;
        if let Some(name) = ONLY_OF_A_MARK.into_iter().find(|name| params.get(name).is_some()) {
            return Err(GraphError::unexpected_parameter(name));
        }
        let to = Recipient::parse(params)?;
        let content = Content::parse(params)?;
        let quoted = quoted(params, &to, &content)?;
        let members = params.members();
        let ttl = members.read_optional("ttl", &integer(1..=LONGEST_TTL_S))?;
        Ok(Self {
            quoted,
            callback_data: members.read_or_default("biz_opaque_callback_data", &text(..=512))?,
            identity_key_hash: members.read_optional("recipient_identity_key_hash", &text(1..=64))?,
            time_to_live: ttl.map(Duration::from_secs),
            to,
            content,
        })
    }
}

impl Content {
    fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let named = params.get("type").map(|kind| kind.one_of(&TYPES)).transpose()?;
        let there = || TYPES.into_iter().filter(|kind| params.get(kind).is_some());
        let kind = named.or_else(|| there().next()).unwrap_or(TYPES[0]);
        if let Some(other) = there().find(|other| *other != kind) {
            return Err(GraphError::invalid(format!("Param {other} can't be in a message of type {kind}.")));
        }
        let content = params.get(kind).ok_or_else(|| {
            let details = format!("Param {kind} is required in a message of type {kind}.");
            GraphError::whatsapp(codes::MISSING, details)
        })?;
        match KINDS.iter().find(|known| known.name == kind) {
            Some(known) => (known.read)(content),
            None => Template::parse(content).map(Box::new).map(Self::Template),
        }
    }
}

impl fmt::Debug for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Send({:?})", self.content)
    }
}

/// The message of the consumer that a mark is about.
fn inbound(params: &Params<'_>) -> Result<Wamid<'static>, GraphError> {
    let message = Wamid::parse(params.required("message_id")?.text()?);
    message.filter(|wamid| wamid.sender == Sender::Consumer).ok_or_else(not_received)
}

fn quoted(
    params: &Params<'_>,
    to: &Recipient,
    content: &Content,
) -> Result<Option<Wamid<'static>>, GraphError> {
    let Some(context) = params.get("context") else { return Ok(None) };
    if matches!(content, Content::Reaction(_)) {
        return Err(GraphError::invalid("Param context can't be in a message of type reaction."));
    }
    let context = context.object(&["message_id"])?;
    let wamid = Wamid::parse(context.required("message_id")?.text()?);
    let is_theirs = |wamid: &Wamid<'_>| to.number().is_none_or(|number| number == wamid.consumer);
    wamid.filter(is_theirs).map(Some).ok_or_else(not_of_this_conversation)
}

#[cfg(test)]
impl Request {
    /// What the parameters of a message of a type are.
    pub(crate) fn shape(kind: &'static str) -> crate::shape::Shape {
        use crate::shape::Shape;
        let content = KINDS.iter().find(|known| known.name == kind).map(|known| (known.shape)());
        let context = Shape::Object(vec![("message_id", Shape::Text { most: 512 })]);
        Shape::Object(vec![
            ("messaging_product", Shape::Is("whatsapp")),
            ("recipient_type", Shape::Word),
            ("type", Shape::Is(kind)),
            ("context", context),
            ("biz_opaque_callback_data", text(..=512).shape()),
            ("recipient_identity_key_hash", text(1..=64).shape()),
            ("ttl", Shape::Number),
            (kind, content.expect("a kind")),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_parameter() {
        assert!(TYPES.iter().chain(&OF_A_MARK).all(|name| PARAMETERS.contains(name)));
    }

    #[test]
    fn a_text_is_read() {
        let id = Wamid::sent("16505551234".parse().unwrap(), "AB").to_string();
        let json = format!(
            r#"{{"messaging_product":"whatsapp","to":"+1 650 555 1234","type":"text","biz_opaque_callback_data":"n",
                "context":{{"message_id":"{id}"}},"text":{{"preview_url":true,"body":"hello \u00e9"}},"image":null,
                "ttl":60}}"#
        );
        let params = Params::parse("", None, json.as_bytes()).ok().unwrap();
        let Ok(Request::Send(send)) = Request::parse(&params) else { panic!("not read") };
        assert_eq!(send.content, Content::Text(Text { body: "hello é".into(), preview_url: true }));
        let number = "16505551234".parse().unwrap();
        assert!(send.to == Recipient::Number { input: "+1 650 555 1234".into(), number });
        assert_eq!(send.callback_data, "n");
        assert_eq!(send.quoted.unwrap().message_id, "AB");
        assert_eq!(send.time_to_live, Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_mark_says_that_it_was_read_or_is_being_answered_or_both() {
        let received = Wamid::received("16505551234".parse().unwrap(), "AB").to_string();
        for (mark, is_read, is_typing) in [
            (r#""status":"read""#, true, false),
            (r#""status":"read","typing_indicator":{"type":"text"}"#, true, true),
            (r#""typing_indicator":{"type":"text"}"#, false, true),
        ] {
            let json = format!(r#"{{"messaging_product":"whatsapp","message_id":"{received}",{mark}}}"#);
            let params = Params::parse("", None, json.as_bytes()).ok().unwrap();
            let Ok(Request::Mark(read)) = Request::parse(&params) else { panic!("not read: {mark}") };
            assert_eq!((read.is_read, read.is_typing), (is_read, is_typing));
        }
    }
}
