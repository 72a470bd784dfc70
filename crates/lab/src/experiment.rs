//! An experiment: one scenario with one seed, run to its end or to where it is stopped, with tables, adversaries and
//! checkpoints on the way, and a summary of what came of it.

use crate::adversaries::loot::LootError;
use crate::adversaries::{Adversaries, Coup, Reading};
use crate::checkpoint::Checkpoint;
use crate::messages::{Message, Messages};
use crate::recorder::Recorder;
use kernel::Time;
use ratchet::Backend;
use report::{Facts, Finding, Findings, Manifest, Outcome, RunDirectory, Totals, WriteError};
use scenario::{Crypto, Messages as Rows, Scenario};
use serde::Serialize;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use world::{
    Costs, ForkError, Keep, Observations, Options, Outcome as Engine, Record, Sent, Simulation, Stage,
    Violation, Who,
};

/// Events have rows, if the scenario doesn't say, up to so many as are expected.
const MOST_EVENTS: f64 = 1e6;
const EVENTS_PER_MESSAGE: f64 = 25.0;

/// Of sampled messages one in so many has a row.
const SAMPLE: u64 = 100;

/// A run says how far it is so often.
const STEPS: u32 = 400;

/// With more bytes of frames in a step, the next one is shorter.
const MOST_KEPT: usize = 32 << 20;

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
    /// What changes on the way, by time.
    pub turns: Vec<Turn>,
    /// Where to note checkpoints: so long after the start.
    pub checkpoints: Vec<Duration>,
    /// The checkpoint that this run is to pass.
    pub resumes: Option<Checkpoint>,
}

/// The run goes on as another scenario.
#[derive(Debug, Clone)]
pub struct Turn {
    /// So long after the start.
    pub at: Duration,
    /// As which.
    pub scenario: Scenario,
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
    /// What adversaries could read.
    pub adversaries: Vec<Exposed>,
    /// Points that it can be resumed from.
    #[serde(skip)]
    pub checkpoints: Vec<Checkpoint>,
}

/// What an adversary could read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exposed {
    /// Its name, or the names of several together.
    pub adversary: String,
    /// What it has.
    pub has: String,
    /// Texts of the conversations that it tried: all, or those of whom it robbed.
    pub messages: u64,
    /// Those that it read.
    pub read: u64,
}

/// A run did not happen, or what it left is not whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scenario can't be run.
    #[error("the scenario can't be run: {0}")]
    Scenario(String),
    /// Only certain faults were to happen, and there is none of this number.
    #[error(
        "nothing that goes wrong in this run has the number {0}: a campaign (--seeds) names the numbers, each for its seed"
    )]
    NoSuchFault(usize),
    /// Something could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What an adversary took is not what it should be: a bug.
    #[error(transparent)]
    Loot(#[from] LootError),
    /// A change can't be made on the way.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The run did not pass the checkpoint.
    #[error(
        "this is not the run that the checkpoint is of: after {} s of virtual time its trace has the hash {found}, \
         and the checkpoint has {expected}; was the file changed, or the program built otherwise?",
        at.as_secs_f64()
    )]
    Diverged {
        /// The virtual time since the start.
        at: Duration,
        /// The checkpoint's hash.
        expected: String,
        /// The run's hash.
        found: String,
    },
}

impl Experiment {
    /// A scenario with a seed on one thread, from its start to its end, with the costs that are built in.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            scenario,
            seed,
            costs: Costs::default(),
            threads: NonZeroUsize::MIN,
            faults: None,
            until: None,
            turns: Vec::new(),
            checkpoints: Vec::new(),
            resumes: None,
        }
    }

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
            provider: match self.scenario.crypto {
                Crypto::Real => Backend::installed().name().into(),
                Crypto::Modelled => "modelled".into(),
            },
            command: command.into(),
            started_us: u64::try_from(self.scenario.start.unix_seconds()).unwrap_or(0) * 1_000_000,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// [`Error`]. A run that is stopped early is whole as far as it went.
    pub fn run(&self, directory: Option<RunDirectory>, watcher: Watcher<'_>) -> Result<Summary, Error> {
        let Watcher { version, progress, watch, stop, wall_s } = watcher;
        let measurements = &self.scenario.measurements;
        let few = || self.scenario.estimate().messages * EVENTS_PER_MESSAGE < MOST_EVENTS;
        let events = directory.is_some() && measurements.events.unwrap_or_else(few);
        let packets = directory.is_some() && measurements.packets;
        let attacked = !self.scenario.adversaries.is_empty();
        let keep = Keep {
            records: events || watch.is_some(),
            wire: packets,
            envelopes: attacked,
            texts: attacked,
            ..Keep::default()
        };
        let options = Options {
            costs: self.costs.clone(),
            faults: self.faults.clone(),
            keep,
            threads: self.threads,
            ..Options::default()
        };
        let simulation = Simulation::new(self.scenario.clone(), self.seed, &options);
        let mut run = simulation.map_err(|error| Error::Scenario(error.to_string()))?;
        let known: BTreeSet<usize> = run.faults().iter().map(|fault| fault.number).collect();
        if let Some(number) = self.faults.iter().flatten().find(|number| !known.contains(number)) {
            return Err(Error::NoSuchFault(*number));
        }
        let adversaries = Adversaries::of(&run, &self.scenario.adversaries, self.seed);
        let recorder = Recorder::new(events, packets, run.start());
        let output = Output { directory, recorder, adversaries, ..Output::default() };
        let end = self.until.map_or(run.end(), |until| (run.start() + until).min(run.end()));
        let mut way = Way { experiment: self, version, end, progress, watch, stop, output };
        let stopped = way.go(&mut run)?;
        let ended = match (stopped, self.until) {
            (true, _) => Outcome::Partial { reason: "interrupted".into() },
            (false, Some(_)) if end < run.end() => Outcome::Partial { reason: "stopped at --until".into() },
            _ => Outcome::Complete,
        };
        if ended != Outcome::Complete {
            way.save(&mut run);
        }
        way.output.finish(&mut run, self, &ended, wall_s())
    }
}

