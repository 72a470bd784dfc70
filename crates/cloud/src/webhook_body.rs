//! The JSON of webhooks.

use crate::directory::Phone;
use crate::statuses::{Report, Status};
use crate::wamid::{Sender, Wamid};
use bytes::Bytes;
use kernel::Time;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// From this Graph version on a status has no `conversation` (outside of a free entry point).
const NO_CONVERSATION_FROM: u16 = 24;

/// How long the conversation of a status is open.
const CONVERSATION_S: u64 = 24 * 3600;

const ERRORS_PAGE: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

/// A consumer's text, perhaps in answer to a message.
pub(crate) fn text_message(
    phone: &Phone,
    wamid: &Wamid,
    quoted: Option<&Wamid>,
    body: &str,
    sent_at_s: u64,
) -> Bytes {
    let consumer = wamid.consumer.digits();
    let mut message = json!({
        "from": consumer,
        "id": wamid.to_string(),
        "timestamp": sent_at_s.to_string(),
        "type": "text",
        "text": { "body": body },
    });
    if let (Some(message), Some(quoted)) = (message.as_object_mut(), quoted) {
        let from = match quoted.sender {
            Sender::Business => phone.number.digits(),
            Sender::Consumer => consumer.clone(),
        };
        message.insert("context".into(), json!({ "from": from, "id": quoted.to_string() }));
    }
    let contacts = json!([{ "profile": { "name": consumer }, "wa_id": consumer }]);
    envelope(phone, json!({ "contacts": contacts, "messages": [message] }))
}

/// How far a message of the business has come.
pub(crate) fn status(phone: &Phone, report: &Report<'_>, now: Time, webhook_version: u16) -> Bytes {
    let wamid = report.wamid.to_string();
    let mut status = json!({
        "id": wamid,
        "status": report.status.as_str(),
        "timestamp": now.as_secs().to_string(),
        "recipient_id": report.wamid.consumer.digits(),
    });
    if let Some(status) = status.as_object_mut() {
        if !report.callback_data.is_empty() {
            status.insert("biz_opaque_callback_data".into(), json!(report.callback_data));
        }
        if matches!(report.status, Status::Sent | Status::Delivered) {
            if webhook_version < NO_CONVERSATION_FROM {
                status.insert("conversation".into(), conversation(&wamid, report, now));
            }
            // All that is built is free-form messages: in the service window, and free.
            status.insert(
                "pricing".into(),
                json!({ "billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service" }),
            );
        }
        if let Some(problem) = &report.problem {
            let error = json!({
                "code": problem.code.number,
                "title": problem.code.title,
                "message": problem.code.title,
                "error_data": { "details": problem.details },
                "href": ERRORS_PAGE,
            });
            status.insert("errors".into(), json!([error]));
        }
    }
    envelope(phone, json!({ "statuses": [status] }))
}

/// Since July 2025 each message is its own conversation; so its id is made of the message's.
fn conversation(wamid: &str, report: &Report<'_>, now: Time) -> Value {
    let digest = Sha256::new().chain_update(b"conversation").chain_update(wamid).finalize();
    let mut id = hex::encode(digest);
    id.truncate(32);
    let mut conversation = json!({ "id": id });
    if let Some(conversation) = conversation.as_object_mut() {
        if report.status == Status::Sent {
            let expires = (now.as_secs() + CONVERSATION_S).to_string();
            conversation.insert("expiration_timestamp".into(), json!(expires));
        }
        conversation.insert("origin".into(), json!({ "type": "service" }));
    }
    conversation
}

fn envelope(phone: &Phone, what: Value) -> Bytes {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": phone.number.digits(),
            "phone_number_id": phone.id.as_str(),
        },
    });
    if let (Some(value), Value::Object(what)) = (value.as_object_mut(), what) {
        value.extend(what);
    }
    let payload = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": phone.account.as_str(), "changes": [{ "value": value, "field": "messages" }] }],
    });
    escape(&payload.to_string()).into()
}

/// As Meta serialises: ASCII only, `\uXXXX` in lower case, `/` as `\/`. Outside of strings JSON has
/// neither, so the text can be rewritten as a whole.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + json.len() / 8);
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            ascii if ascii.is_ascii() => escaped.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // Writing to a string can't fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_travels_as_ascii() {
        assert_eq!(escape(r#"{"a":"é/😀\"\n"}"#), r#"{"a":"\u00e9\/\ud83d\ude00\"\n"}"#);
    }

    proptest! {
        #[test]
        fn escaping_changes_no_meaning(text in ".{0,100}") {
            let value = json!({ "body": text });
            let escaped = escape(&value.to_string());
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
        }
    }
}
