//! What each principal sees of a message, as numbers.
//!
//! Always the worst case: whoever looks knows already which packets and envelopes belong together, and when the message was
//! written; only the secret is not known.

use super::Secret;
use super::run::{Happened, Message, Passed};
use kernel::Time;
use privacy::Principal;
use privacy::leak::{Column, Kind, SampleError, Samples};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use world::Who;

/// Whose views can be asked about.
pub const VIEWS: [Principal; 5] =
    [Principal::Network, Principal::Transport, Principal::Cloud, Principal::Business, Principal::Operator];

/// So long after a message what comes back is taken for an answer to it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(900);

/// What stands for never, in seconds: longer than anything that is waited for.
const NEVER_S: f64 = 86_400.0;

/// There is no view of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no view `{0}`")]
pub struct UnknownView(pub String);

/// The principal of this name, if its view can be asked about.
///
/// # Errors
/// [`UnknownView`] with the name.
pub fn view(name: &str) -> Result<Principal, UnknownView> {
    let known = Principal::parse(name).filter(|principal| VIEWS.contains(principal));
    known.ok_or_else(|| UnknownView(name.to_owned()))
}

/// Which part of a view is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// How much passed.
    Size,
    /// When.
    Timing,
    /// Both.
    All,
}

impl Observe {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Size, Self::Timing, Self::All];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Timing => "timing",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Observe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Observe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What dashboards show.
const DASHBOARD: [&str; 5] = [
    "consumers online",
    "messages on their way",
    "messages that consumers do not have yet",
    "messages not settled",
    "webhooks not acknowledged",
];

/// The secret of each message, with what the principal sees of it.
pub(super) fn samples(
    happened: &Happened,
    secret: Secret,
    principal: Principal,
    observe: Observe,
) -> Result<Samples, SampleError> {
    let sizes = match observe {
        Observe::Timing => vec![],
        Observe::Size | Observe::All => sizes(secret, principal),
    };
    let times = match observe {
        Observe::Size => vec![],
        Observe::Timing | Observe::All => times(principal),
    };
    let columns = |names: &[&'static str], kind| -> Vec<Column> {
        names.iter().map(|name| Column { name, kind }).collect()
    };
    let all = [columns(&sizes, Kind::Discrete), columns(&times, Kind::Continuous)].concat();
    let mut samples = Samples::new(all);
    for message in &happened.messages {
        let around = Around::of(happened, message);
        let seen = sizes.iter().chain(&times).map(|name| around.value(happened, message, name)).collect();
        samples.push(&message.secret, seen)?;
    }
    Ok(samples)
}

/// The sizes that a principal sees.
fn sizes(secret: Secret, principal: Principal) -> Vec<&'static str> {
    // A read receipt would be in what comes back.
    match (principal, secret) {
        (Principal::Network, Secret::Read) => vec![WIRE_BYTES_BACK],
        (Principal::Transport, Secret::Read) => vec![CIPHERTEXT_BYTES_BACK],
        (Principal::Network, _) => vec![WIRE_BYTES],
        (Principal::Transport, _) => vec![CIPHERTEXT_BYTES, PREKEY],
        (Principal::Cloud, _) => vec![TEXT_BYTES, CIPHERTEXT_BYTES],
        (Principal::Business, _) => vec![TEXT_BYTES],
        // Bytes are counted for the bill, by business and period.
        _ => vec![],
    }
}

/// The times that a principal sees.
fn times(principal: Principal) -> Vec<&'static str> {
    match principal {
        Principal::Network => vec![UNTIL_ARRIVAL, UNTIL_BACK, UNTIL_LAST_BACK],
        Principal::Transport => vec![UNTIL_ACKNOWLEDGED, UNTIL_BACK, UNTIL_LAST_BACK],
        // The node sees what it tells the business.
        Principal::Cloud | Principal::Business => vec![UNTIL_DELIVERED, UNTIL_READ],
        _ => DASHBOARD.to_vec(),
    }
}

