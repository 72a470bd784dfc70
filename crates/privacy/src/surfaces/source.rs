//! What the source may do that leaves a process in other ways than by frames, rows, HTTP and log lines.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Surfaces;

/// A way out of a process that anybody can use from anywhere in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// To standard output or error, without the log.
    Print,
    /// Into a file.
    Write,
    /// As the text of a panic, which ends up on standard error and in crash reports.
    Panic,
}

/// By source file, seen from the root of the repository.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    prints: BTreeMap<String, Allowance>,
    writes: BTreeMap<String, Allowance>,
    panics: BTreeMap<String, Allowance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowance {
    count: usize,
    /// What it tells, and whom: for people.
    #[expect(dead_code, reason = "to be read in review")]
    tells: String,
}

impl Exit {
    /// The section of `surfaces.toml` that counts them.
    pub fn section(self) -> &'static str {
        match self {
            Self::Print => "source.prints",
            Self::Write => "source.writes",
            Self::Panic => "source.panics",
        }
    }
}

impl Surfaces {
    /// How many exits of this kind a source file may have.
    pub fn exits(&self, exit: Exit, file: &str) -> usize {
        self.allowances(exit).get(file).map_or(0, |allowance| allowance.count)
    }

    /// The source files that may have exits of this kind.
    pub fn files_with(&self, exit: Exit) -> impl Iterator<Item = &str> {
        self.allowances(exit).keys().map(String::as_str)
    }

    fn allowances(&self, exit: Exit) -> &BTreeMap<String, Allowance> {
        match exit {
            Exit::Print => &self.source.prints,
            Exit::Write => &self.source.writes,
            Exit::Panic => &self.source.panics,
        }
    }
}
