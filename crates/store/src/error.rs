//! What can go wrong, one enum per operation. Safe to log: tables, paths and reasons, never a row's
//! partition, key or value.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

/// Parts of two times do not fit together, so nobody should restore one alone.
const RESTORE: &str = "put the whole directory back from one copy";
const CLOSED: &str = "the store is closed";

/// A transaction did not become durable, or isn't known to be.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CommitError {
    /// A state was swapped from a revision that isn't the stored one. Nothing changed.
    #[error("a state of table `{table}` is not at the revision that the change was made from")]
    Stale {
        /// The table of the refused change.
        table: &'static str,
    },
    /// A value was appended under a number that isn't above all in its queue. Nothing changed.
    #[error("a value for a queue of table `{table}` is not numbered above those in the queue")]
    OutOfOrder {
        /// The table of the refused change.
        table: &'static str,
    },
    /// The table isn't one that the party loaded, or it is of the other shape. Nothing changed.
    #[error("table `{table}` is not among those loaded, or has another shape")]
    Misfit {
        /// The table of the refused change.
        table: &'static str,
    },
    /// The storage failed, for example because the disk is full. The transaction may or may not be
    /// durable; the next load tells.
    #[error("the storage failed: {0}")]
    Storage(String),
    /// An earlier transaction of this partition failed, and this one was made from a state that never
    /// became durable. Every transaction is refused until the party loads its rows again.
    #[error("an earlier transaction of this party failed; it has to load its rows again")]
    Fenced,
}

/// Rows could not be loaded.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// There are rows of a table that the party doesn't know, or knows in another shape.
    #[error("there are rows of table `{table}`, which this version doesn't know; was a newer one here?")]
    Misfit {
        /// The table on disk.
        table: String,
    },
    /// The storage failed.
    #[error("the storage failed: {0}")]
    Storage(String),
}

/// A store could not be opened. Nothing was dropped or repaired.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// Another process has the store open.
    #[error("{} is in use by another process; stop that one, or choose another directory", dir.display())]
    Locked {
        /// The store's directory.
        dir: PathBuf,
    },
    /// The store was written by another version of this program.
    #[error(
        "{} has format {found}, and this version reads format {known} only; use the version that made it, or start in a \
         new directory",
        file.display()
    )]
    Version {
        /// The file that says so.
        file: PathBuf,
        /// The format that it names.
        found: u32,
        /// The format of this version.
        known: u32,
    },
    /// What is on disk is not what was written.
    #[error("{} is damaged: {what}; {RESTORE}", path.display())]
    Damaged {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A part of the store is not there.
    #[error("{} is missing; {RESTORE}", path.display())]
    Missing {
        /// The file or directory.
        path: PathBuf,
    },
    /// A part is another store's, or this one's of another time.
    #[error("{} does not fit the rest: {what}; {RESTORE}", path.display())]
    Misfit {
        /// The part.
        path: PathBuf,
        /// What shows it.
        what: String,
    },
    /// The operating system refused.
    #[error("can't {action} {}: {reason}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
}

impl CommitError {
    pub(crate) fn closed() -> Self {
        Self::Storage(CLOSED.into())
    }
}

impl LoadError {
    pub(crate) fn closed() -> Self {
        Self::Storage(CLOSED.into())
    }
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { action, path: path.into(), reason: error.to_string() }
    }
}

/// The storage failed, in words for a person.
#[derive(Debug, Clone)]
pub(crate) struct Trouble(pub(crate) String);

impl Trouble {
    pub(crate) fn new(reason: impl Display) -> Self {
        Self(reason.to_string())
    }
}

impl From<Trouble> for CommitError {
    fn from(trouble: Trouble) -> Self {
        Self::Storage(trouble.0)
    }
}

impl From<Trouble> for LoadError {
    fn from(trouble: Trouble) -> Self {
        Self::Storage(trouble.0)
    }
}
