//! What can go wrong with a run's directory, one enum per operation: making it, writing into it, reading it back.

use std::io;
use std::path::{Path, PathBuf};

/// The operating system refused something.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} {}: {reason}{}", path.display(), hint(reason))]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    reason: io::Error,
}

/// A directory can't be had for writing.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another process writes into {}; wait for it, or choose another directory", .0.display())]
    Taken(PathBuf),
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A directory can't take a run.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Another process writes there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It holds something else.
    #[error("{} is not empty and not a run; choose another directory", .0.display())]
    NotARun(PathBuf),
    /// It holds a complete run.
    #[error("{} holds a complete run; choose another directory, or force it to be overwritten", .0.display())]
    Complete(PathBuf),
    /// Nothing to write tables as.
    #[error("no format for tables was asked for; name one or more of parquet, csv, jsonl")]
    NoFormat,
    /// Built without Parquet.
    #[error("this build has no Parquet; ask for csv or jsonl, or build with the feature `parquet`")]
    NoParquet,
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Something could not be written. What was renamed into place before is whole.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A row doesn't fit its table.
    #[error("a row of table `{table}` doesn't fit: {why} in column `{column}`")]
    Misfit {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with the value.
        why: &'static str,
    },
    /// A packet can't be written as UDP over IPv4.
    #[error("a packet can't be written: {0}")]
    Packet(&'static str),
    /// The encoder of a format refused.
    #[error("can't write {}: {why}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder says.
        why: String,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no manifest.
    #[error("{} is not a run: it has no manifest.json; name the directory that `--out` named", .0.display())]
    NotARun(PathBuf),
    /// The manifest is of another version.
    #[error("{} has format {found}, and this version reads format {known} only", path.display())]
    Format {
        /// The manifest.
        path: PathBuf,
        /// The format that it names.
        found: u32,
        /// The format of this version.
        known: u32,
    },
    /// A file is not what it was when it was written.
    #[error("{} is damaged: {why}; run it again, or take it from a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file is not the one that the run wrote.
    #[error(
        "{} is not what the run wrote: {what} {found}, and manifest.json says {expected}; run it again, or take it \
         from a copy",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// As the manifest has it.
        expected: String,
        /// As the file has it.
        found: String,
    },
    /// A file that the run wrote is not there.
    #[error("{} is missing, and manifest.json lists it; run it again, or take it from a copy", .0.display())]
    Missing(PathBuf),
    /// The table has no such column.
    #[error("table `{table}` has no column `{column}`")]
    NoColumn {
        /// The table.
        table: &'static str,
        /// What was asked for.
        column: String,
    },
    /// Built without Parquet.
    #[error("{} is Parquet, and this build can't read it; build with the feature `parquet`", .0.display())]
    NoParquet(PathBuf),
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

impl FileError {
    pub(crate) fn new(action: &'static str, path: &Path, reason: io::Error) -> Self {
        Self { action, path: path.into(), reason }
    }
}

impl ReadError {
    pub(crate) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.into(), why: why.to_string() }
    }
}

fn hint(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose another directory"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a directory that you may write to"
        }
        io::ErrorKind::NotADirectory => "; choose a path below directories",
        _ => "",
    }
}
