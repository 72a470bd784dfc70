//! A sweep's results are those of its runs, whatever interrupts it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use report::Format;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use sweep::{Cell, Journal, JournalError, Sweep, work};
use world::Costs;

const SCENARIO: &str = r#"
version = 1
name = "small"
duration = "1min"
[[consumers]]
name = "people"
count = 4
[[businesses]]
name = "shop"
count = 1
[[traffic]]
from = "shop"
to = "people"
rate = "20/min in total"
"#;

const SWEEP: &str = r#"
version = 1
name = "latencies"
scenario = "small.toml"
seeds = "1..3"
[[vary]]
key = "network.consumer.latency"
values = ["10ms", "200ms"]
[[vary]]
key = "network.consumer.loss"
values = ["0%", "5%"]
"#;

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new(sweep: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("small.toml"), SCENARIO).unwrap();
        fs::write(dir.path().join("sweep.toml"), sweep).unwrap();
        Self { dir }
    }

    fn sweep(&self) -> Sweep {
        Sweep::read(&self.dir.path().join("sweep.toml"), &[]).unwrap()
    }

    fn error(&self) -> String {
        let error = Sweep::read(&self.dir.path().join("sweep.toml"), &[]).unwrap_err();
        let told = error.to_string();
        match error.into_scenario() {
            Ok(scenario) => format!("{told}: {scenario}"),
            Err(_) => told,
        }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn open(dir: &Path, sweep: &Sweep, force: bool) -> Result<Journal, JournalError> {
    Journal::open(dir, sweep, "0", "blindpost sweep", force)
}

/// Runs what is missing, but no more than `most` runs.
fn go_on(dir: &Path, sweep: &Sweep, threads: usize, most: usize) -> (usize, Vec<Cell>) {
    let journal = open(dir, sweep, false).unwrap();
    let stop = AtomicBool::new(most == 0);
    let progress = |progress: sweep::Progress| {
        stop.fetch_or(progress.done >= most, Ordering::Relaxed);
    };
    let threads = NonZeroUsize::new(threads).unwrap();
    work(sweep, &journal, &Costs::default(), threads, &progress, &stop).unwrap();
    let done = journal.done();
    (done, journal.finish(sweep, &[Format::Csv]).unwrap())
}

fn read(dir: &Path, file: &str) -> String {
    fs::read_to_string(dir.join(file)).unwrap()
}

fn mean(cells: &[Cell], point: usize, measure: &str) -> f64 {
    cells.iter().find(|cell| cell.point == point && cell.measure == measure).unwrap().interval.mean
}

#[test]
fn what_varies_shows() {
    let files = Files::new(SWEEP);
    let (sweep, out) = (files.sweep(), files.out("out"));
    let (done, cells) = go_on(&out, &sweep, 2, usize::MAX);
    assert_eq!(done, 12);
    // Point 0: 10 ms, no loss; point 2: 200 ms, no loss.
    assert!(mean(&cells, 2, "latency_median_ms") > mean(&cells, 0, "latency_median_ms") + 150.0);
    assert!(cells.iter().all(|cell| cell.interval.runs == 3));
    assert!(read(&out, "sweep.json").contains("\"complete\": true"));
    assert_eq!(read(&out, "results.csv").lines().count(), 1 + 12 * sweep::MEASURES.len());
    let page = read(&out, "sweep.html");
    assert!(
        page.contains("data-plot=\"latency-median-ms-network-consumer-latency\"")
            && !page.contains("incomplete")
    );
}

#[test]
fn an_interrupted_sweep_goes_on_and_ends_as_if_nothing_had_been() {
    let files = Files::new(SWEEP);
    let sweep = files.sweep();
    let (whole, parts) = (files.out("whole"), files.out("parts"));
    go_on(&whole, &sweep, 1, usize::MAX);

    let (done, _) = go_on(&parts, &sweep, 1, 5);
    assert_eq!(done, 5);
    assert!(read(&parts, "sweep.json").contains("\"complete\": false"));
    assert!(read(&parts, "sweep.html").contains("incomplete: 5 of 12 runs"));
    // A kill in the middle of a line: that run is done again.
    let journal = read(&parts, "journal.jsonl");
    fs::write(parts.join("journal.jsonl"), &journal[..journal.len() - 20]).unwrap();
    assert_eq!(go_on(&parts, &sweep, 1, 0).0, 4);
    assert_eq!(go_on(&parts, &sweep, 2, usize::MAX).0, 12);
    for file in ["results.csv", "summary.csv", "points.csv"] {
        assert_eq!(read(&parts, file), read(&whole, file), "{file}");
    }
}

#[test]
fn a_result_that_was_changed_is_not_believed() {
    let files = Files::new(SWEEP);
    let (sweep, out) = (files.sweep(), files.out("changed"));
    go_on(&out, &sweep, 1, 2);
    let path = out.join("journal.jsonl");
    let sound = fs::read_to_string(&path).unwrap();
    let (at, digit) = sound.char_indices().rfind(|(_, character)| character.is_ascii_digit()).unwrap();
    let other = if digit == '1' { "2" } else { "1" };
    fs::write(&path, [&sound[..at], other, &sound[at + 1..]].concat()).unwrap();
    let error = open(&out, &sweep, false).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl is damaged in line ") && error.contains("SHA-256"), "{error}");
    fs::write(&path, &sound).unwrap();
    let first = open(&out, &sweep, false).unwrap();
    let error = open(&out, &sweep, true).unwrap_err().to_string();
    assert!(error.contains("another process writes into"), "{error}");
    drop(first);
    open(&out, &sweep, false).unwrap();
}

#[test]
fn results_of_another_sweep_are_not_taken_for_its_own_and_not_thrown_away() {
    let files = Files::new(SWEEP);
    let out = files.out("out");
    go_on(&out, &files.sweep(), 1, 1);
    let other = Files::new(&SWEEP.replace("200ms", "300ms")).sweep();
    assert!(matches!(open(&out, &other, false), Err(JournalError::Another(_))));
    assert_eq!(open(&out, &files.sweep(), false).unwrap().done(), 1);
    assert_eq!(open(&out, &other, true).unwrap().done(), 0);

    let foreign = files.out("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("thesis.tex"), "").unwrap();
    assert!(matches!(open(&foreign, &other, false), Err(JournalError::NotASweep(_))));
    assert!(foreign.join("thesis.tex").exists());
}

#[test]
fn what_is_wrong_is_said_before_anything_is_run() {
    for (from, to, parts) in [
        ("seeds = \"1..3\"", "seeds = \"3..1\"", &["3..1", "1..20"][..]),
        ("seeds = \"1..3\"", "seeds = [1, 1]", &["twice"]),
        ("seeds = \"1..3\"", "seeds = \"1..10000000\"", &["more than 1000000 runs"]),
        ("seeds = \"1..3\"", "seed = 1", &["unknown field `seed`", "seeds"]),
        ("version = 1", "version = 2", &["version 2", "version 1"]),
        (
            "values = [\"0%\", \"5%\"]",
            "values = [\"0%\", \"500%\"]",
            &["network.consumer.loss = 500%", "can't be run"],
        ),
        ("network.consumer.loss", "network.consumer.los", &["network.consumer.los", "loss"]),
        ("network.consumer.loss", "network.consumer.latency", &["varies twice"]),
        ("small.toml", "smal.toml", &["smal.toml"]),
        (
            "[[vary]]\nkey = \"network.consumer.latency\"",
            "plot = [\"speed\"]\n[[vary]]\nkey = \"network.consumer.latency\"",
            &["no measure `speed`", "latency_median_ms"],
        ),
    ] {
        let error = Files::new(&SWEEP.replacen(from, to, 1)).error();
        assert!(parts.iter().all(|part| error.contains(part)), "{parts:?}: {error}");
    }
}

#[test]
fn the_sweeps_of_the_repository_can_be_run() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/sweeps");
    let files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2);
    for file in files {
        let sweep = Sweep::read(&file, &[]).unwrap();
        assert!(sweep.runs() > 10, "{}", file.display());
    }
}
