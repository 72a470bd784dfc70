//! Invariants 3 and 5: nothing that was promised is lost, and nothing is shown twice, wherever power fails.
//!
//! For each party, power fails after its first effect, after its second, and so on: between a transaction
//! and the outputs that it allows, and between any two outputs. Then everything that anybody was promised
//! must come true all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use consumer::Reply;
use std::collections::BTreeSet;
use std::time::Duration;
use world::{BusinessEvent, Party, Setup, World};

const MESSAGES: usize = 3;

/// A conversation of `MESSAGES` messages that are echoed, in which `party` fails after `effects`.
fn converse(party: Party, effects: u64) -> World {
    let mut world = World::new(&Setup { seed: 11, consumers: 1, reply: Reply::Echo }).unwrap();
    world.run_for(Duration::from_secs(2));
    world.crash_after(party, effects);
    for message in 0..MESSAGES {
        world.business_sends(0, &format!("message {message}"));
        world.run_for(Duration::from_millis(150));
    }
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.faults(), [], "{party:?} after {effects}");
    world
}

fn check(world: &World, context: &str) {
    let business = world.business();
    assert_eq!(business.forged, 0, "{context}");
    assert_eq!(business.refused, [], "{context}");

    // Shown: once each, and in any case what the API has accepted. A call whose answer was lost in the crash
    // may have been accepted too.
    let shown: Vec<_> = world.shown(0).iter().map(|message| message.text.clone()).collect();
    let once: BTreeSet<_> = shown.iter().collect();
    assert_eq!(once.len(), shown.len(), "{context}: shown twice: {shown:?}");
    assert!(
        shown.len() >= business.accepted.len(),
        "{context}: accepted {:?}, shown {shown:?}",
        business.accepted
    );

    // Each accepted message was sent, delivered and read, as far as the business knows.
    let events: BTreeSet<_> = business.events.iter().cloned().collect();
    for id in &business.accepted {
        for status in ["sent", "delivered", "read"] {
            let event = BusinessEvent::Status { id: id.clone(), status: status.into() };
            assert!(events.contains(&event), "{context}: no `{status}`");
        }
    }

    // Each message that was shown was answered, once: the same event may come again, another may not.
    let answers: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            BusinessEvent::Message { text, .. } => Some(text.clone()),
            BusinessEvent::Status { .. } => None,
        })
        .collect();
    let mut expected = shown;
    expected.sort();
    let mut answers = answers;
    answers.sort();
    assert_eq!(answers, expected, "{context}: answers");
}

fn sweep(party: Party) {
    let mut crashed_in_time = 0;
    for effects in 0..90 {
        let world = converse(party, effects);
        check(&world, &format!("{party:?} after {effects} effects"));
        crashed_in_time += 1;
    }
    assert_eq!(crashed_in_time, 90);
}

#[test]
fn persist_before_promise_at_the_relay() {
    sweep(Party::Relay);
}

#[test]
fn persist_before_promise_at_the_node() {
    sweep(Party::Node);
}

#[test]
fn persist_before_promise_at_the_consumer() {
    sweep(Party::Consumer(0));
}

#[test]
fn a_webhook_outage_loses_nothing() {
    let mut world = World::new(&Setup { seed: 12, consumers: 2, reply: Reply::Echo }).unwrap();
    world.run_for(Duration::from_secs(2));
    world.webhook_outage(Duration::from_secs(400));
    world.business_sends(0, "message 0");
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.business().events, []);
    world.crash(Party::Node);
    world.run_for(Duration::from_secs(3600));
    check(&world, "after the outage");
}

#[test]
fn everybody_can_fail_at_once() {
    let mut world = World::new(&Setup { seed: 13, consumers: 1, reply: Reply::Echo }).unwrap();
    world.run_for(Duration::from_secs(2));
    for message in 0..MESSAGES {
        world.business_sends(0, &format!("message {message}"));
        world.run_for(Duration::from_millis(40));
        [Party::Relay, Party::Node, Party::Consumer(0)].into_iter().for_each(|party| world.crash(party));
        world.run_for(Duration::from_millis(700));
    }
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.faults(), []);
    check(&world, "all at once");
}
