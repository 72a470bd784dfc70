//! One scenario, one seed, one directory.

use crate::messages::Messages;
use crate::recorder::Recorder;
use report::{Checkpoint, Facts, Finding, Findings, Manifest, Outcome, RunDirectory, Totals, WriteError};
use scenario::{Crypto, Scenario};
use serde::Serialize;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use world::{Costs, Keep, Options, Outcome as Engine, Simulation, Stage, Violation};

/// A run says how far it is so often.
const STEPS: u32 = 400;

/// A scenario with a seed, and how it is run. The first two and the costs decide what happens.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// The scenario.
    pub scenario: Scenario,
    /// Where all randomness comes from.
    pub seed: u64,
    /// What each step takes a processor.
    pub costs: Costs,
    /// On how many threads.
    pub threads: NonZeroUsize,
    /// Of the things that go wrong only those with these numbers; `None`: all.
    pub faults: Option<BTreeSet<usize>>,
    /// Where to stop before the end: so long after the start of the virtual clock.
    pub until: Option<Duration>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The share that is done, of virtual time.
    pub done: f64,
    /// The virtual time since the start.
    pub elapsed: Duration,
    /// Messages so far.
    pub messages: u64,
    /// Events so far.
    pub events: u64,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Whether it came to its end.
    pub complete: bool,
    /// The hash over everything that happened, in hexadecimal.
    pub trace_hash: String,
    /// The hash over when, where, what and how many bytes, in hexadecimal: the same in both crypto modes.
    pub metadata_hash: String,
    /// The virtual time that passed, in seconds.
    pub virtual_s: f64,
    /// Events.
    pub events: u64,
    /// Messages that were made.
    pub messages: u64,
    /// Messages that their recipients have read.
    pub shown: u64,
    /// Messages of which the sender knows that they will not arrive.
    pub failed: u64,
    /// Messages that were read more than once.
    pub shown_twice: u64,
    /// Requests that the API refused.
    pub refused: u64,
    /// From making to showing: median, 99th percentile and longest, in milliseconds.
    pub latency_ms: Option<[f64; 3]>,
    /// Things that went wrong as the scenario has it.
    pub faults: usize,
    /// What must never happen and did.
    pub violations: Vec<String>,
}

/// A run did not happen, or what it left is not whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scenario can't be run.
    #[error("the scenario can't be run: {0}")]
    Scenario(String),
    /// Something could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Experiment {
    /// What a manifest says before the run.
    #[must_use]
    pub fn facts(&self, version: &str, command: &str, digest: &[u8; 32]) -> Facts {
        Facts {
            version: version.into(),
            scenario: self.scenario.name.clone(),
            scenario_digest: hex::encode(digest),
            seed: self.seed,
            threads: u32::try_from(self.threads.get()).unwrap_or(u32::MAX),
            crypto: match self.scenario.crypto {
                Crypto::Real => "real".into(),
                Crypto::Modelled => "modelled".into(),
            },
            command: command.into(),
            started_us: u64::try_from(self.scenario.start.unix_seconds()).unwrap_or(0) * 1_000_000,
        }
    }

    /// Runs it. `wall_s` is asked at the end how long it took; a run has no clock of its own.
    ///
    /// # Errors
    /// [`Error`]. A run that `stop` ends early is whole as far as it went.
    pub fn run(
        &self,
        directory: Option<RunDirectory>,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
        wall_s: impl FnOnce() -> f64,
    ) -> Result<Summary, Error> {
        let measurements = &self.scenario.measurements;
        let events = directory.is_some() && measurements.events.unwrap_or(true);
        let packets = directory.is_some() && measurements.packets;
        let keep = Keep { records: events || packets, ..Keep::default() };
        let options = Options {
            costs: self.costs.clone(),
            faults: self.faults.clone(),
            keep,
            disks: false,
            threads: self.threads,
        };
        let simulation = Simulation::new(self.scenario.clone(), self.seed, &options);
        let mut run = simulation.map_err(|error| Error::Scenario(error.to_string()))?;
        let mut output = Output { directory, recorder: Recorder::new(events, packets), ..Output::default() };

        let (start, end) =
            (run.start(), self.until.map_or(run.end(), |until| (run.start() + until).min(run.end())));
        let step = (end.since(start) / STEPS).max(Duration::from_millis(1));
        let mut outcome = Engine::Reached;
        while run.now() < end && outcome == Engine::Reached {
            outcome = run.run_until((run.now() + step).min(end), stop);
            output.take(&mut run)?;
            let elapsed = run.now().since(start);
            progress(Progress {
                done: elapsed.as_secs_f64() / end.since(start).as_secs_f64().max(1e-9),
                elapsed,
                messages: output.messages.len() as u64,
                events: run.events(),
            });
        }
        let stopped = stop.load(Ordering::Relaxed) && outcome == Engine::Stopped;
        let ended = match (stopped, self.until) {
            (true, _) => Outcome::Partial { reason: "interrupted".into() },
            (false, Some(_)) if end < run.end() => Outcome::Partial { reason: "stopped at --until".into() },
            _ => Outcome::Complete,
        };
        output.finish(&mut run, self, &ended, wall_s())
    }
}

