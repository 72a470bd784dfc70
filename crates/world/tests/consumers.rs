//! Consumers among themselves: their messages never reach a node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use std::time::Duration;
use world::{Cast, Kind, Rehearsal, Who};

const ONE: Who = Who::consumer(0);
const OTHER: Who = Who::consumer(1);

fn two_consumers(seed: u64) -> Rehearsal {
    Rehearsal::new(Cast { seed, consumers: 2, ..Cast::default() }).unwrap()
}

#[test]
fn a_conversation_arrives_in_order() {
    let mut rehearsal = two_consumers(1);
    for index in 0..5 {
        rehearsal.says(ONE, OTHER, &format!("ping {index}"));
        rehearsal.says(OTHER, ONE, &format!("pong {index}"));
        rehearsal.run_for(Duration::from_millis(40));
    }
    rehearsal.run_for(Duration::from_secs(5));
    assert_eq!(rehearsal.violations(), []);
    assert_eq!(rehearsal.shown(OTHER), (0..5).map(|index| format!("ping {index}")).collect::<Vec<_>>());
    assert_eq!(rehearsal.shown(ONE), (0..5).map(|index| format!("pong {index}")).collect::<Vec<_>>());
}

#[test]
fn nothing_is_lost_or_doubled_when_power_fails_between_any_two_effects() {
    for party in [Who::relay(0), ONE, OTHER] {
        for effects in 0..40 {
            let mut rehearsal = two_consumers(2);
            rehearsal.loses_power_after(party, effects);
            for index in 0..4 {
                rehearsal.says(ONE, OTHER, &format!("ping {index}"));
                rehearsal.run_for(Duration::from_millis(100));
                rehearsal.says(OTHER, ONE, &format!("pong {index}"));
                rehearsal.run_for(Duration::from_millis(100));
            }
            rehearsal.run_for(Duration::from_secs(20));
            assert_eq!(rehearsal.violations(), [], "{party} after {effects}");
            for (reader, word) in [(OTHER, "ping"), (ONE, "pong")] {
                let mut shown = rehearsal.shown(reader).to_vec();
                shown.sort();
                let mut once = shown.clone();
                once.dedup();
                assert_eq!(shown, once, "{party} after {effects}: shown twice");
                // What was typed while the app had no power was never said.
                let typed_at_down = party.kind() != Kind::Relay;
                assert!(typed_at_down || shown.len() == 4, "{party} after {effects}: {word} {shown:?}");
            }
        }
    }
}
