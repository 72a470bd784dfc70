//! What simulated messages cost: what criterion measured, whole scenarios, and how both are shown.

use ::report::plot::{Axis, Marks, Plot, Series, Unit, sheet};
use ::world::{Options, Simulation};
use scenario::Scenario;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::stopwatch;

/// The whole scenarios that are run, with what they may take: seconds, and bytes of memory.
const RUNS: [(&str, f64, f64); 2] =
    [("benchmark-modelled", 100.0, 8.0 * GIB), ("benchmark-real", 300.0, 8.0 * GIB)];

/// What messages took before modelled runs had the parties themselves (docs/decisions/0014), measured by the same command
/// on the same kind of machine, at commit b2e4325: crypto, consumers, microseconds.
const BEFORE: [(&str, f64, f64); 6] = [
    ("modelled", 1_000.0, 2.26),
    ("modelled", 10_000.0, 2.23),
    ("modelled", 100_000.0, 2.52),
    ("modelled", 1_000_000.0, 2.63),
    ("real", 1_000.0, 55.09),
    ("real", 10_000.0, 60.57),
];

/// What whole scenarios took then: name, threads, seconds, GiB.
const RUNS_BEFORE: [(&str, usize, f64, f64); 4] = [
    ("benchmark-modelled", 1, 26.0, 1.6),
    ("benchmark-modelled", 2, 18.7, 1.6),
    ("benchmark-real", 1, 284.9, 5.3),
    ("benchmark-real", 2, 153.7, 5.5),
];

const GIB: f64 = (1_u64 << 30) as f64;

/// By crypto mode and number of consumers, the microseconds of a message.
pub type Costs = Vec<(&'static str, Vec<(f64, f64)>)>;

/// What a whole scenario took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Took {
    /// Messages that were made.
    pub messages: u64,
    /// Events.
    pub events: u64,
    /// Seconds of wall time, all told.
    pub seconds: f64,
    /// Of these, before traffic began.
    pub before_traffic_s: f64,
    /// The most memory that it had, in bytes.
    pub peak_bytes: u64,
    /// The hash of the metadata, so that nobody measures something else.
    pub metadata_hash: String,
}

impl Took {
    /// Runs a scenario in this process.
    ///
    /// # Panics
    /// When it can't be run.
    #[must_use]
    pub fn by_running(file: &Path, set: &[String], threads: NonZeroUsize) -> Self {
        let changes = set.iter().map(|change| change.split_once('=').expect("KEY=VALUE"));
        let scenario = Scenario::read(file).unwrap().with_all(changes).unwrap();
        let (mut messages, mut before, mut events, mut hash) = (0, Duration::ZERO, 0, String::new());
        let took = stopwatch::time(|| {
            let mut run = None;
            before = stopwatch::time(|| {
                let options = Options { threads, ..Options::default() };
                let mut begun = Simulation::new(scenario, 1, &options).unwrap();
                let _ = begun.run_until(begun.traffic_begins(), &AtomicBool::new(false));
                run = Some(begun);
            });
            let mut run = run.expect("it was begun");
            while run.now() < run.end() {
                let until = run.now() + Duration::from_secs(2);
                let _ = run.run_until(until, &AtomicBool::new(false));
                messages += run.observe().sent.len() as u64;
            }
            events = run.events();
            hash = run.hashes().0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        });
        let (seconds, before_traffic_s) = (took.as_secs_f64(), before.as_secs_f64());
        Self { messages, events, seconds, before_traffic_s, peak_bytes: peak_bytes(), metadata_hash: hash }
    }

    /// Runs a scenario in a process of its own.
    fn of(name: &str, threads: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let (file, threads) = (format!("scenarios/{name}.toml"), threads.to_string());
        let output = Command::new(program).args([&file, "--threads", &threads]).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("what it took")
    }
}

/// What criterion measured of each mode and number of consumers.
#[must_use]
pub fn costs(criterion: &Path) -> Costs {
    let of = |crypto, counts: &[u32]| {
        let costs = counts.iter().filter_map(|count| {
            let median = median(&criterion.join(crypto).join(count.to_string()))?;
            Some((f64::from(*count), median))
        });
        (crypto, costs.collect())
    };
    vec![of("modelled", &[1_000, 10_000, 100_000, 1_000_000]), of("real", &[1_000, 10_000])]
}

