//! Doing the runs of a sweep: threads that take jobs from a queue, run them, and hand in what was measured.

use crate::measures::measured;
use crate::queue::{Done, Job, Queue};
use crate::{JournalError, Sweep};
use lab::{Error, Experiment, Watcher};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use world::Costs;

/// How far a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Runs that this call has done.
    pub done: usize,
}

/// A sweep could not go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// A run did not happen.
    #[error("the run of {settings} with seed {seed} failed: {reason}")]
    Run {
        /// With which settings.
        settings: String,
        /// With which seed.
        seed: u64,
        /// Why.
        reason: Error,
    },
    /// A result could not be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Takes runs from `queue` until there are none or `stop` says so; each thread does whole runs.
///
/// # Errors
/// The first [`WorkError`]; what was kept before is kept.
pub fn work(
    sweep: &Sweep,
    queue: &dyn Queue,
    costs: &Costs,
    threads: NonZeroUsize,
    progress: &(dyn Fn(Progress) + Sync),
    stop: &AtomicBool,
) -> Result<(), WorkError> {
    let failed: Mutex<Option<WorkError>> = Mutex::new(None);
    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && !over.load(Ordering::Relaxed) {
                    let Some(job) = queue.take() else { break };
                    let kept = match run(sweep, job, costs, stop) {
                        Ok(None) => break,
                        Ok(Some(result)) => queue.keep(result).map_err(WorkError::from),
                        Err(error) => Err(error),
                    };
                    if let Err(error) = kept {
                        over.store(true, Ordering::Relaxed);
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        break;
                    }
                    progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1 });
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Nothing if it was stopped: half a run has no measures.
fn run(sweep: &Sweep, job: Job, costs: &Costs, stop: &AtomicBool) -> Result<Option<Done>, WorkError> {
    let Some(point) = sweep.points.get(job.point) else { return Ok(None) };
    let costs = costs.clone();
    let experiment = Experiment { costs, ..Experiment::new(point.scenario.clone(), job.seed) };
    let summary = experiment.run(None, Watcher::silent(stop, &mut |_| {}));
    let summary =
        summary.map_err(|reason| WorkError::Run { settings: point.told(), seed: job.seed, reason })?;
    let measures = measured(&summary);
    Ok(summary.complete.then_some(Done { job, trace_hash: summary.trace_hash, measures }))
}
