//! What every run must keep, whatever goes wrong in it: the invariants of `docs/architecture.md`, looked at from outside.

use crate::messages::{Message, Messages};
use kernel::Time;
use privacy::{Canary, DataClass, Scanner};
use ratchet::{KeyUse, MessageKind};
use std::collections::BTreeMap;
use wire::{Address, Envelope, EnvelopeKind};
use world::{Kind, Restore, Simulation, Stage, Violation, Who};

/// One broken promise: the invariant, and what happened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    /// The invariant's name.
    pub invariant: String,
    /// What happened.
    pub what: String,
}

impl Broken {
    fn new(invariant: &str, what: String) -> Self {
        Self { invariant: invariant.into(), what }
    }
}

impl From<&Violation> for Broken {
    fn from(violation: &Violation) -> Self {
        Self { invariant: violation.invariant.into(), what: format!("{}: {}", violation.who, violation.what) }
    }
}

/// `exactly_once_to_the_person`: nothing is read twice, and what was accepted is read unless its sender has heard that
/// it will not be. For a run that had time to settle. What an end did after the copy was made that it was put back to, nobody
/// knows but its peers: of messages that were under way in between nothing is promised.
pub(crate) fn exactly_once(messages: &Messages, run: &Simulation) -> impl Iterator<Item = Broken> {
    let end = |who: Who| if who.kind() == Kind::Business { run.node_of(who) } else { who };
    let forgotten = move |message: &Message| {
        let Some(sent) = message.sent else { return false };
        let ends = [end(sent.from), end(sent.to)];
        run.restores().any(|(who, Restore { copied, at, .. })| {
            let known = |stage| message.at(stage).is_some_and(|at| at < copied.as_micros());
            let settled = known(Stage::Shown) && known(Stage::Delivered);
            ends.contains(&who) && sent.created <= at && !settled
        })
    };
    messages.iter().filter(move |(_, message)| !forgotten(message)).filter_map(|(id, message)| {
        let accepted = message.at(Stage::Accepted).is_some();
        let from_business = message.sent.is_some_and(|sent| sent.from.kind() == Kind::Business);
        let wrong = match message.shown {
            0 if message.at(Stage::Failed).is_some() => return None,
            0 if accepted => "was accepted and never read",
            // A business's webhooks come at least once; an app shows what it knows, and a crash may take that away.
            0 | 1 if from_business && accepted && message.at(Stage::Delivered).is_none() => {
                "was read, and its business never heard that it arrived"
            }
            0 | 1 => return None,
            _ => "was read more than once",
        };
        let parties = message.sent.map(|sent| format!(" from {} to {}", sent.from, sent.to));
        let what = format!("message {id:016x}{} {wrong}", parties.unwrap_or_default());
        Some(Broken::new("exactly_once_to_the_person", what))
    })
}

/// `persist_before_promise`, as the other end sees it: who has heard that something is durable never finds that it was forgotten,
/// unless one of the two was put back. Nothing need be lost by it, since both start over; it is broken all the same.
pub(crate) fn no_past_is_lost(
    started_over: &[(Time, Who)],
    run: &Simulation,
) -> impl Iterator<Item = Broken> {
    let put_back = |who: Who, by: Time| {
        run.restores()
            .any(|(other, restore)| restore.at <= by && (other == who || other.kind() == Kind::Relay))
    };
    started_over.iter().filter(move |(at, who)| !put_back(*who, *at)).map(|(_, who)| {
        let what = format!("{who} and its relay have different pasts, and neither was put back");
        Broken::new("persist_before_promise", what)
    })
}

/// `ratchet_never_rolls_back`: no two different messages that a relay has made durable claim the same message key. Of one that
/// it forgot when its power failed, a sender that is put back to before it can't know.
#[derive(Default)]
pub(crate) struct KeyUses {
    uses: BTreeMap<(Address, Address, Vec<u8>, u32), Vec<u8>>,
}

impl KeyUses {
    pub(crate) fn add(&mut self, envelope: &Envelope) -> Option<Broken> {
        let broken = |what: String| Some(Broken::new("ratchet_never_rolls_back", what));
        let kind = match envelope.kind {
            EnvelopeKind::Ratchet => MessageKind::Ratchet,
            EnvelopeKind::Prekey => MessageKind::Prekey,
            _ => return None,
        };
        let Ok(used) = KeyUse::of(kind, &envelope.ciphertext) else {
            return broken("an envelope holds no message".into());
        };
        let key = (envelope.from, envelope.to, used.ratchet_key.to_bytes().to_vec(), used.counter);
        match self.uses.insert(key, used.message.to_vec()) {
            Some(before) if before != *used.message => {
                broken(format!("two messages are encrypted with the key of counter {}", used.counter))
            }
            _ => None,
        }
    }
}

/// `relay_cannot_link_plaintext` and `retention_is_destruction`, as far as a run can show them: no text is in what the
/// relay takes, and none that has arrived is on the disk of a relay or node.
pub(crate) fn no_text_is_left(
    run: &mut Simulation,
    texts: &[(Who, u64, String)],
    envelopes: &[Envelope],
) -> Vec<Broken> {
    // What was shown twice is searched once.
    let long: BTreeMap<u64, &str> = texts
        .iter()
        .map(|(_, id, text)| (*id, &**text))
        .filter(|(_, text)| text.len() >= LONG_ENOUGH)
        .collect();
    let canaries = long.into_iter().map(|(id, text)| {
        Canary::new(&format!("message {id:016x}"), DataClass::Content, text.as_bytes().to_vec())
    });
    let scanner = match Scanner::new(canaries) {
        Ok(scanner) => scanner,
        Err(error) => return vec![Broken::new("relay_cannot_link_plaintext", error.to_string())],
    };
    let mut broken = Vec::new();
    let mut stream = scanner.view("envelopes");
    for envelope in envelopes {
        let findings = stream.feed(&envelope.ciphertext);
        broken.extend(
            findings.iter().map(|found| Broken::new("relay_cannot_link_plaintext", found.to_string())),
        );
    }
    for who in run.servers() {
        let mut stream = scanner.view(&format!("disk of {who}"));
        for row in run.disk(who) {
            let findings = stream.feed(&row.value);
            broken.extend(
                findings.iter().map(|found| Broken::new("retention_is_destruction", found.to_string())),
            );
        }
    }
    broken
}

/// Shorter texts occur by chance.
const LONG_ENOUGH: usize = 16;