/// The cost of a message over the number of consumers.
#[must_use]
pub fn plot(costs: &Costs) -> String {
    let series = costs
        .iter()
        .map(|(crypto, points)| Series { name: (*crypto).to_owned(), marks: Marks::Line(points.clone()) });
    let plot = Plot {
        id: "cost-of-a-message".into(),
        title: "What a simulated message costs one core".into(),
        summary:
            "Microseconds of one core for a message, over the number of consumers, in both crypto modes."
                .into(),
        x: Axis::log("consumers", Unit::None),
        y: Axis::log("time for a message", Unit::Microseconds),
        series: series.collect(),
    };
    sheet("What a simulated message costs", &[vec![plot]])
}

/// The section of `docs/benchmarks.md`.
#[must_use]
pub fn section(criterion: &Path, costs: &Costs, svg: &Path) -> String {
    let mut out = String::from("## The world\n\n    cargo bench -p blindpost-benches --bench world\n\n");
    if let Some(event) = median(&criterion.join("engine/event")) {
        writeln!(
            out,
            "The bare engine, with 1,000,000 entities of 256 bytes that each wait for an event: {event:.3} µs an event, \
             {:.1} million events/s on one core.\n",
            1.0 / event
        )
        .unwrap();
    }
    let file = svg.file_name().unwrap_or_default().to_string_lossy();
    writeln!(
        out,
        "A message from a business's request to the receipts, in a session that is established, on one core; businesses send\n\
         as many messages in a second however many consumers there are. Before: when modelled runs had parties of their own, which\n\
         did less ([decision 0014](decisions/0014-modelled-cryptography.md)).\n\n![What a message costs]({file})\n\n\
         | crypto | consumers | µs | messages/s and core | µs before |\n|---|---:|---:|---:|---:|"
    )
    .unwrap();
    for (crypto, points) in costs {
        for (consumers, micros) in points {
            let before = BEFORE.iter().find(|(mode, people, _)| mode == crypto && people == consumers);
            let before = before.map_or(f64::NAN, |(.., micros)| *micros);
            writeln!(out, "| {crypto} | {consumers:.0} | {micros:.2} | {:.0} | {before:.2} |", 1e6 / micros)
                .unwrap();
        }
    }
    if let Some((_, points)) = costs.first() {
        let micros = points.iter().map(|(_, micros)| *micros);
        let (least, most) = (micros.clone().fold(f64::INFINITY, f64::min), micros.fold(0.0, f64::max));
        writeln!(
            out,
            "\nModelled: the dearest is {:.2} times the cheapest; the target is 1.3.\n",
            most / least
        )
        .unwrap();
    }
    out += &runs();
    out
}

/// Whole scenarios, with registration and first messages, on one thread and on two.
fn runs() -> String {
    let mut out = String::from(
        "Whole scenarios, registration and first messages included, in a process of their own:\n\n\
         | scenario | threads | messages | s | GiB at most | target | before |\n|---|---:|---:|---:|---:|---|---|\n",
    );
    for (name, seconds, bytes) in RUNS {
        let mut alone = None;
        for threads in [1, 2] {
            let took = Took::of(name, threads);
            let target =
                if threads == 1 { String::new() } else { format!("{seconds:.0} s, {:.0} GiB", bytes / GIB) };
            let gib = took.peak_bytes as f64 / GIB;
            let before = RUNS_BEFORE.iter().find(|(of, on, ..)| *of == name && *on == threads);
            let before = before.map_or(String::new(), |(.., s, gib)| format!("{s:.1} s, {gib:.1} GiB"));
            writeln!(
                out,
                "| {name} | {threads} | {} | {:.1} | {gib:.1} | {target} | {before} |",
                took.messages, took.seconds
            )
            .unwrap();
            let faster = alone.get_or_insert(took.seconds).to_owned() / took.seconds;
            if threads == 2 {
                writeln!(out, "| | | | {faster:.2} times as fast on two threads | | | |").unwrap();
            }
        }
    }
    out
}

/// Criterion's median of a benchmark, in microseconds.
fn median(directory: &Path) -> Option<f64> {
    let text = fs::read_to_string(directory.join("new/estimates.json")).ok()?;
    let estimates: Value = serde_json::from_str(&text).ok()?;
    Some(estimates.pointer("/median/point_estimate")?.as_f64()? / 1000.0)
}

/// The most memory that this process has had.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}
