//! What each party saw, as events that can be compared.

use super::stage::Performance;
use crate::leaves::{Leaf, leaves};
use crate::matrix::{Leak, Matrix};
use privacy::equal::{Event, Value};
use privacy::{DataClass, Party, Principal};
use std::collections::BTreeMap;
use world::{Kind, Seen, Sight};

/// Everybody's events.
pub(crate) type Views = BTreeMap<Party, Vec<Event>>;

/// What is asked of names that machines draw at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// To be the same.
    Exact,
    /// To be the same up to one consistent renaming.
    Renamed,
}

/// What a network sees of a frame.
pub(crate) const PACKETS: &str = "packets";

const NETWORK: &str = "network";
const OPERATOR: &str = "operator";

/// Whose eyes a sight comes before, and as which of their views.
pub(crate) fn eyes(seen: &Seen) -> Vec<(String, &'static str)> {
    let (party, peer) = (seen.party.to_string(), seen.peer.to_string());
    match &seen.sight {
        // Both ends see whatever one sends and the other gets.
        Sight::Frame(_) => vec![(party, "frames"), (peer, "frames"), (NETWORK.into(), PACKETS)],
        Sight::Request(_) => vec![(party, "requests"), (peer, "requests")],
        Sight::Response(_) => vec![(party, "responses"), (peer, "responses")],
        Sight::Webhook(_) => vec![(party, "webhooks"), (peer, "webhooks")],
        Sight::Status(_) => vec![(party, "answers to webhooks"), (peer, "answers to webhooks")],
        Sight::Text(_) => vec![(party, "screen")],
        Sight::Notice(_) => vec![(OPERATOR.into(), "log")],
    }
}

/// The party of the scene that has this name.
pub(crate) fn party(name: &str) -> Party {
    Party::new(principal(name), name)
}

/// What a party of the scene is. The node 1 is on the premises of the business 1.
pub(crate) fn principal(name: &str) -> Principal {
    match name.split_once('/').unwrap_or((name, "")) {
        ("relay", _) => Principal::Transport,
        ("node", "1") => Principal::Onprem,
        ("node", _) => Principal::Cloud,
        ("business", _) => Principal::Business,
        ("consumer", _) => Principal::Consumer,
        (NETWORK, _) => Principal::Network,
        _ => Principal::Operator,
    }
}

/// Everybody's events in a run, also of those who saw nothing.
pub(crate) fn of(played: &Performance, treatment: Treatment) -> Views {
    let mut views: Views = [NETWORK, OPERATOR].map(|name| (party(name), Vec::new())).into();
    let actors = played.businesses.iter().chain(&played.consumers).map(|actor| actor.who.to_string());
    let servers = played.disks.iter().map(|(who, _)| who.to_string());
    views.extend(actors.chain(servers).map(|name| (party(&name), Vec::new())));
    for seen in &played.seen.seen {
        let at_us = seen.at.since(played.start).as_micros();
        let at_us = u64::try_from(at_us).unwrap_or(u64::MAX);
        let whole = event(seen, at_us, treatment);
        for (name, view) in eyes(seen) {
            let event = if view == PACKETS { packet(seen, at_us) } else { whole.clone() };
            views.entry(party(&name)).or_default().push(event);
        }
    }
    for events in views.values_mut() {
        // Lanes are looked at one after the other; a party sees things in the order of time.
        events.sort_by_key(|event| event.at_us);
    }
    views
}

/// When, between whom, and how long: the addresses of packets, not of people.
fn packet(seen: &Seen, at_us: u64) -> Event {
    let length = match &seen.sight {
        Sight::Frame(bytes) => bytes.len() as u64,
        _ => 0,
    };
    Event::new(at_us, "packet")
        .with("to", None, Value::Text(seen.party.to_string()))
        .with("from", None, Value::Text(seen.peer.to_string()))
        .with("length", Some(DataClass::PaddedSize), Value::Masked { len: length })
}

fn event(seen: &Seen, at_us: u64, treatment: Treatment) -> Event {
    let mut event = Event::new(at_us, seen.what).with("at", None, Value::Text(seen.party.to_string())).with(
        "peer",
        None,
        Value::Text(seen.peer.to_string()),
    );
    for Leaf { path, class, value } in parts(seen) {
        let value = treated(&path, class, value, treatment);
        event = event.with(path, class, value);
    }
    event
}

