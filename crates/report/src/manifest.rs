//! `manifest.json`: what a run was, what it left, and whether it is whole.

use crate::error::{FileError, ReadError};
use crate::file::{self, FileEntry};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;

/// The version of the directory's layout and tables.
pub const FORMAT: u32 = 1;

const NAME: &str = "manifest.json";
const RUNNING: &str = "still running, or killed";

/// What `manifest.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the directory's layout and tables.
    pub format: u32,
    /// What was known when the run began.
    #[serde(flatten)]
    pub facts: Facts,
    /// What was known when it ended.
    #[serde(flatten)]
    pub totals: Totals,
    /// Whether the run came to its end, and every file with it.
    pub complete: bool,
    /// Why it stopped.
    pub stopped_because: String,
    /// What the directory holds, apart from the manifest.
    pub files: Vec<FileEntry>,
}

/// What is known when a run begins. `(version, scenario, seed)` is enough to repeat it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The program's version.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The digest of the canonical scenario, in hexadecimal.
    pub scenario_digest: String,
    /// The seed.
    pub seed: u64,
    /// On how many threads; the results are the same on any number.
    pub threads: u32,
    /// Whether the cryptography is real or counted only.
    pub crypto: String,
    /// Whose implementation of the primitives computed it; the results are the same with any. Empty: it was not noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// The command line that repeats the run.
    pub command: String,
    /// The virtual time at which it started, in microseconds.
    pub started_us: u64,
}

/// What is known when a run ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// The virtual time at which it ended, in microseconds.
    pub ended_us: u64,
    /// The trace's hash, in hexadecimal.
    pub trace_hash: String,
    /// Events that were simulated.
    pub events: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// How long it took, in seconds of a clock on the wall.
    pub wall_s: f64,
    /// The trace's hash at points on the way.
    pub checkpoints: Vec<Checkpoint>,
}

/// The trace's hash at a point on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The virtual time, in microseconds.
    pub at_us: u64,
    /// Events until then.
    pub events: u64,
    /// The hash, in hexadecimal.
    pub trace_hash: String,
}

impl Manifest {
    /// Of a run that has just begun.
    pub(crate) fn begun(facts: Facts) -> Self {
        let totals = Totals::default();
        Self {
            format: FORMAT,
            facts,
            totals,
            complete: false,
            stopped_because: RUNNING.into(),
            files: vec![],
        }
    }

    /// The manifest in `dir`; nothing if there is none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, ReadError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let path = dir.join(NAME);
        let text = match fs::read(&path) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            read => read.map_err(|e| FileError::new("read", &path, e))?,
        };
        let Version { format } = serde_json::from_slice(&text).map_err(|e| ReadError::damaged(&path, e))?;
        if format != FORMAT {
            return Err(ReadError::Format { path, found: format, known: FORMAT });
        }
        serde_json::from_slice(&text).map(Some).map_err(|e| ReadError::damaged(&path, e))
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), FileError> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|e| FileError::new("write", &dir.join(NAME), io::Error::other(e)))?;
        text.push(b'\n');
        file::write(dir, NAME, &text)?;
        Ok(())
    }
}
