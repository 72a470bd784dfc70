//! Checkpoints: points of a run that it can be resumed from.
//!
//! A run is a function of version, scenario and seed, so a checkpoint has no image of memory, and no key: it has what
//! the run is a function of, and the trace's hash at that point. Resuming runs up to there again, holds the hash
//! against it, and goes on (docs/decisions/0010).

use scenario::ScenarioError;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use world::Costs;

/// The version of the format.
pub(crate) const FORMAT: u32 = 1;

/// A point of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// SHA-256 of the file with zeros in this place, in hexadecimal.
    #[serde(default = "unsealed")]
    pub(crate) sha256: String,
    pub(crate) format: u32,
    /// The version of the program that made it: another one may make another run of the same scenario.
    pub version: String,
    /// Where the scenario was read from.
    pub scenario_file: String,
    /// The scenario's file as it was.
    pub scenario: String,
    /// The digest of the canonical scenario, in hexadecimal.
    pub scenario_digest: String,
    /// What was changed of it from the start.
    pub changes: Vec<(String, String)>,
    /// What was changed on the way.
    pub turns: Vec<SavedTurn>,
    /// The seed.
    pub seed: u64,
    /// What each step takes a processor.
    pub costs: Costs,
    /// Of the things that go wrong only those with these numbers; `None`: all.
    pub faults: Option<Vec<usize>>,
    /// The virtual time since the start, in microseconds.
    pub at_us: u64,
    /// Events until then.
    pub events: u64,
    /// The trace's hash there, in hexadecimal.
    pub trace_hash: String,
}

/// What was changed on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTurn {
    /// When, in microseconds of virtual time since the start.
    pub at_us: u64,
    /// Keys and values.
    pub changes: Vec<(String, String)>,
}

/// A checkpoint can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
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
    /// It is something else.
    #[error("{} is no checkpoint: {why}; `run --checkpoint-at` writes them", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was changed since it was written.
    #[error(
        "{} is not what was written: its SHA-256 is {found}, and it says {expected}; write it again with \
         `run --checkpoint-at`",
        path.display()
    )]
    Rewritten {
        /// The file.
        path: PathBuf,
        /// As the file says.
        expected: String,
        /// As it is.
        found: String,
    },
    /// Another version made it.
    #[error(
        "the checkpoint is of version {found}, and this is {known}: its run may be another one; take that version"
    )]
    Version {
        /// The version that made it.
        found: String,
        /// This version.
        known: String,
    },
    /// The scenario in it can't be read any more.
    #[error("the checkpoint's scenario can't be read")]
    Scenario(#[from] ScenarioError),
    /// A file that the scenario names is another one now.
    #[error("a file that the checkpoint's scenario names (a replay) has changed since")]
    Changed,
}

impl Checkpoint {
    /// Writes it: whole, or not at all.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let failed = |action, path: &Path| {
            let path = path.to_path_buf();
            move |reason| CheckpointError::File { action, path, reason }
        };
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| failed("write", path)(io::Error::other(error)))?;
        text.push(b'\n');
        let text = sealed(&text);
        let partial = path.with_extension("json.partial");
        fs::write(&partial, text).map_err(failed("write", &partial))?;
        fs::rename(&partial, path).map_err(failed("rename", &partial))
    }

    /// Reads one that `version` has made.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(path: &Path, version: &str) -> Result<Self, CheckpointError> {
        let text = fs::read(path).map_err(|reason| CheckpointError::File {
            action: "read",
            path: path.into(),
            reason,
        })?;
        let checkpoint: Self = serde_json::from_slice(&text)
            .map_err(|error| CheckpointError::Damaged { path: path.into(), why: error.to_string() })?;
        if checkpoint.format != FORMAT || checkpoint.version != version {
            let (found, known) = (checkpoint.version, version.into());
            return Err(CheckpointError::Version { found, known });
        }
        let content = String::from_utf8_lossy(&text).replacen(&checkpoint.sha256, &unsealed(), 1);
        let found = report::digest(content.as_bytes());
        if checkpoint.sha256 != found {
            let expected = checkpoint.sha256;
            return Err(CheckpointError::Rewritten { path: path.into(), expected, found });
        }
        Ok(Self { sha256: unsealed(), ..checkpoint })
    }

    /// The virtual time since the start.
    #[must_use]
    pub const fn at(&self) -> Duration {
        Duration::from_micros(self.at_us)
    }
}

/// What stands for the digest while it is computed.
pub(crate) fn unsealed() -> String {
    "0".repeat(64)
}

fn sealed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replacen(&unsealed(), &report::digest(text), 1)
}
