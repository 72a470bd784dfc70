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
use std::collections::BTreeMap;
use std::time::Duration;
use wire::{Envelope, EnvelopeKind};
use world::{Party, Setup, World};

/// What a message key is for: sender's ratchet key, counter.
type KeyUse = (Vec<u8>, Vec<u8>);

#[test]
fn no_message_key_is_used_twice_wherever_the_node_fails() {
    sweep(Party::Node);
}

#[test]
fn no_message_key_is_used_twice_wherever_the_consumer_fails() {
    sweep(Party::Consumer(0));
}

/// A relay that fails makes the endpoints send again.
#[test]
fn no_message_key_is_used_twice_wherever_the_relay_fails() {
    sweep(Party::Relay);
}

fn sweep(party: Party) {
    let mut repeated = 0;
    for effects in 0..60 {
        let mut world = World::new(&Setup { seed: 21, consumers: 1, reply: Reply::Echo }).unwrap();
        world.run_for(Duration::from_secs(2));
        world.crash_after(party, effects);
        for message in 0..4 {
            // Of other lengths and texts, so that the same key would give other bytes.
            world.business_sends(0, &format!("message {message} {}", "x".repeat(message)));
            world.consumer_says(0, &format!("question {message}"));
            world.run_for(Duration::from_millis(90));
        }
        world.run_for(Duration::from_secs(30));
        let sent: Vec<Ciphertext> = world.submitted().iter().filter_map(ciphertext).collect();
        assert!(sent.len() >= 8, "{party:?} after {effects}: {} messages", sent.len());
        let uses = key_uses(&sent).unwrap_or_else(|twice| panic!("{party:?} after {effects}: {twice}"));
        repeated += sent.len() - uses.len();
    }
    assert!(repeated > 0, "nothing was ever sent again, so nothing was tried");
}

/// A check that finds nothing proves nothing.
#[test]
fn a_state_that_was_rolled_back_is_noticed() {
    let mut world = World::new(&Setup { seed: 22, consumers: 1, reply: Reply::None }).unwrap();
    world.run_for(Duration::from_secs(2));
    world.business_sends(0, "one");
    world.run_for(Duration::from_secs(2));
    let genuine: Vec<Ciphertext> = world.submitted().iter().filter_map(ciphertext).collect();
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