/// What a sight consists of.
fn parts(seen: &Seen) -> Vec<Leaf> {
    match &seen.sight {
        Sight::Frame(bytes) => frame(seen, bytes),
        Sight::Request(request) => {
            let mut parts = vec![
                text("path", DataClass::BusinessAddress, &request.path),
                text(
                    "authorization",
                    DataClass::Secret,
                    request.authorization.as_deref().unwrap_or_default(),
                ),
            ];
            parts.extend(json(&request.body));
            parts
        }
        Sight::Response(response) => {
            let headers = response.headers.iter();
            let mut parts: Vec<Leaf> = headers
                .map(|(name, value)| text(&format!("header {name}"), DataClass::Statistic, value))
                .collect();
            parts.push(text("status", DataClass::Statistic, &response.status.to_string()));
            parts.extend(json(&response.body));
            parts
        }
        Sight::Webhook(post) => {
            let mut parts = vec![
                text("url", DataClass::BusinessAddress, &post.url),
                text("signature-256", DataClass::Secret, &post.signature_256),
                text("signature", DataClass::Secret, &post.signature),
            ];
            parts.extend(json(&post.body));
            parts
        }
        Sight::Status(status) => vec![text("status", DataClass::Timing, &status.to_string())],
        Sight::Text(shown) => vec![text("text", DataClass::Content, shown)],
        Sight::Notice(line) => vec![text("line", DataClass::Statistic, line)],
    }
}

fn text(path: &str, class: DataClass, value: &str) -> Leaf {
    Leaf { path: path.to_owned(), class: Some(class), value: Value::Text(value.to_owned()) }
}

/// The values of a body, by their paths; a body that is no JSON is one value.
fn json(body: &[u8]) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    match serde_json::from_slice(body) {
        Ok(value) => json_leaves("body", &value, &mut leaves),
        Err(_) => {
            let value = Value::Bytes(body.to_vec());
            leaves.push(Leaf { path: "body".into(), class: Some(DataClass::Content), value });
        }
    }
    leaves
}

fn json_leaves(path: &str, value: &serde_json::Value, leaves: &mut Vec<Leaf>) {
    use serde_json::Value as Json;
    match value {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| json_leaves(&format!("{path}.{name}"), value, leaves));
        }
        Json::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| json_leaves(&format!("{path}[{index}]"), value, leaves)),
        Json::String(value) => leaves.push(text(path, DataClass::Content, value)),
        other => leaves.push(text(path, DataClass::Content, &other.to_string())),
    }
}

const TO_RELAY: &str = "blindpost.transport.ToRelay";
const TO_ENDPOINT: &str = "blindpost.transport.ToEndpoint";

/// The numbers of one-time prekeys: four bytes, whichever it is.
const FIRST_PREKEY_ID: i128 = 1 << 21;
const LAST_PREKEY_ID: i128 = (1 << 24) - 1;

/// Length and version before the message of a frame: `wire::Frame`.
const FRAME_HEADER: usize = 5;

fn frame(seen: &Seen, bytes: &[u8]) -> Vec<Leaf> {
    let message = if seen.party.kind() == Kind::Relay { TO_RELAY } else { TO_ENDPOINT };
    let inside = bytes.get(FRAME_HEADER..).unwrap_or_default();
    // Whatever has no label is compared as it is, to the last byte.
    let unlabelled = || vec![Leaf { path: "frame".into(), class: None, value: Value::Bytes(bytes.to_vec()) }];
    leaves(message, inside).unwrap_or_else(unlabelled)
}

/// What is random whatever is said is masked, and what is drawn anew may have other names.
fn treated(path: &str, class: Option<DataClass>, value: Value, treatment: Treatment) -> Value {
    match (class, treatment) {
        (Some(DataClass::PaddedSize), _) => value.masked(),
        (Some(DataClass::PublicKey), Treatment::Renamed) => match value {
            // Which of the numbers of one-time prekeys comes is drawn; how long it is is not.
            Value::Number(FIRST_PREKEY_ID..=LAST_PREKEY_ID) if path.ends_with("id") => value.masked(),
            Value::Bytes(_) => value.masked(),
            other => other,
        },
        (Some(DataClass::Routing), Treatment::Renamed) if path.ends_with("id") => value.fresh(),
        (_, Treatment::Renamed) if path.ends_with(".conversation.id") => value.fresh(),
        // A signature is over names that may be others.
        (_, Treatment::Renamed) if path.starts_with("signature") => value.masked(),
        (_, Treatment::Renamed) if matches!(&value, Value::Text(text) if text.starts_with("wamid.")) => {
            value.fresh()
        }
        _ => value,
    }
}

/// Counts what everybody saw by its labels, and reports bytes that have none.
pub(crate) fn count(played: &Performance, matrix: &mut Matrix) {
    let mut counts: BTreeMap<(Principal, DataClass), u64> = BTreeMap::new();
    for seen in &played.seen.seen {
        let parts = parts(seen);
        for (name, view) in eyes(seen) {
            let principal = principal(&name);
            if view == PACKETS {
                continue;
            }
            for part in &parts {
                match part.class {
                    Some(class) => *counts.entry((principal, class)).or_default() += 1,
                    None => matrix.leak(Leak {
                        layer: "label",
                        principal: principal.name().into(),
                        class: None,
                        what: format!("{} of {} {} has no label", part.path, seen.what, seen.party),
                    }),
                }
            }
        }
    }
    for ((principal, class), values) in counts {
        matrix.values(principal, class, values);
    }
}
