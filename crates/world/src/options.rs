//! How a scenario is run: what else decides what happens in it, what is kept of it, and on how many threads.

use crate::costs::Costs;
use crate::keep::Keep;
use crate::variation::Audit;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// How a scenario is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What each step takes a processor: with scenario and seed it decides what happens.
    pub costs: Costs,
    /// Of the things that go wrong only those with these numbers; `None`: all. Part of what happens, too.
    pub faults: Option<BTreeSet<usize>>,
    /// What is kept beside the hashes.
    pub keep: Keep,
    /// Whether the disks of all parties are kept, to look at them, or to start again from them.
    pub disks: bool,
    /// On how many threads.
    pub threads: NonZeroUsize,
    /// What apps answer by themselves to each text, beside what their people say: part of what happens, too.
    pub apps_answer: consumer::Reply,
    /// Whether the run is one of an audit, and what is different in it: part of what happens, too.
    pub audit: Option<Audit>,
}

impl Default for Options {
    fn default() -> Self {
        let (costs, keep) = (Costs::default(), Keep::default());
        let threads = NonZeroUsize::MIN;
        let apps_answer = consumer::Reply::None;
        Self { costs, faults: None, keep, disks: false, threads, apps_answer, audit: None }
    }
}
