//! Consumers among themselves: their messages never reach a node.

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

fn world(seed: u64, consumers: u32) -> World {
    let mut world = World::new(&Setup { seed, consumers, reply: Reply::None }).unwrap();
    world.run_for(Duration::from_secs(2));
    world
}

fn texts(world: &World, consumer: usize) -> Vec<String> {
    world.shown(consumer).iter().map(|message| message.text.clone()).collect()
}

#[test]
fn a_conversation_arrives_in_order() {
    let mut world = world(1, 2);
    for index in 0..5 {
        world.consumer_tells(0, 1, &format!("ping {index}"));
        world.consumer_tells(1, 0, &format!("pong {index}"));
        world.run_for(Duration::from_millis(40));
    }
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.faults(), []);
    assert_eq!(texts(&world, 1), (0..5).map(|index| format!("ping {index}")).collect::<Vec<_>>());
    assert_eq!(texts(&world, 0), (0..5).map(|index| format!("pong {index}")).collect::<Vec<_>>());
}

#[test]
fn nothing_is_lost_or_doubled_when_power_fails_between_any_two_effects() {
    for party in [Party::Relay, Party::Consumer(0), Party::Consumer(1)] {
        for effects in 0..40 {
            let mut world = world(2, 2);
            world.crash_after(party, effects);
            for index in 0..4 {
                world.consumer_tells(0, 1, &format!("ping {index}"));
                world.run_for(Duration::from_millis(100));
                world.consumer_tells(1, 0, &format!("pong {index}"));
                world.run_for(Duration::from_millis(100));
            }
            world.run_for(Duration::from_secs(20));
            assert_eq!(world.faults(), [], "{party:?} after {effects}");
            for (reader, word) in [(1, "ping"), (0, "pong")] {
                let mut shown = texts(&world, reader);
                shown.sort();
                let mut once = shown.clone();
                once.dedup();
                assert_eq!(shown, once, "{party:?} after {effects}: shown twice");
                // What was typed while the app had no power was never said.
                let typed_at_down = party != Party::Relay;
                assert!(typed_at_down || shown.len() == 4, "{party:?} after {effects}: {word} {shown:?}");
            }
        }
    }
}