const WIRE_BYTES: &str = "bytes of packets";
const WIRE_BYTES_BACK: &str = "bytes of the first packets back";
const CIPHERTEXT_BYTES: &str = "bytes of ciphertext";
const CIPHERTEXT_BYTES_BACK: &str = "bytes of the first ciphertext back";
const PREKEY: &str = "begins a session";
const TEXT_BYTES: &str = "bytes of text";
const UNTIL_ARRIVAL: &str = "seconds until it arrives (log10)";
const UNTIL_ACKNOWLEDGED: &str = "seconds until it is acknowledged (log10)";
const UNTIL_BACK: &str = "seconds until something comes back (log10)";
const UNTIL_LAST_BACK: &str = "seconds until the last that comes back (log10)";
const UNTIL_DELIVERED: &str = "seconds until it is delivered (log10)";
const UNTIL_READ: &str = "seconds until it is read (log10)";

/// What passed around a message between the same two.
struct Around<'a> {
    /// What came back before the next message, and soon enough to belong to this one.
    back: &'a [Passed],
}

impl<'a> Around<'a> {
    fn of(happened: &'a Happened, message: &Message) -> Self {
        let of = |pair| happened.envelopes.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let after = |passed: &'a [Passed]| {
            passed.get(passed.partition_point(|passed| passed.at <= message.passed.at)..).unwrap_or_default()
        };
        // Not the next envelope that way: a read receipt of the answer is one too.
        let texts = happened.texts.get(&(message.from, message.to)).map(Vec::as_slice).unwrap_or_default();
        let next = texts.get(texts.partition_point(|at| *at <= message.passed.at)).copied();
        let late = message.passed.at + ANSWERS_WITHIN;
        let until = next.map_or(late, |next| next.min(late));
        let back = after(of((message.to, message.from)));
        Self { back: back.get(..back.partition_point(|passed| passed.at < until)).unwrap_or_default() }
    }

    fn value(&self, happened: &Happened, message: &Message, name: &'static str) -> f64 {
        let seconds = |from: Time, to: Option<Time>| {
            let seconds = to.map_or(NEVER_S, |to| to.since(from).as_secs_f64());
            libm::log10(seconds.clamp(0.001, NEVER_S))
        };
        let passed = message.passed;
        let endpoint =
            if message.to.kind() == world::Kind::Business { happened.node } else { Some(message.to) };
        let at = |times: &BTreeMap<Who, Vec<Time>>, from: Time| {
            let times = times.get(&endpoint?)?;
            times.get(times.partition_point(|at| *at < from)).copied()
        };
        match name {
            WIRE_BYTES => f64::from(passed.wire_bytes),
            WIRE_BYTES_BACK => self.back.first().map_or(0.0, |back| f64::from(back.wire_bytes)),
            CIPHERTEXT_BYTES => f64::from(passed.bytes),
            CIPHERTEXT_BYTES_BACK => self.back.first().map_or(0.0, |back| f64::from(back.bytes)),
            PREKEY => f64::from(u8::from(passed.prekey)),
            TEXT_BYTES => f64::from(message.text_bytes),
            UNTIL_ARRIVAL => seconds(passed.at, at(&happened.arrived, passed.at)),
            // An app acknowledges after it has shown; a node acknowledges before the webhook.
            UNTIL_ACKNOWLEDGED => {
                let from = if message.to.kind() == world::Kind::Consumer { message.shown } else { passed.at };
                seconds(passed.at, at(&happened.acknowledged, from))
            }
            UNTIL_BACK => seconds(passed.at, self.back.first().map(|back| back.at)),
            UNTIL_LAST_BACK => seconds(passed.at, self.back.last().map(|back| back.at)),
            UNTIL_DELIVERED => seconds(message.created, message.delivered),
            UNTIL_READ => seconds(message.created, message.read),
            dashboard => {
                let next = happened.dashboard.range(message.created..).next();
                next.and_then(|(_, shown)| shown.get(dashboard)).map_or(0.0, |value| *value as f64)
            }
        }
    }
}
