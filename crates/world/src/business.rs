//! The business's server: calls the API, takes webhooks, checks their signatures.

use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::Time;
use serde_json::Value;
use sha2::Sha256;

/// What the business's server has seen.
#[derive(Debug)]
pub struct Business {
    app_secret: &'static str,
    /// Every webhook event that it acknowledged, in the order of arrival; an event that was delivered
    /// twice is here twice.
    pub events: Vec<Event>,
    /// The ids that the API gave its messages, in the order of the answers.
    pub accepted: Vec<String>,
    /// Answers that were not 200.
    pub refused: Vec<(u16, String)>,
    /// Webhooks whose signature was wrong.
    pub forged: u64,
    /// Until then webhooks are answered with 500.
    pub down_until: Time,
}

/// One event of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// What became of a message.
    Status {
        /// The `wamid`.
        id: String,
        /// `sent`, `delivered`, `read` or `failed`.
        status: String,
    },
    /// A message came in.
    Message {
        /// The `wamid`.
        id: String,
        /// The consumer's number.
        from: String,
        /// The text.
        text: String,
    },
}

impl Business {
    pub(crate) fn new(app_secret: &'static str) -> Self {
        Self {
            app_secret,
            events: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            forged: 0,
            down_until: Time::EPOCH,
        }
    }

    /// An answer of the API.
    pub(crate) fn answered(&mut self, status: u16, body: &[u8]) {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        match json.pointer("/messages/0/id").and_then(Value::as_str) {
            Some(id) if status == 200 => self.accepted.push(id.to_owned()),
            _ => self.refused.push((status, String::from_utf8_lossy(body).into_owned())),
        }
    }

    /// A webhook; the answer is its HTTP status.
    pub(crate) fn webhook(&mut self, now: Time, body: &[u8], signature_256: &str) -> u16 {
        if signature_256 != signature(self.app_secret, body) {
            self.forged += 1;
            return 401;
        }
        if now < self.down_until {
            return 500;
        }
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value, path: &str| {
            value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let list =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        for entry in list(&json, "entry") {
            for change in list(&entry, "changes") {
                let value = change.get("value").cloned().unwrap_or_default();
                self.events.extend(list(&value, "statuses").iter().map(|status| Event::Status {
                    id: text(status, "/id"),
                    status: text(status, "/status"),
                }));
                self.events.extend(list(&value, "messages").iter().map(|message| Event::Message {
                    id: text(message, "/id"),
                    from: text(message, "/from"),
                    text: text(message, "/text/body"),
                }));
            }
        }
        200
    }
}

/// `X-Hub-Signature-256` as the business computes it for itself.
fn signature(app_secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else { return String::new() };
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}