/// Hears what happens and when, as the time since the start.
type Watch<'w> = dyn FnMut(Duration, &Record) + 'w;

/// Who looks on while a run goes on.
pub struct Watcher<'a> {
    /// The version of the program.
    pub version: &'a str,
    /// Hears how far the run is.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Hears what happens where and when, in the order of time, if it wants to; the time is since the start.
    pub watch: Option<&'a mut Watch<'a>>,
    /// Stops the run.
    pub stop: &'a AtomicBool,
    /// Asked at the end how long it took, in seconds: a run has no clock of its own.
    pub wall_s: &'a dyn Fn() -> f64,
}

impl<'a> Watcher<'a> {
    /// One who only may stop the run.
    pub fn silent(stop: &'a AtomicBool, progress: &'a mut dyn FnMut(Progress)) -> Self {
        Self { version: "", progress, watch: None, stop, wall_s: &|| 0.0 }
    }
}

/// A run under way.
struct Way<'e, 'w> {
    experiment: &'e Experiment,
    version: &'w str,
    end: Time,
    progress: &'w mut dyn FnMut(Progress),
    watch: Option<&'w mut Watch<'w>>,
    stop: &'w AtomicBool,
    output: Output,
}

impl Way<'_, '_> {
    /// Runs to the end, and does on the way what is to be done. True if it was stopped before.
    fn go(&mut self, run: &mut Simulation) -> Result<bool, Error> {
        let experiment = self.experiment;
        let resumes = experiment.resumes.as_ref().map(Checkpoint::at);
        let turns = experiment.turns.iter().map(|turn| turn.at);
        let strikes: Vec<Duration> = self.output.adversaries.strikes(run.start()).collect();
        let halts = experiment.checkpoints.iter().copied().chain(turns).chain(resumes).chain(strikes);
        let halts: BTreeSet<Duration> = halts.collect();
        for halt in halts {
            let at = run.start() + halt;
            if at > self.end {
                break;
            }
            if self.run_to(run, at)? {
                return Ok(true);
            }
            if let Some(checkpoint) = experiment.resumes.as_ref().filter(|checkpoint| checkpoint.at() == halt)
            {
                let found = hex::encode(run.hashes().1);
                if found != checkpoint.trace_hash {
                    let expected = checkpoint.trace_hash.clone();
                    return Err(Error::Diverged { at: halt, expected, found });
                }
            }
            self.output.adversaries.strike(run)?;
            if experiment.checkpoints.contains(&halt) {
                self.save(run);
            }
            if let Some(turn) = experiment.turns.iter().find(|turn| turn.at == halt) {
                run.fork(turn.scenario.clone())?;
            }
        }
        self.run_to(run, self.end)
    }

    fn save(&mut self, run: &mut Simulation) {
        let at = run.now().since(run.start());
        let hash = hex::encode(run.hashes().1);
        self.output.checkpoints.push(self.experiment.checkpoint(self.version, at, run.events(), hash));
    }

    /// True if it was stopped before.
    fn run_to(&mut self, run: &mut Simulation, target: Time) -> Result<bool, Error> {
        let start = run.start();
        let longest = (self.end.since(start) / STEPS).max(Duration::from_millis(1));
        let mut step = longest;
        while run.now() < target {
            let outcome = run.run_until((run.now() + step).min(target), self.stop);
            let seen = self.output.take(run)?;
            // Frames are in memory until they are written: where there are many, that is sooner.
            let kept: usize = seen.wire.iter().map(|on| on.frame.len()).sum();
            step = if kept > MOST_KEPT { step / 2 } else { (step * 2).min(longest) };
            step = step.max(Duration::from_millis(1));
            if let Some(watch) = &mut self.watch {
                let mut records: Vec<&Record> = seen.records.iter().collect();
                records.sort_by_key(|record| record.at);
                records.into_iter().for_each(|record| watch(record.at.since(start), record));
            }
            let elapsed = run.now().since(start);
            (self.progress)(Progress {
                done: elapsed.as_secs_f64() / self.end.since(start).as_secs_f64().max(1e-9),
                elapsed,
                messages: self.output.messages.len() as u64,
                events: run.events(),
            });
            match outcome {
                Engine::Reached => {}
                Engine::Idle => break,
                Engine::Stopped => return Ok(true),
            }
        }
        Ok(false)
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
    checkpoints: Vec<Checkpoint>,
    adversaries: Adversaries,
}

impl Output {
    fn take(&mut self, run: &mut Simulation) -> Result<Observations, Error> {
        let mut seen = run.observe();
        self.messages.add(&seen);
        self.violations.append(&mut seen.violations);
        self.refused = seen.refused;
        self.adversaries.observe(&seen);
        if let Some(directory) = &mut self.directory {
            self.recorder.write(directory, &seen)?;
        }
        Ok(seen)
    }

