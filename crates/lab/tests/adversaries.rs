//! Adversaries decrypt what they claim to read, read what the suites leave to them, and change nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use lab::{Experiment, Exposed, Summary, Watcher};
use report::tables::Exposure;
use report::{Format, Row as _, Run, RunDirectory};
use scenario::Scenario;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const SCENARIO: &str = r#"
version = 1
name = "attacked"
duration = "40min"
[[consumers]]
name = "classic"
count = 6
suite = "x3dh"
reply = { probability = "70%", delay = "5s" }
[[consumers]]
name = "handshake"
count = 6
suite = "pqxdh"
reply = { probability = "70%", delay = "5s" }
[[consumers]]
name = "triple"
count = 6
suite = "triple"
reply = { probability = "70%", delay = "5s" }
[[consumers]]
name = "sleepers"
count = 4
online = { kind = "away", from = "10min", until = "35min" }
[[businesses]]
name = "shop"
count = 2
[[traffic]]
from = "classic"
to = "classic"
rate = "20/h per consumer"
[[traffic]]
from = "handshake"
to = "handshake"
rate = "20/h per consumer"
[[traffic]]
from = "triple"
to = "triple"
rate = "20/h per consumer"
[[traffic]]
from = "shop"
to = "sleepers"
rate = "30/h per consumer"
"#;

const RECORDER: &str = "[[adversaries]]\nkind = \"network-recorder\"\n";
const COMPUTER: &str = "[[adversaries]]\nkind = \"quantum-computer\"\nat = \"40min\"\n";

fn run(adversaries: &[&str], directory: Option<RunDirectory>) -> Summary {
    let text = format!("{SCENARIO}{}", adversaries.concat());
    let experiment = Experiment::new(Scenario::parse("attacked.toml", &text).unwrap(), 7);
    let stop = AtomicBool::new(false);
    let summary = experiment.run(directory, Watcher::silent(&stop, &mut |_| {})).unwrap();
    assert_eq!(summary.violations, [""; 0]);
    summary
}

fn exposed<'a>(summary: &'a Summary, adversary: &str) -> &'a Exposed {
    summary.adversaries.iter().find(|exposed| exposed.adversary == adversary).unwrap()
}

#[test]
fn nobody_who_attacks_changes_anything() {
    let alone = run(&[], None);
    let theft = "[[adversaries]]\nkind = \"stolen-device\"\ncount = 2\nat = \"20min\"\n";
    let attacked = run(&[RECORDER, COMPUTER, theft], None);
    assert_eq!(attacked.trace_hash, alone.trace_hash);
    assert!(alone.adversaries.is_empty());
    assert_eq!(attacked.adversaries.len(), 4, "each, and the two together that have more than the recording");
}

#[test]
fn who_breaks_the_curve_reads_what_had_no_post_quantum_handshake_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let out = RunDirectory::create(dir.path(), false, &[Format::Csv], report::Facts::default()).unwrap();
    let summary = run(&[RECORDER, COMPUTER], Some(out));
    assert_eq!(exposed(&summary, "network-recorder").read, 0);
    let computer = exposed(&summary, "quantum-computer");
    assert_eq!(computer.messages, summary.messages);
    let by_suite = messages_by_suite(dir.path());
    assert_eq!(computer.read, by_suite["x3dh"]);
    assert!(by_suite["pqxdh"] > 50 && by_suite["triple"] > 50, "{by_suite:?}");

    let rows = exposure(dir.path(), "quantum-computer");
    let because = |text: &str| rows.iter().filter(|(_, because)| because.contains(text)).count() as u64;
    assert_eq!(because("X25519 is broken"), by_suite["x3dh"]);
    // A post-quantum handshake keeps everything after it: without it no root key is known.
    let kept = because("the encapsulated secret") + because("no root key");
    assert_eq!(kept, summary.messages - by_suite["x3dh"]);
}

#[test]
fn a_seized_node_has_what_waits_and_what_its_sessions_still_open() {
    let seizure = |at: &str| format!("[[adversaries]]\nkind = \"seized-node\"\nat = \"{at}\"\n");
    let before = run(&[&seizure("1s")], None);
    assert_eq!(
        exposed(&before, "seized-node").read,
        0,
        "no text is on the disk yet, and nothing is recorded"
    );
    let waiting = run(&[&seizure("30min")], None);
    let at_rest = exposed(&waiting, "seized-node");
    assert!(at_rest.read > 10 && at_rest.read < at_rest.messages, "{at_rest:?}: the sleepers' texts wait");
    let recorded = run(&[RECORDER, &seizure("30min")], None);
    assert!(exposed(&recorded, "seized-node").read >= at_rest.read);
    let after = run(&[&seizure("49min")], None);
    assert_eq!(exposed(&after, "seized-node").read, 0, "what was delivered is destroyed");
}

#[test]
fn a_stolen_device_opens_no_conversation_but_its_own_and_nothing_from_before() {
    let theft = "[[adversaries]]\nkind = \"stolen-device\"\nparty = \"consumer/12\"\nat = \"20min\"\n";
    let dir = tempfile::tempdir().unwrap();
    let out = RunDirectory::create(dir.path(), false, &[Format::Csv], report::Facts::default()).unwrap();
    let summary = run(&[RECORDER, theft], Some(out));
    let thief = exposed(&summary, "stolen-device");
    assert!(thief.messages < summary.messages / 4, "{thief:?}: one of eighteen who write");
    assert!(thief.read > 0 && thief.read < thief.messages / 2, "{thief:?}: the ratchet heals");
    let rows = exposure(dir.path(), "stolen-device");
    let erased = rows.iter().filter(|(_, because)| because.contains("erased")).count();
    assert!(erased > 0, "forward secrecy has its reason: {rows:?}");
}

fn messages_by_suite(dir: &Path) -> BTreeMap<String, u64> {
    let mut by_suite = BTreeMap::new();
    let table = report::tables::Message::TABLE;
    let run = Run::open(dir).unwrap();
    run.scan(table, "messages", &["suite", "direction"], |batch| {
        for row in batch.rows().filter(|row| row.text(1) == "between-consumers") {
            *by_suite.entry(row.text(0).to_owned()).or_default() += 1;
        }
    })
    .unwrap();
    by_suite
}

/// Whether each message is readable, and why or why not.
fn exposure(dir: &Path, adversary: &str) -> Vec<(bool, String)> {
    let mut rows = Vec::new();
    let run = Run::open(dir).unwrap();
    run.scan(Exposure::TABLE, "exposure", &["adversary", "readable", "because"], |batch| {
        let of = batch.rows().filter(|row| row.text(0) == adversary);
        rows.extend(of.map(|row| (row.bool(1), row.text(2).to_owned())));
    })
    .unwrap();
    rows
}
