//! A scenario's run: the same on any number of threads, nothing lost, nothing twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use world::{Keep, Kind, Observations, Options, PublicKeys, Simulation, Stage};

const SHOP: &str = r#"
version = 1
name = "shop"
duration = "10min"

[[consumers]]
name = "people"
count = 30
reply = { probability = "40%" }

[[businesses]]
name = "shop"
count = 4
reply = { probability = "50%" }

[[traffic]]
from = "shop"
to = "people"
rate = "20/h per consumer"

[[traffic]]
from = "people"
to = "people"
rate = "5/h per consumer"

[[traffic]]
from = "people"
to = "shop"
rate = "5/h per consumer"
turns = { kind = "geometric", mean = 3 }

[relay]
count = 2

[node]
count = 2
"#;

fn run(scenario: &str, seed: u64, threads: usize) -> (Observations, ([u8; 32], [u8; 32]), u64) {
    let scenario: Scenario = toml::from_str(scenario).unwrap();
    let threads = NonZeroUsize::new(threads).unwrap();
    let keep = Keep { records: true, envelopes: true, ..Keep::default() };
    let options = Options { keep, threads, ..Options::default() };
    let mut run = Simulation::new(scenario, seed, &options).unwrap();
    let end = run.end();
    run.run_until(end, &AtomicBool::new(false));
    (run.observe(), run.hashes(), run.events())
}

#[test]
fn a_run_is_the_same_on_any_number_of_threads() {
    let (one, hashes, events) = run(SHOP, 7, 1);
    assert!(events > 5_000, "only {events} events");
    for threads in [2, 3] {
        let (many, same, _) = run(SHOP, 7, threads);
        assert_eq!(many.records, one.records);
        assert_eq!(same, hashes, "{threads} threads");
    }
    assert_ne!(run(SHOP, 8, 1).1, hashes, "another seed is another run");
}

#[test]
fn every_message_arrives_once() {
    let (seen, _, _) = run(SHOP, 1, 2);
    assert_eq!(seen.violations, []);
    assert_eq!(seen.refused, 0);
    assert!(seen.sent.len() > 150, "only {} messages", seen.sent.len());
    let mut stages: BTreeMap<u64, Vec<Stage>> = BTreeMap::new();
    seen.progress
        .iter()
        .for_each(|progress| stages.entry(progress.message).or_default().push(progress.stage));
    for sent in &seen.sent {
        let stages = &stages[&sent.message];
        for stage in [Stage::Accepted, Stage::Relayed, Stage::Shown, Stage::Delivered] {
            assert_eq!(stages.iter().filter(|other| **other == stage).count(), 1, "{sent:?}: {stages:?}");
        }
    }
}

#[test]
fn nodes_and_devices_pad_as_they_are_told_to() {
    let lengths = |padding: &str, sender: Kind| {
        let (padded, other) = if sender == Kind::Business { ("node", "device") } else { ("device", "node") };
        let scenario = SHOP.replace("\n[node]\ncount = 2\n", "");
        let scenario =
            format!("{scenario}\n[{padded}]\npadding = \"{padding}\"\n[{other}]\npadding = \"bucket\"\n");
        let (seen, ..) = run(&scenario, 7, 1);
        let of = |kind: Kind| -> BTreeSet<u32> {
            let sent: BTreeSet<u64> =
                seen.sent.iter().filter(|sent| sent.from.kind() == kind).map(|sent| sent.message).collect();
            let submitted = seen.submitted.iter().filter(|submitted| sent.contains(&submitted.message));
            submitted.map(|submitted| submitted.padded_bytes).collect()
        };
        let others = of(if sender == Kind::Business { Kind::Consumer } else { Kind::Business });
        assert!(others.iter().all(|length| *length >= 255), "the other side does as it did");
        of(sender)
    };
    for sender in [Kind::Business, Kind::Consumer] {
        let bucket = lengths("bucket", sender);
        assert!(bucket.iter().all(|length| *length >= 255 && (length + 1).is_power_of_two()));
        let small = lengths("pow2", sender);
        assert!(small.iter().any(|length| *length < 255) && small.iter().all(|l| (l + 1).is_power_of_two()));
        assert!(lengths("none", sender).len() > small.len() + 3, "every length shows");
    }
}

/// A new device has a new identity, which the others take on by the default policy: both ways go on.
#[test]
fn who_lost_a_device_is_written_to_and_heard_again() {
    let loss = "\n[[faults]]\nkind = \"device-loss\"\nparty = \"population/people\"\nat = \"4min\"\nback_after = \"20s\"\n";
    let (seen, ..) = run(&format!("{SHOP}{loss}"), 3, 2);
    assert_eq!(seen.violations, []);
    let shown: BTreeSet<u64> =
        seen.progress.iter().filter(|progress| progress.stage == Stage::Shown).map(|p| p.message).collect();
    for kind in [Kind::Business, Kind::Consumer] {
        let later = seen.sent.iter().filter(|sent| sent.from.kind() == kind && sent.created.as_secs() > 300);
        let lost: Vec<_> = later.clone().filter(|sent| !shown.contains(&sent.message)).collect();
        assert!(later.count() > 20 && lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn lasting_prekeys_change_as_often_as_the_scenario_says_and_nothing_is_lost() {
    let published = |rotation: &str| {
        let scenario = format!("{SHOP}\n[device]\nkey_rotation = \"{rotation}\"\n");
        let (seen, ..) = run(&scenario, 5, 1);
        let shown = seen.progress.iter().filter(|progress| progress.stage == Stage::Shown).count();
        assert_eq!((shown, seen.violations), (seen.sent.len(), vec![]));
        seen.public_keys.iter().filter(|(_, keys)| matches!(keys, PublicKeys::Identity(..))).count()
    };
    let (seldom, often) = (published("2d"), published("1min"));
    assert!(often >= seldom + 30 * 8, "{often} publications instead of {seldom}");
}
