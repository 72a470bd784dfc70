//! Texts of businesses, as their servers send them.

use super::LiveError;
use super::stage::Stage;

/// A message of a business over HTTP. Gives its name.
pub(super) fn send(
    stage: &Stage,
    business: usize,
    consumer: usize,
    text: &str,
    note: Option<&str>,
) -> Result<String, LiveError> {
    let missing = LiveError::Late("a conversation");
    let Some(desk) = stage.desks.get(business) else {
        return Err(missing);
    };
    let Some(business) = stage.cast.businesses.get(business) else { return Err(missing) };
    let Some(node) = stage.nodes.iter().find(|node| node.child.name == business.node) else {
        return Err(missing);
    };
    let path = format!("/v23.0/{}/messages", business.phone_number_id);
    let mut body = self::text(stage, consumer, text).ok_or(LiveError::Late("a conversation"))?;
    if let (Some(note), Some(body)) = (note, body.as_object_mut()) {
        body.insert("biz_opaque_callback_data".into(), note.into());
    }
    let answer = desk.call(node.api, "POST", &path, &business.token, Some(&body))?;
    answer.message().ok_or(LiveError::Refused { status: answer.status })
}

/// The request to send a text to a consumer, if there is one of this number.
pub(super) fn text(stage: &Stage, consumer: usize, text: &str) -> Option<serde_json::Value> {
    let to = stage.cast.consumers.get(consumer)?.number.to_string();
    Some(serde_json::json!({
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": text },
    }))
}
