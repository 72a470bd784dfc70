//! What a business wants to be done in a conversation.

use crate::codes;
use crate::error::GraphError;
use crate::messages::template::Template;
use crate::messages::text::Text;
use crate::messages::{not_of_this_conversation, not_received};
use crate::params::Params;
use crate::wamid::{Sender, Wamid};
use std::fmt;
use wire::Number;

/// The longest note of the business's own, in characters.
const CALLBACK_DATA_LIMIT: usize = 512;

/// The message types that the Cloud API has, each with the parameter of its name; the first is the one of messages that
/// name none, and the only one that travels yet.
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

/// What the request's parameters are.
pub const PARAMETERS: &[&str] = &[
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
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
];

/// Those of a read mark.
const OF_A_MARK: [&str; 4] = ["messaging_product", "status", "message_id", "typing_indicator"];

/// Those that a message can't have.
const ONLY_OF_A_MARK: [&str; 2] = ["message_id", "typing_indicator"];

/// What to do in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Send a message.
    Send(Send),
    /// Mark one as read.
    MarkRead(MarkRead),
}

/// A message to send. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Send {
    /// Whom it is for.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
    /// The message of the same conversation that it answers.
    pub quoted: Option<Wamid<'static>>,
    /// The business's own note, echoed in every status; empty if there is none.
    pub callback_data: String,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(Text),
    /// A template, and what is put in.
    Template(Box<Template>),
}

/// Whom a message is for. `Debug` shows nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// As the business wrote it.
    pub input: String,
    /// Whom that means.
    pub number: Number,
}

/// A message of the consumer, and those before it, were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRead {
    /// Which message.
    pub message: Wamid<'static>,
}

impl Request {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.required("messaging_product")?.one_of(&["whatsapp"])?;
        match params.get("status") {
            Some(_) => MarkRead::parse(params).map(Self::MarkRead),
            None => Send::parse(params).map(Self::Send),
        }
    }
}

impl MarkRead {
    fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        params.only(&OF_A_MARK)?;
        params.required("status")?.one_of(&["read"])?;
        if let Some(typing) = params.get("typing_indicator") {
            let typing = typing.object(&["type"])?;
            typing.required("type")?.one_of(&["text"])?;
        }
        let message = Wamid::parse(params.required("message_id")?.text()?);
        let message = message.filter(|wamid| wamid.sender == Sender::Consumer).ok_or_else(not_received)?;
        Ok(Self { message })
    }
}

impl Send {
    fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        if let Some(name) = ONLY_OF_A_MARK.into_iter().find(|name| params.get(name).is_some()) {
            return Err(GraphError::unexpected_parameter(name));
        }
        params.only(PARAMETERS)?;
        recipient_type(params)?;
        let kind = params.get("type").map(|kind| kind.one_of(&TYPES)).transpose()?.unwrap_or("text");
        if let Some(other) = TYPES.iter().find(|other| **other != kind && params.get(other).is_some()) {
            return Err(GraphError::invalid(format!("Param {other} can't be in a message of type {kind}.")));
        }
        if kind != "text" && kind != "template" {
            let details = format!("Messages of type {kind} are not built into this node yet.");
            return Err(GraphError::whatsapp(codes::UNSUPPORTED_TYPE, details));
        }
        if params.get("recipient_identity_key_hash").is_some() {
            let details = "The check of recipient_identity_key_hash is not built into this node yet.";
            return Err(GraphError::invalid(details));
        }
        let to = Recipient::parse(params.required("to")?.text()?)?;
        let content = match kind {
            "template" => Content::Template(Box::new(Template::parse(params)?)),
            _ => Content::Text(Text::parse(params)?),
        };
        Ok(Self { content, quoted: quoted(params, to.number)?, callback_data: callback_data(params)?, to })
    }
}

impl Recipient {
    /// A full international number, with or without `+`, however it is grouped.
    fn parse(input: &str) -> Result<Self, GraphError> {
        let details = "Param to must be a phone number with country code.";
        let number = number(input).ok_or_else(|| GraphError::whatsapp(codes::NOT_VALID, details))?;
        Ok(Self { input: input.to_owned(), number })
    }
}

