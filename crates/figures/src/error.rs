//! Why an experiment did not come to its end: a step of the ratchet or of a machine that must not fail has failed.

use std::fmt::Display;

/// An experiment stopped. A figure out of its band is no error: see [`Row::pass`](crate::Row::pass).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A step that can't fail did.
    #[error("{step} failed: {reason}; it will again with the same seed, so report it with the seed")]
    Step {
        /// Which.
        step: &'static str,
        /// Why.
        reason: String,
    },
    /// The disk did.
    #[error("{step} failed: {reason}; is there room in the directory for temporary files (TMPDIR)?")]
    Disk {
        /// What was to be written or read.
        step: &'static str,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Something that must be there is not.
    pub(crate) fn missing(step: &'static str) -> Self {
        Self::Step { step, reason: "there is none".into() }
    }
}

impl From<lab::loot::LootError> for Error {
    fn from(error: lab::loot::LootError) -> Self {
        Self::Step { step: "reading what was taken", reason: error.to_string() }
    }
}

/// Names the step that an error happened in.
pub(crate) trait OrFailed<T> {
    fn or_failed(self, step: &'static str) -> Result<T, Error>;
    fn or_disk_failed(self, step: &'static str) -> Result<T, Error>;
}

impl<T, E: Display> OrFailed<T> for Result<T, E> {
    fn or_failed(self, step: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::Step { step, reason: error.to_string() })
    }

    fn or_disk_failed(self, step: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::Disk { step, reason: error.to_string() })
    }
}
