//! The program as it is shipped, in processes of its own, and what each principal can see of it.
//!
//! Relay, nodes and apps run as real processes; the audit plays the businesses' servers, the wire between them, and
//! whoever gets hold of a disk or of a process's memory. Everything is planted with canaries, and every view is
//! searched for all of them; who may see which is for [`Policy::permits`](privacy::Policy::permits) to say.

mod business;
mod cast;
mod child;
mod counted;
mod crash;
mod destruction;
mod files;
mod frames;
mod gathered;
mod memory;
mod named;
mod over;
mod packets;
mod script;
mod sending;
mod stage;
mod texts;
mod told;
mod tracer;
mod trespass;
mod views;
mod walk;

use privacy::{Canary, CanaryError, Searched};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use script::run;

/// How to run.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// The program: `blindpost`.
    pub program: PathBuf,
    /// A directory for everything that is made; empty, and for this run only.
    pub dir: PathBuf,
    /// Variables that the processes find in their environment, beside those that they inherit.
    pub environment: Vec<(OsString, OsString)>,
    /// Few crashes, and no look at memory that only the consumers have.
    pub quick: bool,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone)]
pub struct LiveOutcome {
    /// Everything that was planted, with its owners.
    pub canaries: Vec<Canary>,
    /// Every view that was searched, with all canaries in it, those that may be there too.
    pub searched: Vec<Searched>,
    /// Promises that the matrix doesn't have, and that were broken.
    pub broken: Vec<Broken>,
    /// Log lines of all parties.
    pub logs: Vec<String>,
    /// The metrics of relay and nodes, in the text format of Prometheus.
    pub metrics: Vec<String>,
    /// Points at which a process died, or was frozen and its files taken for those of a dead one.
    pub crash_points: u32,
    /// What was done one after the other, and how long each took.
    pub phases: Vec<(&'static str, Duration)>,
    /// Requests with which every route and every way to be refused was walked over.
    pub walked: usize,
    /// What this computer does not let be looked at, and why.
    pub not_looked_at: Vec<&'static str>,
}

/// A promise that was broken. Says where and how, and never what: it may be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which promise.
    pub promise: &'static str,
    /// How.
    pub detail: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.detail)
    }
}

/// Why something could not be checked. Nothing is known then: it is no verdict, neither way.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The program could not be started.
    #[error("could not check: {party} can't be started: {source}")]
    Spawn {
        /// Which process.
        party: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A process ended that should not have.
    #[error("could not check: {party} ended before it said {waiting_for}")]
    Died {
        /// Which process.
        party: &'static str,
        /// What was waited for.
        waiting_for: &'static str,
    },
    /// A process says nothing.
    #[error("could not check: {party} did not say {waiting_for} in time")]
    Silent {
        /// Which process.
        party: &'static str,
        /// What was waited for.
        waiting_for: &'static str,
    },
    /// A process takes no input.
    #[error("could not check: {party} takes no input: {source}")]
    Talk {
        /// Which process.
        party: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A process can't be stopped.
    #[error("could not check: {party} takes no signal: {source}")]
    Signal {
        /// Which process.
        party: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Something did not happen in time.
    #[error("could not check: {0} did not happen in time")]
    Late(&'static str),
    /// The system does not show a process's memory.
    #[error(
        "could not check: the memory of {party} can't be read ({source}); it takes the same user, or root"
    )]
    Memory {
        /// Whose memory.
        party: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A file can't be read or written.
    #[error("could not check: {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No socket on loopback, or no runtime.
    #[error("could not check: no socket: {0}")]
    Socket(io::Error),
    /// No randomness.
    #[error("could not check: no entropy: {0}")]
    Entropy(io::Error),
    /// An exchange with the API broke.
    #[error("could not check: an HTTP exchange broke: {0}")]
    Http(io::Error),
    /// An answer of the API is none.
    #[error("could not check: an HTTP answer can't be read")]
    Garbled,
    /// The node refused a message.
    #[error("could not check: the API answered {status} where a message should have been accepted")]
    Refused {
        /// The status.
        status: u16,
    },
    /// The interceptor can't listen.
    #[error("could not check: {0}")]
    Bind(#[from] link::BindError),
    /// Two canaries are the same.
    #[error("could not check: {0}")]
    Canary(#[from] CanaryError),
    /// A copy of a store does not open.
    #[error("could not check: a copy of a store does not open: {0}")]
    Open(#[from] store::OpenError),
    /// A copy of a store takes nothing.
    #[error("could not check: a copy of a store takes no row: {0}")]
    Commit(#[from] store::CommitError),
}
