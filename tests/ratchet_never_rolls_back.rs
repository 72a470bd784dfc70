//! Invariant 4: no message key is used twice, wherever power fails.
//!
//! A ratchet that is restored from a state older than what has left it would encrypt another message with the
//! same key. So of all that leaves an endpoint, whatever has the same ratchet key and counter is the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use consumer::Reply;
use interop::{fields, inner_message};
use ratchet::{Ciphertext, MessageKind};
use scenario::{Fault, Party};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::{Envelope, EnvelopeKind};
use world::{Cast, Rehearsal, Who};

const BUSINESS: Who = Who::business(0);
const CONSUMER: Who = Who::consumer(0);

/// What a message key is for: sender's ratchet key, counter.
type KeyUse = (Vec<u8>, Vec<u8>);

#[test]
fn no_message_key_is_used_twice_wherever_the_node_fails() {
    sweep(Who::node(0), &[cut_off(Party::Nodes)]);
}

#[test]
fn no_message_key_is_used_twice_wherever_the_consumer_fails() {
    sweep(CONSUMER, &[cut_off(Party::Consumers)]);
}

/// A relay that fails makes the endpoints send again.
#[test]
fn no_message_key_is_used_twice_wherever_the_relay_fails() {
    sweep(Who::relay(0), &[]);
}

/// What is on its way for longer than a connection lives is lost, and sent again.
fn cut_off(party: Party) -> Fault {
    let (from, until) = (scenario::Duration::from_millis(200), scenario::Duration::from_secs(45));
    Fault::Partition { party, from, until }
}

fn sweep(party: Who, faults: &[Fault]) {
    let mut repeated = 0;
    for effects in 0..60 {
        let cast = Cast {
            seed: 21,
            consumers: 1,
            apps_answer: Reply::Echo,
            faults: faults.to_vec(),
            ..Cast::default()
        };
        let mut rehearsal = Rehearsal::new(cast).unwrap();
        rehearsal.loses_power_after(party, effects);
        for message in 0..4 {
            // Of other lengths and texts, so that the same key would give other bytes.
            rehearsal.says(BUSINESS, CONSUMER, &format!("message {message} {}", "x".repeat(message)));
            rehearsal.says(CONSUMER, BUSINESS, &format!("question {message}"));
            rehearsal.run_for(Duration::from_millis(90));
        }
        rehearsal.run_for(Duration::from_secs(90));
        let sent: Vec<Ciphertext> = rehearsal.submissions().iter().filter_map(ciphertext).collect();
        assert!(sent.len() >= 8, "{party:?} after {effects}: {} messages", sent.len());
        let uses = key_uses(&sent).unwrap_or_else(|twice| panic!("{party:?} after {effects}: {twice}"));
        repeated += sent.len() - uses.len();
    }
    assert!(repeated > 0, "nothing was ever sent again, so nothing was tried");
}

/// A check that finds nothing proves nothing.
#[test]
fn a_state_that_was_rolled_back_is_noticed() {
    let mut rehearsal = Rehearsal::new(Cast { seed: 22, consumers: 1, ..Cast::default() }).unwrap();
    rehearsal.says(BUSINESS, CONSUMER, "one");
    rehearsal.run_for(Duration::from_secs(2));
    let genuine: Vec<Ciphertext> = rehearsal.submissions().iter().filter_map(ciphertext).collect();
    assert!(key_uses(&genuine).is_ok());

    let mut again = genuine[0].clone();
    let inner = inner_message(&again).unwrap();
    let text = fields(MessageKind::Ratchet, &again.bytes[inner.clone()])
        .into_iter()
        .find(|field| field.number == 4)
        .unwrap();
    again.bytes[inner.start + text.value.start] ^= 1;
    assert!(key_uses(&[genuine[0].clone(), again]).is_err());
}

/// Which keys were used, if none was for two messages.
fn key_uses(sent: &[Ciphertext]) -> Result<BTreeMap<KeyUse, Vec<u8>>, String> {
    let mut uses = BTreeMap::new();
    for message in sent {
        let inner = &message.bytes[inner_message(message).unwrap()];
        let fields = fields(MessageKind::Ratchet, inner);
        let value = |number: u64| {
            let field = fields.iter().find(|field| field.number == number).unwrap();
            inner[field.value.clone()].to_vec()
        };
        let key = (value(1), value(2));
        if let Some(before) = uses.insert(key.clone(), inner.to_vec())
            && before != inner
        {
            return Err(format!(
                "two messages with ratchet key {:02x?}.. and counter {:?}",
                &key.0[1..5],
                key.1
            ));
        }
    }
    Ok(uses)
}

fn ciphertext(envelope: &Envelope) -> Option<Ciphertext> {
    let kind = match envelope.kind {
        EnvelopeKind::Ratchet => MessageKind::Ratchet,
        EnvelopeKind::Prekey => MessageKind::Prekey,
        _ => return None,
    };
    Some(Ciphertext { kind, bytes: envelope.ciphertext.to_vec() })
}
