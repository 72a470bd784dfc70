//! What each party saw, as events that can be compared.

use super::stage::Performance;
use crate::matrix::{Leak, Matrix};
use privacy::equal::{Event, Value};
use privacy::surfaces::{self, Direction, HttpMessage, Leaf, Surfaces};
use privacy::{DataClass, Party, Principal};
use std::collections::{BTreeMap, BTreeSet};
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
pub(crate) fn of(played: &Performance, surfaces: &Surfaces, treatment: Treatment) -> Views {
    let mut views: Views = [NETWORK, OPERATOR].map(|name| (party(name), Vec::new())).into();
    let actors = played.businesses.iter().chain(&played.consumers).map(|actor| actor.who.to_string());
    let servers = played.disks.iter().map(|(who, _)| who.to_string());
    views.extend(actors.chain(servers).map(|name| (party(&name), Vec::new())));
    for seen in &played.seen.seen {
        let at_us = u64::try_from(seen.at.since(played.start).as_micros()).unwrap_or(u64::MAX);
        let whole = event(seen, surfaces, at_us, treatment);
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

fn event(seen: &Seen, surfaces: &Surfaces, at_us: u64, treatment: Treatment) -> Event {
    let mut event = Event::new(at_us, seen.what).with("at", None, Value::Text(seen.party.to_string())).with(
        "peer",
        None,
        Value::Text(seen.peer.to_string()),
    );
    let parts = parts(seen, surfaces);
    for Leaf { path, class, value } in parts.leaves {
        let value = treated(&path, class, value, treatment);
        event = event.with(path, Some(class), value);
    }
    if !parts.problems.is_empty() {
        // Whatever nobody has classified is compared as it is, to the last byte.
        event = event.with("unclassified", None, Value::Bytes(raw(seen)));
    }
    event
}

/// What a sight consists of, and what is wrong with that.
fn parts(seen: &Seen, surfaces: &Surfaces) -> surfaces::Seen {
    match &seen.sight {
        Sight::Frame(bytes) => frame(seen, surfaces, bytes),
        Sight::Request(request) => {
            let mut parts = leaves([
                ("path", DataClass::BusinessAddress, request.path.clone()),
                ("authorization", DataClass::Secret, request.authorization.clone().unwrap_or_default()),
            ]);
            parts.leaves.push(Leaf {
                path: "body".into(),
                class: DataClass::Content,
                value: surfaces::Value::Bytes(request.body.to_vec()),
            });
            parts
        }
        Sight::Response(response) => {
            let headers = response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            let http = http(Direction::Response, headers.collect(), &response.body);
            let mut parts = surfaces.http(&http);
            parts
                .leaves
                .extend(leaves([("status", DataClass::Statistic, response.status.to_string())]).leaves);
            parts
        }
        Sight::Webhook(post) => {
            let headers =
                [("x-hub-signature", &post.signature), ("x-hub-signature-256", &post.signature_256)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.clone())).to_vec();
            let mut parts = surfaces.http(&http(Direction::Webhook, headers, &post.body));
            parts.leaves.extend(leaves([("url", DataClass::BusinessAddress, post.url.clone())]).leaves);
            parts
        }
        Sight::Status(status) => leaves([("status", DataClass::Timing, status.to_string())]),
        Sight::Text(shown) => leaves([("text", DataClass::Content, shown.clone())]),
        Sight::Notice(line) => leaves([("line", DataClass::Statistic, line.clone())]),
    }
}

fn leaves<const N: usize>(parts: [(&str, DataClass, String); N]) -> surfaces::Seen {
    let leaf = |(path, class, value): (&str, _, _)| Leaf {
        path: path.to_owned(),
        class,
        value: surfaces::Value::Text(value),
    };
    surfaces::Seen { leaves: parts.map(leaf).into(), problems: Vec::new() }
}

fn http(direction: Direction, headers: Vec<(String, String)>, body: &[u8]) -> HttpMessage<'_> {
    HttpMessage { direction, headers, registered_query: "", query: "", body }
}

const TO_RELAY: &str = "blindpost.transport.ToRelay";
const TO_ENDPOINT: &str = "blindpost.transport.ToEndpoint";
const CIPHERTEXT: &str = "blindpost.transport.Envelope.ciphertext";
const RATCHET_MESSAGE: &str = "blindpost.signal.v1.SignalMessage";
const PREKEY_MESSAGE: &str = "blindpost.signal.v1.PreKeySignalMessage";
const WITHIN_PREKEY_MESSAGE: &str = "blindpost.signal.v1.PreKeySignalMessage.message";

/// Length and version before the message of a frame: `wire::Frame`.
const FRAME_HEADER: usize = 5;

/// The version before a ratchet message, and the MAC after it.
const VERSION: usize = 1;
const MAC: usize = 8;

/// The numbers of one-time prekeys: four bytes, whichever it is.
const FIRST_PREKEY_ID: i128 = 1 << 21;
const LAST_PREKEY_ID: i128 = (1 << 24) - 1;

fn frame(seen: &Seen, surfaces: &Surfaces, bytes: &[u8]) -> surfaces::Seen {
    let (principal, message) = match seen.party.kind() {
        Kind::Relay => (Principal::Transport, TO_RELAY),
        _ => (principal(&seen.party.to_string()), TO_ENDPOINT),
    };
    let mut parts = surfaces.frame(principal, message, bytes.get(FRAME_HEADER..).unwrap_or_default());
    let ciphertexts: Vec<Vec<u8>> =
        parts.leaves.iter().filter_map(|leaf| bytes_at(leaf, CIPHERTEXT)).collect();
    for ciphertext in ciphertexts {
        parts.leaves.extend(headers(surfaces, &ciphertext));
    }
    parts
}

