//! A run that is resumed is the run that it would have been, and a fork is the same until it forks.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use lab::{Checkpoint, CheckpointError, Error, Experiment, Summary, Watcher};
use scenario::Scenario;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const SCENARIO: &str = r#"
version = 1
name = "small"
duration = "4min"
[[consumers]]
name = "people"
count = 8
reply = { probability = "50%", delay = { kind = "exponential", mean = "3s" } }
[[businesses]]
name = "shop"
count = 2
[[traffic]]
from = "shop"
to = "people"
rate = "30/min in total"
[[faults]]
kind = "random"
rate = "2/min"
"#;

const AT: Duration = Duration::from_secs(150);

fn experiment() -> Experiment {
    Experiment::new(Scenario::parse("small.toml", SCENARIO).unwrap(), 7)
}

fn run(experiment: &Experiment) -> Result<Summary, Error> {
    let (stop, mut progress) = (AtomicBool::new(false), |_| {});
    experiment.run(None, Watcher { version: "1", ..Watcher::silent(&stop, &mut progress) })
}

fn checkpoint() -> Checkpoint {
    run(&Experiment { checkpoints: vec![AT], ..experiment() }).unwrap().checkpoints[0].clone()
}

/// As it is written and read again.
fn through_a_file(checkpoint: &Checkpoint) -> Checkpoint {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("checkpoint.json");
    checkpoint.write(&file).unwrap();
    let read = Checkpoint::read(&file, "1").unwrap();
    assert_eq!(&read, checkpoint);
    assert!(matches!(Checkpoint::read(&file, "2"), Err(CheckpointError::Version { .. })));
    read
}

#[test]
fn a_checkpoint_that_was_changed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("checkpoint.json");
    checkpoint().write(&file).unwrap();
    let sound = std::fs::read_to_string(&file).unwrap();
    Checkpoint::read(&file, "1").unwrap();
    for (from, to) in [("\"seed\": ", "\"seed\": 1"), ("\"at_us\": ", "\"at_us\": 1"), ("\n}", "\n }")] {
        let changed = sound.replacen(from, to, 1);
        assert_ne!(changed, sound);
        std::fs::write(&file, changed).unwrap();
        let error = Checkpoint::read(&file, "1").unwrap_err().to_string();
        assert!(error.contains("checkpoint.json is not what was written: its SHA-256 is "), "{error}");
    }
}

fn loss(percent: &str) -> Vec<(String, String)> {
    vec![
        ("network.consumer.loss".into(), percent.into()),
        ("network.consumer.latency".into(), "300ms".into()),
    ]
}

#[test]
fn a_resumed_run_has_the_trace_of_the_whole_one() {
    let whole = run(&experiment()).unwrap();
    let stopped = run(&Experiment { until: Some(AT), ..experiment() }).unwrap();
    assert!(!stopped.complete && stopped.trace_hash != whole.trace_hash);
    let saved = stopped.checkpoints.last().unwrap();
    assert_eq!((saved.at(), &saved.trace_hash), (AT, &stopped.trace_hash));
    assert_eq!(saved, &checkpoint(), "to stop changes nothing");
    for threads in [1, 3] {
        let resumed = through_a_file(saved).resume(&[], NonZeroUsize::new(threads).unwrap()).unwrap();
        let resumed = run(&resumed).unwrap();
        assert_eq!((resumed.trace_hash, resumed.events), (whole.trace_hash.clone(), whole.events));
    }
}

#[test]
fn a_fork_is_the_same_run_until_it_forks() {
    let whole = run(&experiment()).unwrap();
    let fork = through_a_file(&checkpoint()).resume(&loss("10%"), NonZeroUsize::MIN).unwrap();
    // Before the fork, at it and after it.
    let notes = [AT - Duration::from_secs(1), AT, AT + Duration::from_secs(60)];
    let noted = |experiment: &Experiment| {
        run(&Experiment { checkpoints: notes.to_vec(), ..experiment.clone() }).unwrap()
    };
    let (forked, plain) = (noted(&fork), noted(&experiment()));
    let hashes = |summary: &Summary| -> Vec<String> {
        summary.checkpoints.iter().map(|checkpoint| checkpoint.trace_hash.clone()).collect()
    };
    let (of_fork, of_plain) = (hashes(&forked), hashes(&plain));
    assert_eq!(of_fork[..2], of_plain[..2]);
    assert_ne!(of_fork[2], of_plain[2]);
    assert_eq!(plain.trace_hash, whole.trace_hash, "to note a checkpoint changes nothing");
    assert!(forked.latency_ms.unwrap()[1] > whole.latency_ms.unwrap()[1], "300 ms is more than before");
    assert_eq!(forked.violations, [""; 0]);

    // A checkpoint of the fork knows of it.
    let again = through_a_file(&forked.checkpoints[2]).resume(&[], NonZeroUsize::MIN).unwrap();
    assert_eq!(run(&again).unwrap().trace_hash, forked.trace_hash);
    // And a fork of the fork is another run.
    let twice = through_a_file(&forked.checkpoints[2]).resume(&loss("0%"), NonZeroUsize::MIN).unwrap();
    let twice = run(&Experiment { checkpoints: vec![AT * 2 - Duration::from_secs(30)], ..twice }).unwrap();
    assert_ne!(twice.trace_hash, forked.trace_hash);
    let thrice = through_a_file(&twice.checkpoints[0]).resume(&[], NonZeroUsize::MIN).unwrap();
    assert_eq!(run(&thrice).unwrap().trace_hash, twice.trace_hash);
}

#[test]
fn what_is_not_the_same_run_is_noticed() {
    let mut checkpoint = checkpoint();
    checkpoint.seed += 1;
    let other = checkpoint.resume(&[], NonZeroUsize::MIN).unwrap();
    assert!(matches!(run(&other), Err(Error::Diverged { at, .. }) if at == AT));
}

#[test]
fn what_cannot_change_on_the_way_is_refused() {
    let changes = [("node.retention".to_owned(), "1day".to_owned())];
    let fork = checkpoint().resume(&changes, NonZeroUsize::MIN).unwrap();
    let error = run(&fork).unwrap_err().to_string();
    assert!(error.contains("node.retention") && error.contains("network"), "{error}");
}

#[test]
fn modelled_runs_are_resumed_and_forked_too() {
    let experiment = || {
        let text =
            SCENARIO.replace("rate = \"2/min\"", "rate = \"2/min\"\nkinds = [\"partition\", \"slow-disk\"]");
        let scenario = Scenario::parse("small.toml", &text).unwrap().with("crypto", "modelled").unwrap();
        Experiment::new(scenario, 7)
    };
    let whole = run(&experiment()).unwrap();
    assert_eq!(whole.trace_hash, whole.metadata_hash, "there are no bytes");
    let noted = run(&Experiment { checkpoints: vec![AT], ..experiment() }).unwrap();
    let saved = through_a_file(&noted.checkpoints[0]);
    let resumed = run(&saved.clone().resume(&[], NonZeroUsize::MIN).unwrap()).unwrap();
    assert_eq!((&resumed.trace_hash, resumed.events), (&whole.trace_hash, whole.events));
    let forked = run(&saved.resume(&loss("10%"), NonZeroUsize::MIN).unwrap()).unwrap();
    assert_ne!(forked.trace_hash, whole.trace_hash);
    assert!(forked.latency_ms.unwrap()[1] > whole.latency_ms.unwrap()[1], "300 ms is more than before");
}