    fn finish(
        mut self,
        run: &mut Simulation,
        experiment: &Experiment,
        ended: &Outcome,
        wall_s: f64,
    ) -> Result<Summary, Error> {
        let (metadata, everything) = run.hashes();
        let coups = if self.adversaries.is_empty() { Vec::new() } else { self.adversaries.coups(run) };
        self.violations.extend(coups.iter().flat_map(|coup| wrong(run, coup)));
        let mut summary = self.summary(run, experiment, ended, (metadata, everything));
        summary.adversaries = coups.iter().map(Exposed::of).collect();
        let Some(mut directory) = self.directory.take() else { return Ok(summary) };
        self.write_messages(run, &mut directory, experiment.scenario.measurements.messages)?;
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
        let adversaries = coups.iter().zip(&summary.adversaries).map(|(coup, exposed)| Finding {
            name: coup.name.clone(),
            at_us: coup.at.as_micros(),
            what: coup.means.clone(),
            numbers: [("messages", exposed.messages), ("read", exposed.read)]
                .map(|(name, number)| (name.to_owned(), number as f64))
                .into(),
        });
        let adversaries = adversaries.collect();
        directory.findings(&Findings { adversaries, faults: faults.chain(violations).collect() })?;
        for coup in &coups {
            for reading in &coup.readings {
                directory.write(&report::tables::Exposure {
                    adversary: &coup.name,
                    at_us: reading.at.as_micros(),
                    conversation: reading.conversation,
                    message: reading.number,
                    readable: reading.readable,
                    because: &reading.because,
                })?;
            }
        }
        let totals = Totals {
            ended_us: run.now().as_micros(),
            trace_hash: summary.trace_hash.clone(),
            events: summary.events,
            messages: summary.messages,
            wall_s,
            checkpoints: self
                .checkpoints
                .iter()
                .map(|checkpoint| report::Checkpoint {
                    at_us: checkpoint.at_us,
                    events: checkpoint.events,
                    trace_hash: checkpoint.trace_hash.clone(),
                })
                .collect(),
        };
        let _: Manifest = directory.finish(ended.clone(), totals)?;
        Ok(summary)
    }

    /// Messages are numbered in the order in which they were made.
    fn write_messages(
        &self,
        run: &Simulation,
        directory: &mut RunDirectory,
        which: Rows,
    ) -> Result<(), WriteError> {
        let every = match which {
            Rows::All => 1,
            Rows::Sample => SAMPLE,
            Rows::None => return Ok(()),
        };
        let made = self.messages.iter().filter_map(|(key, message)| Some((message.sent?, key, message)));
        let mut made: Vec<(Sent, u64, &Message)> = made.collect();
        made.sort_by_key(|(sent, key, _)| (sent.created, *key));
        for (number, (sent, _, message)) in (0..).zip(made) {
            if number % every == 0 {
                let kind = match sent.stream {
                    world::ANSWER => "answer".to_owned(),
                    stream => format!("traffic/{stream}"),
                };
                if let Some(row) = message.row(number, &kind, run) {
                    directory.write(&row)?;
                }
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
            checkpoints: self.checkpoints.clone(),
            adversaries: Vec::new(),
        }
    }
}

impl Exposed {
    fn of(coup: &Coup) -> Self {
        let read = |reading: &&Reading| reading.readable;
        Self {
            adversary: coup.name.clone(),
            has: coup.means.clone(),
            messages: coup.readings.len() as u64,
            read: coup.readings.iter().filter(read).count() as u64,
        }
    }
}

/// What an adversary reads is what was sent.
fn wrong(run: &Simulation, coup: &Coup) -> Vec<Violation> {
    let wrong = coup.readings.iter().filter(|reading| reading.wrong);
    let violation = |reading: &Reading| Violation {
        at: reading.at,
        who: run.servers().next().unwrap_or(Who::relay(0)),
        invariant: "attackers_really_decrypt",
        what: format!(
            "{} reads something else than message {} of conversation {}",
            coup.name, reading.number, reading.conversation
        ),
    };
    wrong.map(violation).collect()
}