/// The places of a sight and their values.
pub(crate) fn leaves_of(seen: &Seen, surfaces: &Surfaces) -> Vec<(String, surfaces::Value)> {
    parts(seen, surfaces).leaves.into_iter().map(|leaf| (leaf.path, leaf.value)).collect()
}

/// What whoever carries a ratchet message can read of it: keys and counters.
fn headers(surfaces: &Surfaces, ciphertext: &[u8]) -> Vec<Leaf> {
    let ratchet = |bytes: &[u8]| {
        let inside = bytes.get(VERSION..bytes.len().saturating_sub(MAC)).unwrap_or_default();
        surfaces.frame(Principal::Transport, RATCHET_MESSAGE, inside)
    };
    let read = ratchet(ciphertext);
    if read.problems.is_empty() && !read.leaves.is_empty() {
        return read.leaves;
    }
    let prekey =
        surfaces.frame(Principal::Transport, PREKEY_MESSAGE, ciphertext.get(VERSION..).unwrap_or_default());
    let within = prekey.leaves.iter().find_map(|leaf| bytes_at(leaf, WITHIN_PREKEY_MESSAGE));
    let within = within.map(|bytes| ratchet(&bytes).leaves).unwrap_or_default();
    prekey.leaves.into_iter().chain(within).collect()
}

fn bytes_at(leaf: &Leaf, path: &str) -> Option<Vec<u8>> {
    match &leaf.value {
        surfaces::Value::Bytes(bytes) if leaf.path == path => Some(bytes.clone()),
        _ => None,
    }
}

/// What is random whatever is said is masked, and what is drawn anew may have other names.
fn treated(path: &str, class: DataClass, value: surfaces::Value, treatment: Treatment) -> Value {
    let value = match value {
        surfaces::Value::Bytes(bytes) => Value::Bytes(bytes),
        surfaces::Value::Text(text) => Value::Text(text),
        surfaces::Value::Number(number) => Value::Number(number),
        surfaces::Value::Flag(flag) => Value::Number(i128::from(flag)),
    };
    // A ciphertext; what is inside of it.
    if class == DataClass::PaddedSize && matches!(value, Value::Bytes(_)) {
        return value.masked();
    }
    if treatment == Treatment::Exact {
        return value;
    }
    match (class, &value) {
        // Which of the numbers of one-time prekeys comes is drawn; how long it is is not.
        (DataClass::PublicKey | DataClass::Routing, Value::Number(FIRST_PREKEY_ID..=LAST_PREKEY_ID))
            if path.ends_with("id") =>
        {
            value.masked()
        }
        (DataClass::PublicKey, Value::Bytes(_)) => value.masked(),
        (DataClass::Routing, Value::Bytes(_)) if path.ends_with("id") => value.fresh(),
        // A position's name is made of the ids before it (docs/decisions/0029).
        (DataClass::Routing, Value::Number(_)) if path.ends_with(".name") || path.ends_with(".published") => {
            value.fresh()
        }
        // A signature is over names that may be others.
        _ if path.starts_with("header x-hub-signature") => value.masked(),
        _ if path.ends_with(".conversation.id") => value.fresh(),
        (_, Value::Text(text)) if text.starts_with("wamid.") => value.fresh(),
        _ => value,
    }
}

/// Counts what everybody saw by its labels, and reports what has none or is in the wrong hands.
pub(crate) fn count(played: &Performance, surfaces: &Surfaces, matrix: &mut Matrix) {
    let mut counts: BTreeMap<(Principal, DataClass), u64> = BTreeMap::new();
    let mut problems = BTreeSet::new();
    for seen in &played.seen.seen {
        let parts = parts(seen, surfaces);
        problems.extend(parts.problems.into_iter().map(|problem| (receiver(seen), problem.to_string())));
        for (name, view) in eyes(seen) {
            for part in &parts.leaves {
                if view != PACKETS && part.class != DataClass::Structure {
                    *counts.entry((principal(&name), part.class)).or_default() += 1;
                }
            }
        }
    }
    for (who, rows) in played.disks.iter().chain(&played.devices) {
        let principal = principal(&who.to_string());
        for row in rows {
            matrix.seen(principal, surfaces.row(principal, row.table.name(), &row.key, &row.value));
        }
    }
    for (principal, what) in problems {
        matrix.leak(Leak { layer: "label", principal: principal.name().into(), class: None, what });
    }
    for ((principal, class), values) in counts {
        matrix.values(principal, class, values);
    }
}

fn receiver(seen: &Seen) -> Principal {
    principal(&seen.party.to_string())
}

/// The bytes of a sight.
pub(crate) fn raw(seen: &Seen) -> Vec<u8> {
    let lines = |lines: &[&[u8]]| lines.join(&b'\n');
    match &seen.sight {
        Sight::Frame(bytes) => bytes.to_vec(),
        Sight::Request(request) => lines(&[
            request.path.as_bytes(),
            request.authorization.as_deref().unwrap_or_default().as_bytes(),
            &request.body,
        ]),
        Sight::Response(response) => {
            let headers = response.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let head: String = std::iter::once(format!("{}\n", response.status)).chain(headers).collect();
            lines(&[head.as_bytes(), &response.body])
        }
        Sight::Webhook(post) => lines(&[
            post.url.as_bytes(),
            post.signature_256.as_bytes(),
            post.signature.as_bytes(),
            &post.body,
        ]),
        Sight::Status(status) => status.to_string().into_bytes(),
        Sight::Text(text) | Sight::Notice(text) => text.clone().into_bytes(),
    }
}