impl fmt::Debug for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Send({:?})", self.content)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(…)")
    }
}

fn recipient_type(params: &Params<'_>) -> Result<(), GraphError> {
    if let Some("group") =
        params.get("recipient_type").map(|kind| kind.one_of(&["individual", "group"])).transpose()?
    {
        return Err(GraphError::invalid("Groups are not built into this node yet."));
    }
    if params.get("recipient").is_some() && params.get("to").is_none() {
        let details = "Business-scoped user ids are not built into this node yet: use Param to.";
        return Err(GraphError::invalid(details));
    }
    Ok(())
}

fn quoted(params: &Params<'_>, to: Number) -> Result<Option<Wamid<'static>>, GraphError> {
    let Some(context) = params.get("context") else { return Ok(None) };
    let context = context.object(&["message_id"])?;
    let wamid = Wamid::parse(context.required("message_id")?.text()?);
    wamid.filter(|wamid| wamid.consumer == to).map(Some).ok_or_else(not_of_this_conversation)
}

fn callback_data(params: &Params<'_>) -> Result<String, GraphError> {
    let data = params.get("biz_opaque_callback_data");
    let data = data.map(|data| data.text_within(CALLBACK_DATA_LIMIT)).transpose()?;
    Ok(data.unwrap_or_default().to_owned())
}

fn number(input: &str) -> Option<Number> {
    let input = input.trim();
    let input = input.strip_prefix('+').unwrap_or(input);
    let digits = input.bytes().filter(|byte| !b" -()".contains(byte));
    let mut number = 0_u64;
    for (at, digit) in digits.enumerate() {
        let digit = char::from(digit).to_digit(10).filter(|digit| at > 0 || *digit > 0)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Number::from_integer(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_type_has_its_parameter() {
        assert!(TYPES.iter().chain(&OF_A_MARK).all(|name| PARAMETERS.contains(name)));
    }

    #[test]
    fn numbers_may_be_grouped() {
        for input in ["16505551234", "+16505551234", "+1 (650) 555-1234", "1-650-555-1234"] {
            assert_eq!(number(input).map(Number::digits).as_deref(), Some("16505551234"), "{input}");
        }
        for input in
            ["", "+", "alice", "0049151", "165055", "1650x5551234", "1+6505551234", "16505551234567890"]
        {
            assert!(number(input).is_none(), "{input}");
        }
    }

    #[test]
    fn a_text_is_read() {
        let id = Wamid::sent("16505551234".parse().unwrap(), "AB").to_string();
        let json = format!(
            r#"{{"messaging_product":"whatsapp","to":"+1 650 555 1234","type":"text","biz_opaque_callback_data":"n",
                "context":{{"message_id":"{id}"}},"text":{{"preview_url":true,"body":"hello \u00e9"}},"image":null}}"#
        );
        let params = Params::parse("", None, json.as_bytes()).ok().unwrap();
        let Ok(Request::Send(send)) = Request::parse(&params) else { panic!("not read") };
        assert_eq!(send.content, Content::Text(Text { body: "hello é".into(), preview_url: true }));
        assert_eq!((send.to.input.as_str(), send.callback_data.as_str()), ("+1 650 555 1234", "n"));
        assert_eq!(send.quoted.unwrap().message_id, "AB");
    }

    proptest! {
        /// Wrong types in every place: an error, no panic.
        #[test]
        fn no_value_panics(
            name in prop::sample::select(PARAMETERS),
            value in "null|true|1|-1|1e9|\"x\"|\"read\"|\"text\"|\"[1]\"|\\[1\\]|\\{\\}|\\{\"body\":1\\}|\\{\"type\":\\[\\]\\}",
        ) {
            let json = format!(r#"{{"messaging_product":"whatsapp","to":"16505551234","text":{{"body":"x"}},"{name}":{value}}}"#);
            let params = Params::parse("", None, json.as_bytes()).ok().unwrap();
            let _ = Request::parse(&params);
        }
    }
}
