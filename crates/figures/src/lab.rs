//! What an experiment is given: its seed, threads, whether it is to be quick, and somebody to tell how far it is.

use kernel::{Rng, Seed};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How far an experiment is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// What it is doing.
    pub what: &'a str,
    /// The share of that which is done.
    pub done: f64,
}

/// What an experiment is given. Seed and `quick` decide what it measures; threads only how fast.
pub struct Lab {
    /// Where all randomness comes from.
    pub seed: u64,
    /// On how many threads a sweep runs.
    pub threads: NonZeroUsize,
    /// Fewer repetitions and a coarser sweep: seconds instead of minutes.
    pub quick: bool,
    progress: Box<dyn FnMut(Progress<'_>) + Send>,
}

impl Lab {
    /// A lab with this seed, on one thread, that tells nobody how far it is.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, threads: NonZeroUsize::MIN, quick: false, progress: Box::new(|_| {}) }
    }

    /// Tells `progress` how far it is.
    #[must_use]
    pub fn with_progress(self, progress: impl FnMut(Progress<'_>) + Send + 'static) -> Self {
        Self { progress: Box::new(progress), ..self }
    }

    /// The random numbers of one part of an experiment.
    pub(crate) fn rng(&self, name: &str) -> Rng {
        Rng::for_entity(&Seed::from_number(self.seed), name)
    }

    pub(crate) fn tell(&mut self, what: &str, done: f64) {
        (self.progress)(Progress { what, done });
    }

    /// One of two numbers.
    pub(crate) fn quick_or<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Does `task` for each of `inputs`, on all threads. The results are in their order, whoever made them.
    pub(crate) fn for_each<I: Sync, O: Send>(
        &mut self,
        what: &str,
        inputs: &[I],
        task: impl Fn(&I) -> O + Sync,
    ) -> Vec<O> {
        let (next, threads) = (AtomicUsize::new(0), self.threads.get().min(inputs.len().max(1)));
        let results = Mutex::new(Vec::with_capacity(inputs.len()));
        let progress = Mutex::new(&mut self.progress);
        let work = || {
            while let Some((at, input)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                inputs.get(at).map(|input| (at, input))
            } {
                let result = task(input);
                let done = {
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((at, result));
                    results.len() as f64 / inputs.len() as f64
                };
                progress.lock().unwrap_or_else(PoisonError::into_inner)(Progress { what, done });
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lab")
            .field("seed", &self.seed)
            .field("threads", &self.threads)
            .field("quick", &self.quick)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_their_inputs_on_any_number_of_threads() {
        let inputs: Vec<u64> = (0..100).collect();
        for threads in [1, 3] {
            let mut lab = Lab::new(1);
            lab.threads = NonZeroUsize::new(threads).unwrap();
            assert_eq!(lab.for_each("squares", &inputs, |n| n * n)[99], 99 * 99);
        }
    }
}
