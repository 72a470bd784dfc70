//! Campaigns of faults: one scenario with many seeds, every run against every invariant. A seed that breaks one is made
//! smaller, until only the faults are left without which nothing breaks (ddmin).

use crate::experiment::Error;
use crate::invariants::{self, Broken, KeyUses};
use crate::messages::Messages;
use kernel::Time;
use scenario::Scenario;
use serde::Serialize;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use world::{Costs, Keep, Misfortune, Options, Simulation, Who};

/// A scenario to be run with many seeds.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The scenario; it should let things go wrong.
    pub scenario: Scenario,
    /// What each step takes a processor.
    pub costs: Costs,
    /// The seeds.
    pub seeds: RangeInclusive<u64>,
    /// On how many threads: each runs whole seeds.
    pub threads: NonZeroUsize,
    /// A party whose machine speaks before what it promises is durable. A campaign that does not notice proves nothing.
    pub sabotaged: Option<Who>,
    /// Stop at the first failure.
    pub stop_at_first: bool,
}

/// What came of a campaign.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdict {
    /// How many seeds were run.
    pub seeds: u64,
    /// Messages in all runs.
    pub messages: u64,
    /// Things that went wrong in all runs.
    pub faults: u64,
    /// The seeds that broke a promise, ascending.
    pub failures: Vec<Failure>,
    /// Whether every seed was run.
    pub complete: bool,
}

/// A seed that broke a promise, with the least that makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What is broken, with all faults.
    pub broken: Vec<Broken>,
    /// The numbers of the faults that suffice.
    pub faults: Vec<usize>,
    /// What these are, for people.
    pub story: Vec<String>,
}

/// One run, looked at.
struct Run {
    start: Time,
    broken: Vec<Broken>,
    faults: Vec<Misfortune>,
    messages: u64,
}

impl Campaign {
    /// Runs every seed; `progress` is told how many are done.
    ///
    /// # Errors
    /// A scenario that can't be run.
    pub fn run(&self, progress: &(dyn Fn(u64) + Sync), stop: &AtomicBool) -> Result<Verdict, Error> {
        let next = AtomicU64::new(*self.seeds.start());
        let verdict = Mutex::new(Verdict::default());
        let failed: Mutex<Option<Error>> = Mutex::new(None);
        let found = AtomicBool::new(false);
        let over = || stop.load(Ordering::Relaxed) || (self.stop_at_first && found.load(Ordering::Relaxed));
        thread::scope(|scope| {
            for _ in 0..self.threads.get() {
                scope.spawn(|| {
                    while !over() {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if !self.seeds.contains(&seed) {
                            break;
                        }
                        match self.look_at(seed) {
                            Ok((run, failure)) => {
                                found.fetch_or(failure.is_some(), Ordering::Relaxed);
                                let mut verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner);
                                verdict.seeds += 1;
                                verdict.messages += run.messages;
                                verdict.faults += run.faults.len() as u64;
                                verdict.failures.extend(failure);
                                progress(verdict.seeds);
                            }
                            Err(error) => {
                                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                                break;
                            }
                        }
                    }
                });
            }
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let mut verdict = verdict.into_inner().unwrap_or_else(PoisonError::into_inner);
        verdict.failures.sort_by_key(|failure| failure.seed);
        let all = self.seeds.end().saturating_sub(*self.seeds.start()).saturating_add(1);
        verdict.complete = verdict.seeds == all;
        Ok(verdict)
    }

    fn look_at(&self, seed: u64) -> Result<(Run, Option<Failure>), Error> {
        let run = self.run_seed(seed, None)?;
        if run.broken.is_empty() {
            return Ok((run, None));
        }
        let all: Vec<usize> = run.faults.iter().map(|fault| fault.number).collect();
        let faults = minimised(all, |faults| {
            let only = faults.iter().copied().collect();
            self.run_seed(seed, Some(only)).is_ok_and(|run| !run.broken.is_empty())
        });
        let mattered = run.faults.iter().filter(|fault| faults.contains(&fault.number));
        let story = mattered.map(|fault| told(fault, run.start)).collect();
        let failure = Failure { seed, broken: run.broken.clone(), faults, story };
        Ok((run, Some(failure)))
    }

    fn run_seed(&self, seed: u64, faults: Option<BTreeSet<usize>>) -> Result<Run, Error> {
        let keep = Keep { envelopes: true, texts: true, ..Keep::default() };
        let threads = NonZeroUsize::MIN;
        let options =
            Options { costs: self.costs.clone(), faults, keep, disks: true, threads, ..Options::default() };
        let simulation = Simulation::new(self.scenario.clone(), seed, &options);
        let mut run = simulation.map_err(|error| Error::Scenario(error.to_string()))?;
        if let Some(who) = self.sabotaged {
            run.sabotage(who);
        }
        run.run_until(run.end(), &AtomicBool::new(false));
        let seen = run.observe();
        let mut messages = Messages::default();
        messages.add(&seen);
        let envelopes: Vec<_> = seen.envelopes.into_iter().map(|(_, envelope)| envelope).collect();

        let mut broken: Vec<Broken> = seen.violations.iter().map(Broken::from).collect();
        broken.extend(invariants::exactly_once(&messages, &run));
        broken.extend(invariants::no_past_is_lost(&seen.started_over, &run));
        let mut uses = KeyUses::default();
        let taken: BTreeSet<_> = seen.taken.into_iter().collect();
        let taken = envelopes.iter().filter(|envelope| taken.contains(&envelope.id));
        broken.extend(taken.filter_map(|envelope| uses.add(envelope)));
        broken.extend(invariants::no_text_is_left(&mut run, &seen.texts, &envelopes));
        Ok(Run { start: run.start(), broken, faults: run.faults().to_vec(), messages: messages.len() as u64 })
    }
}

fn told(fault: &Misfortune, start: Time) -> String {
    format!("{}: after {:.6} s {fault}", fault.number, fault.at.since(start).as_secs_f64())
}

/// The fewest of `all` with which it still `fails`, by leaving out ever smaller parts (Zeller and Hildebrandt's ddmin).
fn minimised(all: Vec<usize>, fails: impl Fn(&[usize]) -> bool) -> Vec<usize> {
    let mut left = all;
    let mut parts = 2;
    while left.len() > 1 && parts <= left.len() {
        let size = left.len().div_ceil(parts);
        let without = (0..left.len()).step_by(size).map(|from| {
            let part = from..from.saturating_add(size);
            left.iter()
                .enumerate()
                .filter(|(place, _)| !part.contains(place))
                .map(|(_, fault)| *fault)
                .collect()
        });
        let smaller: Option<Vec<usize>> = without.into_iter().find(|rest: &Vec<usize>| fails(rest));
        match smaller {
            Some(rest) => {
                left = rest;
                parts = parts.saturating_sub(1).max(2);
            }
            None if parts >= left.len() => break,
            None => parts = (parts * 2).min(left.len()),
        }
    }
    if left.len() == 1 && fails(&[]) {
        left.clear();
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_left_out() {
        let needs = |wanted: &'static [usize]| {
            move |faults: &[usize]| wanted.iter().all(|fault| faults.contains(fault))
        };
        assert_eq!(minimised((0..40).collect(), needs(&[7])), [7]);
        assert_eq!(minimised((0..40).collect(), needs(&[3, 17, 38])), [3, 17, 38]);
        assert_eq!(minimised((0..40).collect(), needs(&[])), [0_usize; 0]);
        assert_eq!(minimised((0..3).collect(), needs(&[0, 1, 2])), [0, 1, 2]);
    }
}
