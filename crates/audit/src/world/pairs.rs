//! Pairs of runs that differ in one secret, compared in everybody's eyes.

use super::stage::{self, Direction, StageError};
use super::trials::{TRIALS, Trial};
use super::views::{self, Treatment, Views};
use crate::matrix::{Leak, Matrix};
use privacy::equal;
use privacy::surfaces::Surfaces;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What came of one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialReport {
    /// Its name.
    pub name: String,
    /// What differed.
    pub about: String,
    /// The class of what differed.
    pub class: String,
    /// How many pairs of runs were compared.
    pub pairs: u64,
    /// Views of parties who may not notice, all pairs together.
    pub views: u64,
    /// Events in them.
    pub events: u64,
    /// Those that differed.
    pub unequal: Vec<Unequal>,
    /// Who may notice and did, and in how many pairs.
    pub noticed: BTreeMap<String, u64>,
    /// Who had to notice and never did: the comparison may be blind.
    pub blind: Vec<String>,
}

/// A view that differs between the two runs of a pair, and may not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unequal {
    /// Whose.
    pub party: String,
    /// The seed of both runs.
    pub seed: u64,
    /// Which other value the secret had.
    pub salt: u64,
    /// The first difference, with what was around it.
    pub difference: String,
}

/// How many pairs, and of what.
#[derive(Debug, Clone)]
pub struct PairPlan {
    /// The first seed; each pair has its own.
    pub seed: u64,
    /// Pairs for each secret.
    pub pairs: u64,
    /// The secrets, by name; none: all.
    pub only: Vec<String>,
    /// On how many threads.
    pub threads: NonZeroUsize,
}

/// The names of the secrets, with what each is.
pub fn trials() -> impl Iterator<Item = (&'static str, &'static str)> {
    TRIALS.iter().map(|trial| (trial.name, trial.about))
}

/// Plays the pairs. `progress` hears how many of how many are done.
///
/// # Errors
/// [`StageError`].
pub(crate) fn run(
    plan: &PairPlan,
    surfaces: &Surfaces,
    matrix: &mut Matrix,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Vec<TrialReport>, StageError> {
    let chosen: Vec<&Trial> = TRIALS
        .iter()
        .filter(|trial| plan.only.is_empty() || plan.only.iter().any(|name| name == trial.name))
        .collect();
    let seeds: Vec<u64> = (plan.seed..).take(usize::try_from(plan.pairs).unwrap_or(usize::MAX)).collect();
    let total = chosen.len() as u64 * plan.pairs;
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let outcomes: Mutex<Vec<Outcome>> = Mutex::default();
    let failure: Mutex<Option<StageError>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..plan.threads.get() {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let told = || {
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        progress(done as u64, total);
                    };
                    match with_seed(*seed, &chosen, surfaces, &told) {
                        Ok(found) => lock(&outcomes).extend(found),
                        Err(error) => {
                            lock(&failure).get_or_insert(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by(|a, b| (a.trial, a.seed, &a.party).cmp(&(b.trial, b.seed, &b.party)));
    Ok(report(&chosen, outcomes, plan.pairs, matrix))
}

/// What one party could tell of one pair.
struct Outcome {
    trial: usize,
    seed: u64,
    salt: u64,
    party: String,
    events: u64,
    difference: Option<String>,
}

/// All trials with one seed: most have the left run in common.
fn with_seed(
    seed: u64,
    trials: &[&Trial],
    surfaces: &Surfaces,
    done: &dyn Fn(),
) -> Result<Vec<Outcome>, StageError> {
    let salt = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let plain = stage::play(&Direction::default(), seed)?;
    let mut outcomes = Vec::new();
    for (number, trial) in trials.iter().enumerate() {
        let [left, right] = trial.directions(salt);
        let treatment = if trial.redraws { Treatment::Renamed } else { Treatment::Exact };
        let other_left = if left.changes.is_empty() { None } else { Some(stage::play(&left, seed)?) };
        let one = views::of(other_left.as_ref().unwrap_or(&plain), surfaces, treatment);
        let other = views::of(&stage::play(&right, seed)?, surfaces, treatment);
        outcomes.extend(compared(&one, &other).map(|(party, events, difference)| Outcome {
            trial: number,
            seed,
            salt,
            party,
            events,
            difference,
        }));
        done();
    }
    Ok(outcomes)
}

fn compared<'a>(
    one: &'a Views,
    other: &'a Views,
) -> impl Iterator<Item = (String, u64, Option<String>)> + 'a {
    one.iter().map(|(party, events)| {
        let nothing = Vec::new();
        let others = other.get(party).unwrap_or(&nothing);
        let difference = equal::compare(events, others).map(|difference| difference.to_string());
        (party.name().to_owned(), events.len().max(others.len()) as u64, difference)
    })
}

fn report(trials: &[&Trial], outcomes: Vec<Outcome>, pairs: u64, matrix: &mut Matrix) -> Vec<TrialReport> {
    let mut reports: Vec<TrialReport> = trials
        .iter()
        .map(|trial| TrialReport {
            name: trial.name.into(),
            about: trial.about.into(),
            class: trial.class.name().into(),
            pairs,
            views: 0,
            events: 0,
            unequal: Vec::new(),
            noticed: BTreeMap::new(),
            blind: Vec::new(),
        })
        .collect();
    for outcome in outcomes {
        let (Some(trial), Some(report)) = (trials.get(outcome.trial), reports.get_mut(outcome.trial)) else {
            continue;
        };
        let may = trial.may.contains(&&*outcome.party);
        let principal = views::principal(&outcome.party);
        matrix.pair(principal, trial.class, trial.name, may, outcome.difference.is_none());
        if may {
            *report.noticed.entry(outcome.party).or_default() += u64::from(outcome.difference.is_some());
            continue;
        }
        report.views += 1;
        report.events += outcome.events;
        let Some(difference) = outcome.difference else { continue };
        // One pair is enough to be shown; the others count.
        if report.unequal.iter().all(|unequal| unequal.party != outcome.party) {
            matrix.leak(Leak {
                layer: "noninterference",
                principal: principal.name().into(),
                class: Some(trial.class.name().into()),
                what: format!(
                    "{} can tell {} ({}), with seed {}: {difference}",
                    outcome.party, trial.about, trial.name, outcome.seed
                ),
            });
        }
        let Outcome { seed, salt, party, .. } = outcome;
        report.unequal.push(Unequal { party, seed, salt, difference });
    }
    for (trial, report) in trials.iter().zip(&mut reports) {
        let never = |party: &&&str| report.noticed.get(**party).is_none_or(|times| *times == 0);
        report.blind = trial.must.iter().filter(never).map(|party| (*party).to_owned()).collect();
    }
    reports
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
