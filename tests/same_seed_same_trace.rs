//! Invariant 8: same version, scenario and seed give the same trace hash.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use consumer::Reply;
use std::time::Duration;
use world::{Cast, Rehearsal, Who};

fn trace(seed: u64, consumers: u32, crash: bool) -> ([u8; 32], u64) {
    let cast = Cast { seed, consumers, apps_answer: Reply::Echo, ..Cast::default() };
    let mut rehearsal = Rehearsal::new(cast).unwrap();
    for round in 0..3 {
        for consumer in 0..consumers {
            rehearsal.says(Who::business(0), Who::consumer(consumer), &format!("round {round}"));
        }
        rehearsal.run_for(Duration::from_millis(300));
        if crash && round == 1 {
            rehearsal.loses_power(Who::relay(0));
        }
    }
    rehearsal.run_for(Duration::from_secs(30));
    assert_eq!(rehearsal.violations(), []);
    assert_eq!(rehearsal.accepted().len(), 3 * consumers as usize);
    rehearsal.trace()
}

#[test]
fn same_seed_same_trace() {
    let (hash, events) = trace(7, 4, true);
    assert!(events > 200, "only {events} events: nothing much happened");
    assert_eq!(trace(7, 4, true), (hash, events));
}

#[test]
fn anything_else_another_trace() {
    let (hash, _) = trace(7, 4, true);
    assert_ne!(trace(8, 4, true).0, hash, "another seed");
    assert_ne!(trace(7, 5, true).0, hash, "another consumer");
    assert_ne!(trace(7, 4, false).0, hash, "no crash");
}
