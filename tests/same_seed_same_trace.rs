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
use world::{Party, Setup, World};

fn trace(seed: u64, consumers: u32, crash: bool) -> ([u8; 32], u64) {
    let mut world = World::new(&Setup { seed, consumers, reply: Reply::Echo }).unwrap();
    world.run_for(Duration::from_secs(2));
    for round in 0..3 {
        for consumer in 0..consumers as usize {
            world.business_sends(consumer, &format!("round {round}"));
        }
        world.run_for(Duration::from_millis(300));
        if crash && round == 1 {
            world.crash(Party::Relay);
        }
    }
    world.run_for(Duration::from_secs(30));
    assert_eq!(world.faults(), []);
    assert_eq!(world.business().accepted.len(), 3 * consumers as usize);
    (world.trace_hash(), world.events())
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
