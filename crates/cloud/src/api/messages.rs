//! `POST /{phone-number-id}/messages`: the parameters of a message, and of a read mark.

use crate::api::errors::GraphError;
use crate::api::params::{Params, boolean, object, string};
use crate::codes;
use crate::directory::Phone;
use crate::wamid::{Sender, Wamid};
use content::MessageId;
use wire::Number;

/// The longest text, in characters.
const TEXT_LIMIT: usize = 4096;

/// The longest note of the business's own, in characters.
const CALLBACK_DATA_LIMIT: usize = 512;

/// The message types that the Cloud API has; all but the first are still to be built.
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

/// What to do in a conversation.
pub(crate) enum MessageCall {
    Send(NewMessage),
    /// Marks a message of the consumer, and those before it, as read.
    MarkRead(Wamid),
}

/// A message to send.
pub(crate) struct NewMessage {
    /// The recipient as the business wrote it.
    pub(crate) input: String,
    pub(crate) to: Number,
    pub(crate) body: String,
    pub(crate) quoted: Option<MessageId>,
    /// Echoed in every status.
    pub(crate) callback_data: String,
}

/// What the parameters of a request for `from` say.
pub(crate) fn parse(params: &Params, from: &Phone) -> Result<MessageCall, GraphError> {
    let product = params.required("messaging_product")?;
    if product != "whatsapp" {
        return Err(GraphError::one_of("messaging_product", &["whatsapp"], product));
    }
    match params.get("status") {
        Some(_) => mark_read(params).map(MessageCall::MarkRead),
        None => new_message(params, from).map(MessageCall::Send),
    }
}

fn mark_read(params: &Params) -> Result<Wamid, GraphError> {
    params.only(&["messaging_product", "status", "message_id", "typing_indicator"])?;
    let status = params.required("status")?;
    if status != "read" {
        return Err(GraphError::one_of("status", &["read"], status));
    }
    if let Some(typing) = params.get("typing_indicator") {
        let typing = object(typing, "typing_indicator", &["type"])?;
        let kind = typing.get("type").ok_or_else(|| GraphError::missing("typing_indicator['type']"))?;
        let kind = string(kind, "typing_indicator['type']")?;
        if kind != "text" {
            return Err(GraphError::one_of("typing_indicator['type']", &["text"], kind));
        }
    }
    let wamid = Wamid::parse(params.required("message_id")?);
    wamid.filter(|wamid| wamid.sender == Sender::Consumer).ok_or_else(not_received)
}

/// The message to be marked as read is none that this number received.
pub(crate) fn not_received() -> GraphError {
    GraphError::invalid("Param message_id must be the id of a message that this phone number received.")
}

fn new_message(params: &Params, from: &Phone) -> Result<NewMessage, GraphError> {
    let common = [
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "biz_opaque_callback_data",
        "recipient_identity_key_hash",
    ];
    params.only(&[&common[..], &TYPES[..]].concat())?;
    recipient_type(params)?;
    let kind = params.optional("type")?.unwrap_or("text");
    if !TYPES.contains(&kind) {
        return Err(GraphError::one_of("type", &TYPES, kind));
    }
    if let Some(other) = TYPES.iter().find(|other| **other != kind && params.get(other).is_some()) {
        return Err(GraphError::invalid(format!("Param {other} can't be in a message of type {kind}.")));
    }
    if kind != "text" {
        let details = format!("Messages of type {kind} are not built into this node yet.");
        return Err(GraphError::whatsapp(codes::UNSUPPORTED_TYPE, details));
    }
    if params.get("recipient_identity_key_hash").is_some() {
        let details = "The check of recipient_identity_key_hash is not built into this node yet.";
        return Err(GraphError::invalid(details));
    }
    let input = params.required("to")?.to_owned();
    let invalid = |details| GraphError::whatsapp(codes::NOT_VALID, details);
    let to = number(&input).ok_or_else(|| invalid("Param to must be a phone number with country code."))?;
    if to == from.number {
        return Err(GraphError::whatsapp(codes::TO_ITSELF, "The recipient is the number that sends."));
    }
    Ok(NewMessage {
        to,
        body: text(params)?,
        quoted: quoted(params, to)?,
        callback_data: callback_data(params)?,
        input,
    })
}

fn recipient_type(params: &Params) -> Result<(), GraphError> {
    match params.optional("recipient_type")?.unwrap_or("individual") {
        "individual" => {}
        "group" => return Err(GraphError::invalid("Groups are not built into this node yet.")),
        other => return Err(GraphError::one_of("recipient_type", &["individual", "group"], other)),
    }
    if params.get("recipient").is_some() && params.get("to").is_none() {
        let details = "Business-scoped user ids are not built into this node yet: use Param to.";
        return Err(GraphError::invalid(details));
    }
    Ok(())
}

fn text(params: &Params) -> Result<String, GraphError> {
    let text = params.get("text").ok_or_else(|| {
        GraphError::whatsapp(codes::MISSING, "Param text is required in a message of type text.")
    })?;
    let text = object(text, "text", &["body", "preview_url"])?;
    if let Some(preview) = text.get("preview_url") {
        boolean(preview, "text['preview_url']")?;
    }
    let path = "text['body']";
    let body = string(text.get("body").ok_or_else(|| GraphError::missing(path))?, path)?;
    within(body, path, TEXT_LIMIT)?;
    if body.trim().is_empty() {
        return Err(GraphError::too_short(path));
    }
    Ok(body.to_owned())
}

fn quoted(params: &Params, to: Number) -> Result<Option<MessageId>, GraphError> {
    let Some(context) = params.get("context") else { return Ok(None) };
    let context = object(context, "context", &["message_id"])?;
    let path = "context['message_id']";
    let id = string(context.get("message_id").ok_or_else(|| GraphError::missing(path))?, path)?;
    let wamid = Wamid::parse(id).filter(|wamid| wamid.consumer == to);
    let details = "Param context['message_id'] must be the id of a message of this conversation.";
    let wamid = wamid.ok_or_else(|| GraphError::whatsapp(codes::NOT_VALID, details))?;
    Ok(Some(wamid.message_id))
}

fn callback_data(params: &Params) -> Result<String, GraphError> {
    let path = "biz_opaque_callback_data";
    let data = params.optional(path)?.unwrap_or_default();
    within(data, path, CALLBACK_DATA_LIMIT)?;
    Ok(data.to_owned())
}

fn within(text: &str, path: &str, limit: usize) -> Result<(), GraphError> {
    if text.chars().count() > limit { Err(GraphError::too_long(path, limit)) } else { Ok(()) }
}

/// A full international number, with or without `+`, however it is grouped.
fn number(input: &str) -> Option<Number> {
    let grouped = |character: &char| !matches!(character, ' ' | '-' | '(' | ')');
    let digits: String = input.trim().trim_start_matches('+').chars().filter(grouped).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_grouped() {
        for input in ["16505551234", "+16505551234", "+1 (650) 555-1234", "1-650-555-1234"] {
            assert_eq!(number(input).map(Number::digits).as_deref(), Some("16505551234"), "{input}");
        }
        for input in
            ["", "+", "alice", "0049151", "1650555", "1650x5551234", "1+6505551234", "16505551234567890"]
        {
            assert!(number(input).is_none() || input == "1650555", "{input}");
        }
    }
}
