//! `blindpost run`: a scenario in virtual time.

mod text;

use crate::out::{out, outln};
use crate::provider::ProviderArguments;
use crate::repeat::Repeat;
use crate::{machine, shutdown};
use ::report::{Format, RunDirectory};
use ::scenario::Scenario;
use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lab::{Campaign, Checkpoint, CheckpointError, Experiment, Progress, Summary, Watcher};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use text::{human, line_of, text_of, text_of_campaign};
use world::{Costs, Kind, Record, Who};

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
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = "parquet", requires = "out")]
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
    #[command(flatten)]
    provider: ProviderArguments,
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
        self.provider.install();
        let threads = self.threads.unwrap_or_else(all_cores);
        let experiment = self.experiment(threads)?;
        self.check(&experiment)?;
        let mut estimate = experiment.scenario.estimate();
        if let Some(seeds) = &self.seeds {
            estimate.memory_bytes *= threads.get() as f64;
            estimate.seconds_on_one_core *= (seeds.end() - seeds.start() + 1) as f64;
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
        let mut unwritten = None;
        let mut watch = |at: Duration, record: &Record| {
            let is_watched = |who: &Who| *who == record.party || *who == record.peer;
            if at >= from
                && self.watch.iter().any(is_watched)
                && let Err(error) = bar.suspend(|| outln!("{}", line_of(at, record)))
            {
                stop.store(true, Ordering::Relaxed);
                unwritten.get_or_insert(error);
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
        if let Some(error) = unwritten {
            return Err(error.into());
        }
        let checkpoints = self.write_checkpoints(&summary)?;
        let took = live::now().since(started);
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&summary).into_diagnostic()?)?;
        } else {
            out!("{}", text_of(&summary, took))?;
            if let Some(out) = &self.out {
                let report = Repeat::of("report").word(out.display()).told();
                outln!("  in                   {} ({report} draws it)", out.display())?;
            }
            for file in &checkpoints {
                let resume = Repeat::of("run").with_file("--resume", Some(file)).told();
                outln!("  checkpoint           {resume} --out DIR goes on")?;
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
        let command = match &self.resume {
            Some(file) => Repeat::of("run").with("--resume", file.display()),
            None => {
                Repeat::of("run").word(experiment.scenario.written().file).with("--seed", experiment.seed)
            }
        };
        let command = command.with_list("--faults", &self.faults).with_each("--set", &self.set);
        let command = command.with_file("--costs", self.costs.as_deref());
        match self.until {
            Some(until) => command.with("--until", until).told(),
            None => command.told(),
        }
    }

    /// Everything that is named must be in the run: what is not there can't be watched, and what is after the end not kept.
    fn check(&self, experiment: &Experiment) -> miette::Result<()> {
        let scenario = &experiment.scenario;
        let there_are = |kind| match kind {
            Kind::Relay => scenario.relay.count,
            Kind::Node => scenario.node.count,
            Kind::Business => scenario.businesses.iter().map(|population| population.count).sum(),
            Kind::Consumer => scenario.consumers.iter().map(|population| population.count).sum(),
        };
        if let Some(who) = self.watch.iter().find(|who| who.index() >= there_are(who.kind())) {
            let count = there_are(who.kind());
            return Err(miette::miette!(
                help = format!("their numbers go from 0 to {}", count.saturating_sub(1)),
                "there is no {who}: the scenario has {count} of the kind"
            ));
        }
        let parts = [scenario.warm_up, scenario.duration, scenario.drain];
        let whole: Duration = parts.map(::scenario::Duration::to_std).into_iter().sum();
        if let Some(until) = self.until.filter(|until| until.to_std() > whole) {
            return Err(miette::miette!("--until {until}: the run ends after {}", human(whole)));
        }
        let end = experiment.until.unwrap_or(whole);
        let begins = experiment.resumes.as_ref().map(Checkpoint::at).unwrap_or_default();
        let stops = self.until.iter().map(|until| ("--until", until));
        let early = stops.chain(self.checkpoint_at.iter().map(|at| ("--checkpoint-at", at)));
        if let Some((flag, early)) =
            early.into_iter().find(|(_, at)| at.to_std() <= begins && !begins.is_zero())
        {
            return Err(miette::miette!("{flag} {early}: the run goes on from {}", human(begins)));
        }
        if let Some(late) = self.checkpoint_at.iter().find(|at| at.to_std() > end) {
            return Err(miette::miette!("--checkpoint-at {late}: the run ends after {}", human(end)));
        }
        Ok(())
    }

    /// The command that repeats a run of a campaign, but for its seed and faults.
    fn campaign_command(&self, file: &str) -> Repeat {
        let command = Repeat::of("run").word(file).with_each("--set", &self.set);
        command.with_file("--costs", self.costs.as_deref()).with("--out", "run")
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
            outln!("{}", serde_json::to_string_pretty(&verdict).into_diagnostic()?)?;
        } else {
            out!("{}", text_of_campaign(&self.campaign_command(&file), &verdict))?;
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

/// A checkpoint's error; the scenario in it has a place and a snippet of its own.
fn explained(error: CheckpointError) -> miette::Report {
    match error {
        CheckpointError::Scenario(scenario) => {
            miette::Report::new(scenario).wrap_err("the checkpoint's scenario can't be run")
        }
        other => miette::Report::msg(other.to_string()),
    }
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

/// A thousand seeds of `chaos` take a minute.
const MOST_SEEDS: u64 = 10_000_000;

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let parsed = text.split_once("..").and_then(|(first, last)| {
        let last = last.strip_prefix('=').unwrap_or(last);
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    });
    match parsed {
        Some((first, last)) if first <= last && last - first >= MOST_SEEDS => {
            Err(format!("more than {MOST_SEEDS} seeds are no campaign that ends: write fewer"))
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::arguments::parsed;
    use crate::error::explain;

    #[test]
    fn seeds_are_a_range_with_both_ends() {
        assert_eq!(seeds("1..1000"), Ok(1..=1000));
        assert_eq!(seeds("7..=7"), Ok(7..=7));
        assert_eq!(seeds("18446744073709551615..18446744073709551615"), Ok(u64::MAX..=u64::MAX));
        assert!(seeds("0..18446744073709551615").unwrap_err().contains("write fewer"));
        assert_eq!(seeds("9..3"), Err("9 comes after 3: write the smaller seed first".into()));
        for wrong in ["", "5", "a..b", "1..", "-1..3"] {
            assert_eq!(seeds(wrong), Err("write two numbers, for example 1..1000".into()), "{wrong}");
        }
    }

    #[test]
    fn a_change_is_split_at_its_first_equals_sign() {
        let set = ["a.b = 3".to_owned(), "c=x=y".to_owned()];
        let pairs = [("a.b".to_owned(), "3".to_owned()), ("c".to_owned(), "x=y".to_owned())];
        assert_eq!(changes(&set).unwrap(), pairs);
        let error = explain(&changes(&["duration".to_owned()]).unwrap_err());
        assert_eq!(
            error,
            "error: `duration` is not KEY=VALUE\nhelp: for example: --set node.retention=7days\n"
        );
    }

    #[test]
    fn costs_are_built_in_unless_a_file_says_otherwise() {
        assert_eq!(costs_of(None).unwrap(), Costs::default());
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "encrypt = \"quick\"\n").unwrap();
        let error = explain(&costs_of(Some(file.path())).unwrap_err());
        assert!(error.starts_with(&format!("error: {} is wrong", file.path().display())), "{error}");
        assert!(explain(&costs_of(Some(Path::new("/nowhere"))).unwrap_err()).contains("can't read /nowhere"));
    }

    const SCENARIO: &str = "version = 1\nname = \"small\"\nduration = \"1min\"\n\
        [[consumers]]\nname = \"people\"\ncount = 3\n[[businesses]]\nname = \"shop\"\ncount = 1\n\
        [[traffic]]\nfrom = \"shop\"\nto = \"people\"\nrate = \"20/min in total\"\n";

    #[test]
    fn what_is_run_is_what_the_flags_say() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), SCENARIO).unwrap();
        let name = file.path().display();
        let arguments = parsed::<Run>(&format!(
            "{name} --seed 9 --set consumers.people.count=5 --faults 3,1 --until 30s --checkpoint-at 10s,20s --out o"
        ));
        let experiment = arguments.experiment(NonZeroUsize::MIN).unwrap();
        assert_eq!((experiment.seed, experiment.scenario.consumers[0].count), (9, 5));
        assert_eq!(experiment.faults, Some([1, 3].into()));
        assert_eq!(experiment.until, Some(Duration::from_secs(30)));
        assert_eq!(experiment.checkpoints, [10, 20].map(Duration::from_secs));
        assert_eq!(
            arguments.command(&experiment),
            format!(
                "blindpost run {name} --seed 9 --faults '3,1' --set 'consumers.people.count=5' --until 30s"
            )
        );
    }

    #[test]
    fn what_is_named_and_is_not_in_the_run_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), SCENARIO).unwrap();
        let refused = |flags: &str| {
            let arguments = parsed::<Run>(&format!("{} {flags}", file.path().display()));
            let experiment = arguments.experiment(NonZeroUsize::MIN).unwrap();
            arguments.check(&experiment).map_err(|error| crate::error::explain(&error)).err()
        };
        assert_eq!(refused("--watch consumer/0 --watch relay/0 --checkpoint-at 10s --out o"), None);
        let nobody = refused("--watch consumer/999999").unwrap();
        assert!(nobody.contains("there is no consumer/999999") && nobody.contains("from 0 to"), "{nobody}");
        let late = refused("--checkpoint-at 10s,9999h --out o").unwrap();
        assert!(late.contains("--checkpoint-at") && late.contains("the run ends after"), "{late}");
        assert!(refused("--until 5s --checkpoint-at 6s --out o").is_some());
        assert!(refused("--until 9999h").unwrap().contains("the run ends after"));
        assert_eq!(refused("--until 10s"), None);
    }

    #[test]
    fn a_checkpoint_that_is_none_is_refused_and_a_scenarios_error_keeps_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), SCENARIO.replace("1min", "1 parsec")).unwrap();
        let name = file.path().display().to_string();
        let failed = |flags: &str| explain(&parsed::<Run>(flags).experiment(NonZeroUsize::MIN).unwrap_err());
        assert!(failed(&format!("--resume {name}")).contains("is no checkpoint"));
        let error = failed(&name);
        assert!(error.contains(&format!("{name}:3:12")) && error.contains("1 parsec"), "{error}");
    }
}
