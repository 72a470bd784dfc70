//! `blindpost run`: a scenario in virtual time.

use crate::{machine, shutdown};
use ::report::{Format, RunDirectory};
use ::scenario::Scenario;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lab::{Campaign, Checkpoint, CheckpointError, Experiment, Progress, Summary, Verdict, Watcher};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use world::{Costs, Record, Who};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs a scenario in virtual time: the same parties as live, reproducible from a seed.
///
/// The result is a function of version, scenario and seed; the number of threads changes nothing.
///
/// Example: blindpost run scenarios/quickstart.toml --seed 7 --out run
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The scenario file (docs/scenarios.md)
    #[arg(required_unless_present = "resume")]
    scenario: Option<PathBuf>,
    /// Where all randomness comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A campaign of faults: each of these seeds, against every invariant (1..1000 are a thousand)
    #[arg(long, value_name = "A..B", conflicts_with_all = ["seed", "out", "until", "faults", "checkpoint_at"], value_parser = seeds)]
    seeds: Option<RangeInclusive<u64>>,
    /// Write tables, trace and manifest into this directory [default: only the summary is printed]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite a whole run in the directory, and run what this machine may be too small for
    #[arg(long)]
    force: bool,
    /// In which formats tables are written
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = "parquet")]
    format: Vec<TableFormat>,
    /// On how many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Change the scenario: a key as docs/scenarios.md names it, and its value
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Of the things that go wrong let only these happen, by their numbers (a campaign of faults names them)
    #[arg(long, value_name = "N,N", value_delimiter = ',')]
    faults: Vec<usize>,
    /// Stop when so much virtual time has passed since the start; the directory gets a checkpoint to go on from
    #[arg(long, value_name = "TIME")]
    until: Option<::scenario::Duration>,
    /// Write a checkpoint into the directory when so much virtual time has passed since the start
    #[arg(long, value_name = "TIME,TIME", value_delimiter = ',', requires = "out")]
    checkpoint_at: Vec<::scenario::Duration>,
    /// Go on from a checkpoint, with what --set changes from there on: a fork
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["scenario", "seed", "seeds", "faults", "costs"])]
    resume: Option<PathBuf>,
    /// Print what happens at a party or with it, such as consumer/7 or node/0 (after a checkpoint, if it is resumed)
    #[arg(long, value_name = "PARTY", conflicts_with_all = ["json", "seeds"])]
    watch: Vec<Who>,
    /// What each step takes a processor: a TOML file (docs/scenarios.md, "Costs") [default: built in]
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TableFormat {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// JSON Lines
    Jsonl,
}

impl TableFormat {
    pub(crate) fn to_report(self) -> Format {
        match self {
            Self::Parquet => Format::Parquet,
            Self::Csv => Format::Csv,
            Self::Jsonl => Format::Jsonl,
        }
    }
}

