//! Why results can't be kept.

use report::{LockError, WriteError};
use std::io;
use std::path::PathBuf;

/// A sweep's directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It holds something else.
    #[error("{} is not empty and not a sweep; choose another directory", .0.display())]
    NotASweep(PathBuf),
    /// It holds another sweep.
    #[error(
        "{} holds another sweep, or the same one by another version of blindpost; choose another directory, \
         or throw its results away with --force",
        .0.display()
    )]
    Another(PathBuf),
    /// Another process works on it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A result is not what was written.
    #[error(
        "{} is damaged in line {line}: {why}; remove the line, and its run is done again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The system refused.
    #[error("can't {action} {}: {reason}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A table could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
