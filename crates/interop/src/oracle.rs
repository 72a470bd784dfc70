//! The process that runs the official library, and the pipe to it.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::verdict::{Refusal, Verdict};

/// What the packages are installed from, and the script that runs them.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/oracle.mjs");

/// A process with the official library in one version, and any number of parties in it.
pub struct Oracle {
    version: OracleVersion,
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    last_party: u64,
}

/// A version of the official library.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OracleVersion {
    /// 0.72.1: X3DH or PQXDH, depending on the bundle.
    V072,
    /// 0.90.0: the Triple Ratchet, falling back to PQXDH with the Double Ratchet.
    V090,
    /// 0.103.0: the Triple Ratchet and nothing else.
    V103,
}

/// The harness failed, which says nothing about any protocol.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OracleError {
    /// The official packages are not there.
    #[error("the official packages are not in {}: run `cargo xtask interop`, which installs them", directory.display())]
    NotInstalled {
        /// Where they were looked for.
        directory: PathBuf,
    },
    /// There is no node, or it can't be talked to.
    #[error("the oracle's process failed ({0}): node has to be installed; `cargo xtask interop` does it")]
    Process(#[from] io::Error),
    /// An operation that makes no sense, or an answer that makes none.
    #[error("the oracle is broken: {0}")]
    Broken(String),
}

impl Oracle {
    /// The variable that holds the directory in which `npm ci` was run.
    pub const DIRECTORY_VARIABLE: &str = "BLINDPOST_ORACLE";

    /// Starts a process with the packages in this directory.
    ///
    /// # Errors
    /// When the packages or node are missing.
    pub fn start(version: OracleVersion, directory: &Path) -> Result<Self, OracleError> {
        if !directory.join("node_modules").join(version.package()).is_dir() {
            return Err(OracleError::NotInstalled { directory: directory.to_owned() });
        }
        let mut process = Command::new("node")
            .arg(SCRIPT)
            .arg(version.short())
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(OracleError::Broken("no pipes".to_owned()));
        };
        let answers = BufReader::new(answers);
        Ok(Self { version, process, requests: Some(requests), answers, last_party: 0 })
    }

    /// Where the packages are: what the environment says, or else where `cargo xtask interop` installs
    /// them.
    #[must_use]
    pub fn directory() -> PathBuf {
        let said = std::env::var_os(Self::DIRECTORY_VARIABLE).map(PathBuf::from);
        said.unwrap_or_else(|| {
            let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(target).join("interop")
        })
    }

    /// The version that it runs.
    #[must_use]
    pub const fn version(&self) -> OracleVersion {
        self.version
    }

    /// Carries out operations in order and gives the answer to each: see `oracle.mjs`.
    ///
    /// # Errors
    /// When the process is gone, or an operation makes no sense to it.
    pub fn ask(&mut self, operations: &[Value]) -> Result<Vec<Verdict<Value>>, OracleError> {
        let requests = self.requests.as_mut().ok_or_else(|| OracleError::Broken("closed".to_owned()))?;
        let mut line = serde_json::to_vec(operations).map_err(broken)?;
        line.push(b'\n');
        requests.write_all(&line)?;
        requests.flush()?;
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err(OracleError::Broken(format!("{} ended", self.version)));
        }
        let answers: Vec<Answer> = serde_json::from_str(&line).map_err(broken)?;
        if answers.len() != operations.len() {
            return Err(OracleError::Broken(format!("{} answers", answers.len())));
        }
        answers.into_iter().map(Answer::into_verdict).collect()
    }

    /// Carries out one operation that is never refused.
    ///
    /// # Errors
    /// As for [`Oracle::ask`], and when it was refused.
    pub fn order(&mut self, operation: Value) -> Result<Value, OracleError> {
        let answer = self.ask(&[operation])?.pop();
        answer.ok_or_else(|| broken("no answer"))?.map_err(broken)
    }

    /// A number that no party of this process has yet.
    pub(crate) const fn next_party(&mut self) -> u64 {
        self.last_party += 1;
        self.last_party
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It ends when its input does.
        self.requests = None;
        let _ = self.process.wait();
    }
}

impl OracleVersion {
    /// All three, oldest first.
    pub const ALL: [Self; 3] = [Self::V072, Self::V090, Self::V103];

    const fn short(self) -> &'static str {
        match self {
            Self::V072 => "072",
            Self::V090 => "090",
            Self::V103 => "103",
        }
    }

    fn package(self) -> String {
        format!("libsignal-{}", self.short())
    }
}

impl fmt::Display for OracleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V072 => "0.72.1",
            Self::V090 => "0.90.0",
            Self::V103 => "0.103.0",
        })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Ok { ok: Value },
    Refused { error: String },
    Broken { broken: String },
}

impl Answer {
    fn into_verdict(self) -> Result<Verdict<Value>, OracleError> {
        match self {
            Self::Ok { ok } => Ok(Ok(ok)),
            Self::Refused { error } => Ok(Err(Refusal(error))),
            Self::Broken { broken } => Err(OracleError::Broken(broken)),
        }
    }
}

pub(crate) fn broken(error: impl fmt::Display) -> OracleError {
    OracleError::Broken(error.to_string())
}