/// Where what happens goes to.
#[derive(Default)]
struct Output {
    directory: Option<RunDirectory>,
    recorder: Recorder,
    messages: Messages,
    violations: Vec<Violation>,
    refused: u64,
}

impl Output {
    fn take(&mut self, run: &mut Simulation) -> Result<(), Error> {
        let mut seen = run.observe();
        self.messages.add(&seen);
        self.violations.append(&mut seen.violations);
        self.refused = seen.refused;
        if let Some(directory) = &mut self.directory {
            self.recorder.write(directory, &seen)?;
        }
        Ok(())
    }

    fn finish(
        mut self,
        run: &mut Simulation,
        experiment: &Experiment,
        ended: &Outcome,
        wall_s: f64,
    ) -> Result<Summary, Error> {
        let (metadata, everything) = run.hashes();
        let summary = self.summary(run, experiment, ended, (metadata, everything));
        let Some(mut directory) = self.directory.take() else { return Ok(summary) };
        self.write_messages(run, &mut directory)?;
        let violations = self.violations.iter().map(|violation| Finding {
            name: violation.invariant.into(),
            at_us: violation.at.as_micros(),
            what: format!("{}: {}", violation.who, violation.what),
            ..Finding::default()
        });
        let faults = run.faults().iter().map(|fault| Finding {
            name: fault.what.into(),
            at_us: fault.at.as_micros(),
            what: fault.to_string(),
            ..Finding::default()
        });
        directory
            .findings(&Findings { adversaries: Vec::new(), faults: faults.chain(violations).collect() })?;
        let totals = Totals {
            ended_us: run.now().as_micros(),
            trace_hash: summary.trace_hash.clone(),
            events: summary.events,
            messages: summary.messages,
            wall_s,
            checkpoints: Vec::<Checkpoint>::new(),
        };
        let _: Manifest = directory.finish(ended.clone(), totals)?;
        Ok(summary)
    }

    fn write_messages(&self, run: &Simulation, directory: &mut RunDirectory) -> Result<(), WriteError> {
        for (id, message) in self.messages.iter() {
            let kind = match message.sent {
                Some(sent) if sent.stream == world::ANSWER => "answer".to_owned(),
                Some(sent) => format!("traffic/{}", sent.stream),
                None => continue,
            };
            if let Some(row) = message.row(id, &kind, run) {
                directory.write(&row)?;
            }
        }
        Ok(())
    }

    fn summary(
        &self,
        run: &Simulation,
        experiment: &Experiment,
        ended: &Outcome,
        (metadata, everything): ([u8; 32], [u8; 32]),
    ) -> Summary {
        let latencies = self.messages.latencies();
        let percentile = |share: f64| {
            let last = latencies.len().checked_sub(1)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in the list"
            )]
            let place = (last as f64 * share).round() as usize;
            latencies.get(place).map(|micros| *micros as f64 / 1000.0)
        };
        Summary {
            scenario: experiment.scenario.name.clone(),
            seed: experiment.seed,
            complete: *ended == Outcome::Complete,
            trace_hash: hex::encode(everything),
            metadata_hash: hex::encode(metadata),
            virtual_s: run.now().since(run.start()).as_secs_f64(),
            events: run.events(),
            messages: self.messages.iter().filter(|(_, message)| message.sent.is_some()).count() as u64,
            shown: self.messages.reached(Stage::Shown),
            failed: self.messages.reached(Stage::Failed),
            shown_twice: self.messages.iter().filter(|(_, message)| message.shown > 1).count() as u64,
            refused: self.refused,
            latency_ms: percentile(0.5)
                .zip(percentile(0.99))
                .zip(percentile(1.0))
                .map(|((a, b), c)| [a, b, c]),
            faults: run.faults().len(),
            violations: self.violations.iter().map(ToString::to_string).collect(),
        }
    }
}