impl Run {
    pub(crate) fn run(self) -> miette::Result<()> {
        let threads = self.threads.unwrap_or_else(all_cores);
        let experiment = self.experiment(threads)?;
        let mut estimate = experiment.scenario.estimate();
        if let Some(seeds) = &self.seeds {
            estimate.memory_bytes *= threads.get() as f64;
            estimate.seconds_on_one_core *= seeds.clone().count() as f64;
        }
        machine::weigh(&estimate, threads, self.force)?;
        if let Some(seeds) = self.seeds.clone() {
            return self.campaign(experiment, seeds);
        }
        let directory = self.directory(&experiment)?;
        let stop = Arc::new(AtomicBool::new(false));
        shutdown::sets(Arc::clone(&stop))?;

        let bar = progress_bar();
        let started = live::now();
        let mut progress = |progress: Progress| show(&bar, progress);
        let from = experiment.resumes.as_ref().map_or(Duration::ZERO, Checkpoint::at);
        let mut watch = |at: Duration, record: &Record| {
            if at >= from && self.watch.iter().any(|who| *who == record.party || *who == record.peer) {
                bar.suspend(|| println!("{}", line_of(at, record)));
            }
        };
        let watcher = Watcher {
            version: VERSION,
            progress: &mut progress,
            watch: (!self.watch.is_empty()).then_some(&mut watch),
            stop: &stop,
            wall_s: &|| live::now().since(started).as_secs_f64(),
        };
        let summary = experiment.run(directory, watcher).into_diagnostic();
        bar.finish_and_clear();
        let summary = summary?;
        let checkpoints = self.write_checkpoints(&summary)?;
        let took = live::now().since(started);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&summary).into_diagnostic()?);
        } else {
            print!("{}", text_of(&summary, took));
            if let Some(out) = &self.out {
                println!(
                    "  in                   {} (blindpost report {} draws it)",
                    out.display(),
                    out.display()
                );
            }
            for file in &checkpoints {
                println!(
                    "  checkpoint           blindpost run --resume {} --out DIR goes on",
                    file.display()
                );
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(miette::miette!(
                "interrupted: what there is up to then is whole and marked as partial"
            ));
        }
        if !summary.violations.is_empty() {
            return Err(miette::miette!(
                help = format!("repeat it: {}", self.command(&experiment)),
                "{} promises of the architecture are broken",
                summary.violations.len()
            ));
        }
        Ok(())
    }

    /// What is to be run: as it was asked for, or from a checkpoint.
    fn experiment(&self, threads: NonZeroUsize) -> miette::Result<Experiment> {
        let changes = changes(&self.set)?;
        let experiment = match &self.resume {
            Some(file) => Checkpoint::read(file, VERSION)
                .and_then(|checkpoint| checkpoint.resume(&changes, threads))
                .map_err(explained)?,
            None => {
                let file = self.scenario.as_deref().unwrap_or(Path::new(""));
                let changes = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                let scenario = Scenario::read(file)?.with_all(changes)?;
                Experiment {
                    costs: costs_of(self.costs.as_deref())?,
                    threads,
                    faults: (!self.faults.is_empty()).then(|| self.faults.iter().copied().collect()),
                    ..Experiment::new(scenario, self.seed)
                }
            }
        };
        let checkpoints = self.checkpoint_at.iter().map(|at| at.to_std()).collect();
        Ok(Experiment { until: self.until.map(::scenario::Duration::to_std), checkpoints, ..experiment })
    }

    fn write_checkpoints(&self, summary: &Summary) -> miette::Result<Vec<PathBuf>> {
        let Some(out) = &self.out else { return Ok(Vec::new()) };
        let files = summary.checkpoints.iter().map(|checkpoint| {
            let file = out.join(format!("checkpoint-{}s.json", checkpoint.at().as_secs_f64()));
            checkpoint.write(&file).into_diagnostic()?;
            Ok(file)
        });
        files.collect()
    }

    /// The command that repeats it.
    fn command(&self, experiment: &Experiment) -> String {
        let changes: String = self.set.iter().map(|change| format!(" --set {change}")).collect();
        match &self.resume {
            Some(file) => format!("blindpost run --resume {}{changes}", file.display()),
            None => format!(
                "blindpost run {} --seed {}{changes}",
                experiment.scenario.written().file,
                experiment.seed
            ),
        }
    }

    fn campaign(&self, experiment: Experiment, seeds: RangeInclusive<u64>) -> miette::Result<()> {
        let count = seeds.end().saturating_sub(*seeds.start()).saturating_add(1);
        let file = experiment.scenario.written().file.to_owned();
        let Experiment { scenario, costs, threads, .. } = experiment;
        let campaign = Campaign { scenario, costs, seeds, threads, sabotaged: None, stop_at_first: false };
        let stop = Arc::new(AtomicBool::new(false));
        shutdown::sets(Arc::clone(&stop))?;
        let bar = ProgressBar::new(count);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds  {per_sec}  {eta} left") {
            bar.set_style(style);
        }
        let verdict = campaign.run(&|done| bar.set_position(done), &stop).into_diagnostic();
        bar.finish_and_clear();
        let verdict = verdict?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&verdict).into_diagnostic()?);
        } else {
            print!("{}", text_of_campaign(&file, &self.set, &verdict));
        }
        if !verdict.failures.is_empty() {
            return Err(miette::miette!(
                "{} of {} seeds broke a promise",
                verdict.failures.len(),
                verdict.seeds
            ));
        }
        if !verdict.complete {
            return Err(miette::miette!("interrupted after {} of {count} seeds", verdict.seeds));
        }
        Ok(())
    }

    fn directory(&self, experiment: &Experiment) -> miette::Result<Option<RunDirectory>> {
        let Some(out) = &self.out else { return Ok(None) };
        let formats: Vec<Format> = self.format.iter().map(|format| format.to_report()).collect();
        let facts = experiment.facts(VERSION, &self.command(experiment), &experiment.scenario.digest());
        let mut directory = RunDirectory::create(out, self.force, &formats, facts).into_diagnostic()?;
        directory
            .scenario(experiment.scenario.written().text, &experiment.scenario.to_json().to_string())
            .into_diagnostic()?;
        Ok(Some(directory))
    }
}

