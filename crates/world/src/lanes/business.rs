//! The businesses' servers: call the API, take webhooks, check their signatures.

use crate::draws::Draws;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::borrow::Cow;
use std::collections::BTreeMap;
use wire::Number;

/// A business with one phone number, and its server.
pub(crate) struct Business {
    pub(crate) app_secret: String,
    pub(crate) token: String,
    pub(crate) phone_number_id: String,
    pub(crate) latency: Draws,
    pub(crate) answers: Draws,
    pub(crate) words: Draws,
    /// What it notes for itself with each message, if it does.
    pub(crate) callback_data: Option<String>,
    /// The last message of each consumer, by its `wamid`.
    pub(crate) heard: BTreeMap<Number, String>,
}

/// A webhook, as far as a business looks into it.
#[derive(Deserialize)]
pub(crate) struct Hook<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    value: Value<'a>,
}

#[derive(Deserialize)]
struct Value<'a> {
    /// None of what is of an account.
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow, default)]
    statuses: Vec<Status<'a>>,
    #[serde(borrow, default)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    phone_number_id: Cow<'a, str>,
}

/// What became of a message of the business's.
#[derive(Deserialize)]
pub(crate) struct Status<'a> {
    /// The `wamid`.
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    /// `sent`, `delivered`, `read` or `failed`.
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
}

/// A message to the business.
#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    /// The `wamid`.
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) text: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Text<'a> {
    #[serde(borrow)]
    pub(crate) body: Cow<'a, str>,
}

/// What a business posts, in the order in which it writes it.
#[derive(Serialize)]
struct TextMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context<'a>>,
    messaging_product: &'static str,
    text: TextBody<'a>,
    to: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Context<'a> {
    message_id: &'a str,
}

#[derive(Serialize)]
struct TextBody<'a> {
    body: &'a str,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    messages: Vec<Id<'a>>,
}

#[derive(Deserialize)]
struct Id<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl Business {
    /// The JSON of a text message; `quotes` what the consumer wrote last.
    pub(crate) fn request(&self, to: Number, text: &str, quotes: bool) -> cloud::ApiRequest {
        let quoted = self.heard.get(&to).filter(|_| quotes);
        let message = TextMessage {
            biz_opaque_callback_data: self.callback_data.as_deref(),
            context: quoted.map(|message_id| Context { message_id }),
            messaging_product: "whatsapp",
            text: TextBody { body: text },
            to: to.digits(),
            kind: "text",
        };
        // Of strings only: it can be written.
        let body = serde_json::to_string(&message).unwrap_or_default();
        cloud::ApiRequest::post(format!("/v23.0/{}/messages", self.phone_number_id), &self.token, body)
    }

    /// True if the webhook is signed with the app's secret.
    pub(crate) fn trusts(&self, body: &[u8], signature_256: &str) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.app_secret.as_bytes()) else { return false };
        mac.update(body);
        let expected = mac.finalize().into_bytes();
        let given = signature_256.strip_prefix("sha256=").unwrap_or_default();
        given.len() == 2 * expected.len()
            && given.as_bytes().chunks(2).zip(expected).all(|(digits, byte)| {
                let digits = std::str::from_utf8(digits).ok();
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(byte)
            })
    }
}

impl<'a> Hook<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        // Texts of a body that is UTF-8 as a whole needn't be looked at one by one.
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
    }

    /// The phone number ids that it is for.
    pub(crate) fn phone_number_ids(&self) -> impl Iterator<Item = &str> {
        self.values().filter_map(|value| Some(&*value.metadata.as_ref()?.phone_number_id))
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = &Status<'a>> {
        self.values().flat_map(|value| &value.statuses)
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message<'a>> {
        self.values().flat_map(|value| &value.messages)
    }

    fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.entry.iter().flat_map(|entry| &entry.changes).map(|change| &change.value)
    }
}

/// The name that the API gave a message; `None` if it refused it.
pub(crate) fn accepted(response: &cloud::ApiResponse) -> Option<String> {
    let answer: Answer<'_> = serde_json::from_str(std::str::from_utf8(&response.body).ok()?).ok()?;
    let first = answer.messages.into_iter().next()?;
    (response.status == 200).then(|| first.id.into_owned())
}
