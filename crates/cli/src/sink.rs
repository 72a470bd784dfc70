//! `blindpost sink`, and the same sink inside the demonstration: a business's webhook endpoint.

use crate::out::{errln, foreign, outln};
use crate::shutdown;
use crate::tenants::is_blank;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use clap::Args;
use hmac::{Hmac, KeyInit as _, Mac as _};
use miette::{IntoDiagnostic as _, WrapErr as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The largest webhook that the Cloud API posts.
const MAX_BODY: usize = 3 * 1024 * 1024;

/// A webhook endpoint that checks signatures and prints events: the business's side of a test.
///
/// Example: blindpost sink --listen 127.0.0.1:9000 --app-secret SECRET --verify-token TOKEN
#[derive(Debug, Args)]
pub(crate) struct Sink {
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Secret of the app whose webhooks come here
    #[arg(long, value_name = "SECRET", env = "BLINDPOST_APP_SECRET", hide_env_values = true, value_parser = secret)]
    app_secret: String,
    /// What the handshake must say
    #[arg(long, value_name = "TOKEN", env = "BLINDPOST_VERIFY_TOKEN", hide_env_values = true, value_parser = secret)]
    verify_token: String,
    /// Print events as lines of JSON
    #[arg(long)]
    json: bool,
}

/// An app whose webhooks are taken.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) app_secret: String,
    pub(crate) verify_token: String,
}

/// One event of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// What became of a message.
    Status { id: String, status: String },
    /// A message came in.
    Message { id: String, from: String, text: String },
    /// Anything else: the change as it came.
    Other(String),
}

impl Sink {
    pub(crate) async fn run(self) -> miette::Result<()> {
        let listener = TcpListener::bind(self.listen)
            .await
            .into_diagnostic()
            .wrap_err_with(|| format!("can't listen on {}", self.listen))?;
        if !self.json {
            outln!("webhook sink on http://{}/webhooks", listener.local_addr().into_diagnostic()?)?;
        }
        let receiver = Receiver { app_secret: self.app_secret, verify_token: self.verify_token };
        let json = self.json;
        let print = move |event: Event| {
            let line = if json { event.to_json() } else { event.to_text() };
            let printed = outln!("{line}").inspect_err(|error| errln!("{error}; it will be posted again"));
            printed.map_err(std::io::Error::from)
        };
        let refuse = || errln!("refused a webhook whose signature is not this app's");
        serve(listener, vec![receiver], print, refuse, shutdown::requested()).await.into_diagnostic()
    }
}

/// Takes webhooks for `receivers` until `shutdown`. Acknowledged are those of which `on_event` has taken every event.
pub(crate) async fn serve(
    listener: TcpListener,
    receivers: Vec<Receiver>,
    on_event: impl Fn(Event) -> std::io::Result<()> + Send + Sync + 'static,
    on_forgery: impl Fn() + Send + Sync + 'static,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let receivers: Arc<[Receiver]> = receivers.into();
    let asked = Arc::clone(&receivers);
    let challenge = async move |Query(query): Query<Parameters>| answer_challenge(&asked, &query);
    let (on_event, on_forgery) = (Arc::new(on_event), Arc::new(on_forgery));
    let take = async move |headers: HeaderMap, body: Bytes| {
        let signature =
            headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !receivers.iter().any(|receiver| is_signed(&receiver.app_secret, &body, signature)) {
            on_forgery();
            return StatusCode::UNAUTHORIZED;
        }
        // What is not acknowledged is posted again.
        match events(&body).into_iter().try_for_each(&*on_event) {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::INSUFFICIENT_STORAGE,
        }
    };
    let app = Router::new().fallback(get(challenge).post(take)).layer(DefaultBodyLimit::max(MAX_BODY));
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}

type Parameters = BTreeMap<String, String>;

/// The handshake: the challenge comes back if the verify token is right.
fn answer_challenge(receivers: &[Receiver], query: &Parameters) -> (StatusCode, String) {
    let value = |key: &str| query.get(key).cloned().unwrap_or_default();
    let token = value("hub.verify_token");
    if value("hub.mode") == "subscribe" && receivers.iter().any(|receiver| receiver.verify_token == token) {
        (StatusCode::OK, value("hub.challenge"))
    } else {
        (StatusCode::FORBIDDEN, String::new())
    }
}

/// An empty secret would let anybody sign.
fn secret(text: &str) -> Result<String, &'static str> {
    if is_blank(text) { Err("it is empty") } else { Ok(text.to_owned()) }
}

fn is_signed(app_secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(Ok(digits)) = signature.strip_prefix("sha256=").map(hex::decode) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&digits).is_ok()
}

