//! The seam between a sweep and who works on it: jobs out, results in, whoever keeps them.

use crate::JournalError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One run of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Job {
    /// Which of the sweep's points.
    pub point: usize,
    /// With which seed.
    pub seed: u64,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Which run.
    #[serde(flatten)]
    pub job: Job,
    /// The hash over everything that happened in it, in hexadecimal: two workers can be held against each other.
    pub trace_hash: String,
    /// Its measures ([`MEASURES`](crate::MEASURES)); one that has no value is left out.
    pub measures: BTreeMap<String, f64>,
}

/// Where workers get their runs from and bring results to. On one machine that is the
/// [`Journal`](crate::Journal); a queue that hands runs to other machines has the same two ends.
pub trait Queue: Sync {
    /// The next run that nobody has taken; `None`: there is none.
    fn take(&self) -> Option<Job>;

    /// Keeps a result: once this returns it is not lost.
    ///
    /// # Errors
    /// If it can't be kept.
    fn keep(&self, done: Done) -> Result<(), JournalError>;
}