fn text_of_campaign(file: &str, set: &[String], verdict: &Verdict) -> String {
    use std::fmt::Write as _;
    let changes: String = set.iter().map(|change| format!(" --set {change}")).collect();
    let mut text = format!(
        "{} seeds, {} messages, {} faults: {} seeds broke a promise\n",
        verdict.seeds,
        verdict.messages,
        verdict.faults,
        verdict.failures.len()
    );
    for failure in &verdict.failures {
        let _ = writeln!(text, "\nseed {}", failure.seed);
        for broken in failure.broken.iter().take(5) {
            let _ = writeln!(text, "  {}: {}", broken.invariant, broken.what);
        }
        if failure.broken.len() > 5 {
            let _ = writeln!(text, "  and {} more", failure.broken.len() - 5);
        }
        let _ = writeln!(
            text,
            "  with {}",
            if failure.story.is_empty() { "no fault at all" } else { "these faults:" }
        );
        for fault in &failure.story {
            let _ = writeln!(text, "    {fault}");
        }
        let numbers: Vec<String> = failure.faults.iter().map(ToString::to_string).collect();
        let only =
            if numbers.is_empty() { String::new() } else { format!(" --faults {}", numbers.join(",")) };
        let _ = writeln!(
            text,
            "  repeat it: blindpost run {file} --seed {}{only}{changes} --out run",
            failure.seed
        );
    }
    text
}

/// A checkpoint's error; the scenario in it has a place and a snippet of its own.
fn explained(error: CheckpointError) -> miette::Report {
    match error {
        CheckpointError::Scenario(scenario) => {
            miette::Report::new(scenario).wrap_err("the checkpoint's scenario can't be run")
        }
        other => miette::Report::msg(other.to_string()),
    }
}

/// A line of what is watched.
fn line_of(at: Duration, record: &Record) -> String {
    let Record { party, peer, what, bytes, .. } = record;
    let peer = if party == peer { String::new() } else { peer.to_string() };
    format!(
        "{:>14.6} s  {:<14} {:<15} {peer:<14} {bytes:>6} B",
        at.as_secs_f64(),
        party.to_string(),
        what.name()
    )
}

/// What `--set` says: keys and values.
pub(crate) fn changes(set: &[String]) -> miette::Result<Vec<(String, String)>> {
    let parted = set.iter().map(|change| {
        let (key, value) = change.split_once('=').ok_or_else(|| {
            miette::miette!(help = "for example: --set node.retention=7days", "`{change}` is not KEY=VALUE")
        })?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    });
    parted.collect()
}

/// What `--costs` says; without it what is built in.
pub(crate) fn costs_of(file: Option<&Path>) -> miette::Result<Costs> {
    let Some(file) = file else { return Ok(Costs::default()) };
    let text = fs::read_to_string(file)
        .into_diagnostic()
        .wrap_err_with(|| format!("can't read {}", file.display()))?;
    toml::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{} is wrong", file.display()))
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let parsed = text.split_once("..").and_then(|(first, last)| {
        let last = last.strip_prefix('=').unwrap_or(last);
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    });
    match parsed {
        Some((first, last)) if first <= last => Ok(first..=last),
        Some((first, last)) => Err(format!("{first} comes after {last}: write the smaller seed first")),
        None => Err("write two numbers, for example 1..1000".into()),
    }
}

pub(crate) fn all_cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Thousandths: a bar counts in whole numbers.
const WHOLE: u64 = 1000;

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(WHOLE);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}%  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    let per_second = progress.messages as f64 / bar.elapsed().as_secs_f64().max(0.001);
    bar.set_message(format!(
        "{} of virtual time, {} messages, {per_second:.0}/s",
        human(progress.elapsed),
        HumanCount(progress.messages)
    ));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of floats saturates"
    )]
    bar.set_position((progress.done * WHOLE as f64) as u64);
}

fn human(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes:02} min"),
        (days, hours, ..) => format!("{days} d {hours:02} h"),
    }
}

fn text_of(summary: &Summary, took: Duration) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{}, seed {}\n", summary.scenario, summary.seed);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<20} {value}");
    };
    let virtual_time = Duration::from_secs_f64(summary.virtual_s);
    line("virtual time", human(virtual_time));
    line(
        "took",
        format!(
            "{:.1} s, {:.0} messages/s",
            took.as_secs_f64(),
            summary.messages as f64 / took.as_secs_f64()
        ),
    );
    line("messages", format!("{} made, {} read, {} failed", summary.messages, summary.shown, summary.failed));
    if let Some([median, p99, longest]) = summary.latency_ms {
        line(
            "made to read",
            format!("{median:.0} ms median, {p99:.0} ms 99th percentile, {longest:.0} ms longest"),
        );
    }
    if summary.refused > 0 {
        line("refused by the API", summary.refused.to_string());
    }
    if summary.faults > 0 {
        line("faults", summary.faults.to_string());
    }
    line("read twice", summary.shown_twice.to_string());
    line("events", summary.events.to_string());
    line("trace hash", summary.trace_hash.clone());
    for exposed in &summary.adversaries {
        line(&exposed.adversary, format!("{}: read {} of {}", exposed.has, exposed.read, exposed.messages));
    }
    for violation in &summary.violations {
        line("BROKEN", violation.clone());
    }
    text
}
