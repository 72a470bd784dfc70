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
use scenario::Fault;
use std::collections::BTreeSet;
use std::time::Duration;
use world::{Cast, Heard, Rehearsal, Who};

const MESSAGES: usize = 3;
const BUSINESS: Who = Who::business(0);
const CONSUMER: Who = Who::consumer(0);

/// A conversation of `MESSAGES` messages that are echoed, in which `party` fails after `effects`.
fn converse(party: Who, effects: u32) -> Rehearsal {
    let mut rehearsal = rehearse(11, 1, Vec::new());
    rehearsal.loses_power_after(party, effects);
    for message in 0..MESSAGES {
        rehearsal.says(BUSINESS, CONSUMER, &format!("message {message}"));
        rehearsal.run_for(Duration::from_millis(150));
    }
    rehearsal.run_for(Duration::from_secs(60));
    rehearsal
}

/// Consumers whose apps echo what they show.
fn rehearse(seed: u64, consumers: u32, faults: Vec<Fault>) -> Rehearsal {
    Rehearsal::new(Cast { seed, consumers, apps_answer: Reply::Echo, faults, ..Cast::default() }).unwrap()
}

fn check(rehearsal: &Rehearsal, context: &str) {
    // No machine refused to start, no disk a transaction, and no webhook was forged.
    assert_eq!(rehearsal.violations(), [], "{context}");
    assert_eq!(rehearsal.refused(), [], "{context}");

    // Shown: once each, and in any case what the API has accepted. A call whose answer was lost in the crash
    // may have been accepted too.
    let shown: Vec<_> = rehearsal.shown(CONSUMER).to_vec();
    let once: BTreeSet<_> = shown.iter().collect();
    assert_eq!(once.len(), shown.len(), "{context}: shown twice: {shown:?}");
    assert!(
        shown.len() >= rehearsal.accepted().len(),
        "{context}: accepted {:?}, shown {shown:?}",
        rehearsal.accepted()
    );

    // Each accepted message was sent, delivered and read, as far as the business knows.
    let events: BTreeSet<_> = rehearsal.heard().iter().cloned().collect();
    for id in rehearsal.accepted() {
        for status in ["sent", "delivered", "read"] {
            let event = Heard::Status { id: id.clone(), status: status.into() };
            assert!(events.contains(&event), "{context}: no `{status}`");
        }
    }

    // Each message that was shown was answered, once: the same event may come again, another may not.
    let answers: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Heard::Message { text, .. } => Some(text.clone()),
            Heard::Status { .. } => None,
        })
        .collect();
    let mut expected = shown;
    expected.sort();
    let mut answers = answers;
    answers.sort();
    assert_eq!(answers, expected, "{context}: answers");
}

fn sweep(party: Who) {
    let mut crashed_in_time = 0;
    for effects in 0..90 {
        let rehearsal = converse(party, effects);
        check(&rehearsal, &format!("{party:?} after {effects} effects"));
        crashed_in_time += 1;
    }
    assert_eq!(crashed_in_time, 90);
}

#[test]
fn persist_before_promise_at_the_relay() {
    sweep(Who::relay(0));
}

#[test]
fn persist_before_promise_at_the_node() {
    sweep(Who::node(0));
}

#[test]
fn persist_before_promise_at_the_consumer() {
    sweep(CONSUMER);
}

#[test]
fn a_webhook_outage_loses_nothing() {
    let (from, until) = (scenario::Duration::from_secs(0), scenario::Duration::from_secs(400));
    let outage = Fault::WebhookOutage { business: "business".into(), from, until };
    let mut rehearsal = rehearse(12, 2, vec![outage]);
    rehearsal.says(BUSINESS, CONSUMER, "message 0");
    rehearsal.run_for(Duration::from_secs(10));
    assert_eq!(rehearsal.heard(), []);
    rehearsal.loses_power(Who::node(0));
    rehearsal.run_for(Duration::from_secs(3600));
    assert_eq!(rehearsal.accepted().len(), 1);
    check(&rehearsal, "after the outage");
}

#[test]
fn everybody_can_fail_at_once() {
    let mut rehearsal = rehearse(13, 1, Vec::new());
    for message in 0..MESSAGES {
        rehearsal.says(BUSINESS, CONSUMER, &format!("message {message}"));
        rehearsal.run_for(Duration::from_millis(40));
        [Who::relay(0), Who::node(0), CONSUMER].into_iter().for_each(|who| rehearsal.loses_power(who));
        rehearsal.run_for(Duration::from_millis(700));
    }
    rehearsal.run_for(Duration::from_secs(60));
    check(&rehearsal, "all at once");
}