fn events(body: &[u8]) -> Vec<Event> {
    let webhook: Value = serde_json::from_slice(body).unwrap_or_default();
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, path: &str| {
        value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut events = Vec::new();
    for change in list(&webhook, "entry").iter().flat_map(|entry| list(entry, "changes")) {
        let value = change.get("value").cloned().unwrap_or_default();
        let (statuses, messages) = (list(&value, "statuses"), list(&value, "messages"));
        if statuses.is_empty() && messages.is_empty() {
            events.push(Event::Other(change.to_string()));
        }
        events.extend(
            statuses
                .iter()
                .map(|status| Event::Status { id: text(status, "/id"), status: text(status, "/status") }),
        );
        events.extend(messages.iter().map(|message| Event::Message {
            id: text(message, "/id"),
            from: text(message, "/from"),
            text: text(message, "/text/body"),
        }));
    }
    events
}

impl Event {
    fn to_text(&self) -> String {
        match self {
            Self::Status { id, status } => format!("status   {:9} {}", foreign(status), foreign(id)),
            Self::Message { id, from, text } => {
                format!("message  from {} {}: {}", foreign(from), foreign(id), foreign(text))
            }
            Self::Other(change) => format!("other    {}", foreign(change)),
        }
    }

    fn to_json(&self) -> String {
        match self {
            Self::Status { id, status } => {
                serde_json::json!({ "event": "status", "id": id, "status": status })
            }
            Self::Message { id, from, text } => {
                serde_json::json!({ "event": "message", "id": id, "from": from, "text": text })
            }
            Self::Other(change) => serde_json::json!({ "event": "other", "change": change }),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_comes_back_only_for_the_right_token() {
        let receivers = [Receiver { app_secret: "s".into(), verify_token: "a b/c".into() }];
        let asked = |token: &str| {
            let pairs = [("hub.mode", "subscribe"), ("hub.challenge", "11"), ("hub.verify_token", token)];
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        };
        assert_eq!(answer_challenge(&receivers, &asked("a b/c")), (StatusCode::OK, "11".into()));
        assert_eq!(answer_challenge(&receivers, &asked("x")).0, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_signature_is_over_these_very_bytes() {
        // HMAC-SHA-256 with key "key" (RFC 2104), a widely published answer.
        let signature = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let body = b"The quick brown fox jumps over the lazy dog";
        assert!(is_signed("key", body, signature));
        assert!(!is_signed("key", b"the quick brown fox jumps over the lazy dog", signature));
        assert!(!is_signed("key", body, ""));
    }

    #[test]
    fn nobody_signs_with_an_empty_secret() {
        for nothing in ["", " ", "\t\n"] {
            assert!(secret(nothing).is_err(), "{nothing:?}");
        }
        assert_eq!(secret("s t"), Ok("s t".to_owned()));
    }

    #[test]
    fn a_webhook_is_taken_apart_into_its_events() {
        let body = serde_json::json!({ "entry": [
            { "changes": [
                { "field": "messages", "value": { "statuses": [
                    { "id": "wamid.1", "status": "sent" }, { "id": "wamid.2", "status": "read" },
                ] } },
                { "field": "messages", "value": { "messages": [
                    { "id": "wamid.3", "from": "4915112345678", "text": { "body": "hi" } },
                ] } },
            ] },
            { "changes": [{ "field": "account_update", "value": {} }] },
        ] });
        let found = events(body.to_string().as_bytes());
        let status = |id: &str, status: &str| Event::Status { id: id.into(), status: status.into() };
        assert_eq!(found[..2], [status("wamid.1", "sent"), status("wamid.2", "read")]);
        let message =
            Event::Message { id: "wamid.3".into(), from: "4915112345678".into(), text: "hi".into() };
        assert_eq!(found[2], message);
        assert!(matches!(&found[3], Event::Other(change) if change.contains("account_update")));
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn a_body_that_is_no_webhook_has_no_events() {
        for body in [&b"no json"[..], b"[]", b"{\"entry\":7}", b""] {
            assert_eq!(events(body), []);
        }
    }

    #[test]
    fn an_event_is_one_line_whoever_reads_it() {
        let message = Event::Message { id: "w".into(), from: "49".into(), text: "a\nb".into() };
        assert_eq!(message.to_json().lines().count(), 1);
        let json: Value = serde_json::from_str(&message.to_json()).unwrap();
        assert_eq!(json, serde_json::json!({ "event": "message", "id": "w", "from": "49", "text": "a\nb" }));
        let status = Event::Status { id: "w".into(), status: "read".into() };
        assert_eq!(status.to_text(), "status   read      w");
    }
}
