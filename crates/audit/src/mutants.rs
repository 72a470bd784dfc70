//! A checker that finds nothing proves nothing: known-bad variants of the parties, one at a time, each of which must be
//! caught; and the sound one, which must not.
//!
//! The variants are in a build that is never shipped (`mutants`). Each audit of one is a process of its own.

use ::mutants::{CHOICE, Layer, Mutant};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Which build, and how it is audited.
#[derive(Debug, Clone)]
pub struct MutantPlan {
    /// The program that has the mutants.
    pub program: PathBuf,
    /// Those that are audited.
    pub mutants: Vec<Mutant>,
    /// Where the randomness of all runs comes from.
    pub seed: u64,
}

/// What came of a mutant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MutantReport {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub fault: String,
    /// The layers that should find it.
    pub layers: Vec<Layer>,
    /// Whether it was caught.
    pub caught: bool,
    /// The layer that did.
    pub by: Option<String>,
    /// What that layer said.
    pub found: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// What came of all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MutantsReport {
    /// Mutants that were run.
    pub mutants_total: usize,
    /// Those that were caught.
    pub mutants_caught: usize,
    /// What was found on the sound variant.
    pub false_alarms: u64,
    /// Each of them.
    pub mutants: Vec<MutantReport>,
    /// The report of the sound variant.
    pub sound: serde_json::Value,
}

/// The mutants could not be run.
#[derive(Debug, thiserror::Error)]
pub enum MutantError {
    /// The program can't be started.
    #[error("{} can't be started: {source}", program.display())]
    Start {
        /// Which program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program says something else than an audit does.
    #[error("the audit of {what} ended without a report: {said}")]
    NoReport {
        /// Of which variant.
        what: String,
        /// What it said instead.
        said: String,
    },
}

/// What is read of a variant's report.
#[derive(Deserialize)]
struct Verdict {
    leaks: u64,
    seconds: f64,
    #[serde(default)]
    found: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    layer: String,
    principal: String,
    what: String,
}

/// Audits every mutant, and the sound variant. `progress` hears how many of how many are done, and what is next.
///
/// # Errors
/// [`MutantError`].
pub fn run(plan: &MutantPlan, progress: &dyn Fn(u64, u64, &str)) -> Result<MutantsReport, MutantError> {
    let total = plan.mutants.len() as u64 + 1;
    progress(0, total, "the sound one");
    let seed = plan.seed.to_string();
    let quick = ["--quick", "--json", "-", "--seed", &seed];
    let said = ask(plan, None, &quick)?;
    let sound: serde_json::Value = read(&said, "the sound variant")?;
    let false_alarms = sound.get("leaks").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let mut reports = Vec::new();
    for (number, mutant) in (1..).zip(&plan.mutants) {
        progress(number, total, &mutant.name);
        let first = [&quick[..], &["--first"]].concat();
        let said = ask(plan, Some(&mutant.name), &first)?;
        let verdict: Verdict = read(&said, &mutant.name)?;
        let found = verdict.found.first();
        reports.push(MutantReport {
            caught: verdict.leaks > 0,
            by: found.map(|found| found.layer.clone()),
            found: found.map(|found| format!("{}: {}", found.principal, first_line(&found.what))),
            seconds: verdict.seconds,
            name: mutant.name.clone(),
            fault: mutant.fault.clone(),
            layers: mutant.layers.clone(),
        });
    }
    progress(total, total, "");
    Ok(MutantsReport {
        mutants_total: reports.len(),
        mutants_caught: reports.iter().filter(|report| report.caught).count(),
        false_alarms,
        mutants: reports,
        sound,
    })
}

fn ask(plan: &MutantPlan, mutant: Option<&str>, arguments: &[&str]) -> Result<Vec<u8>, MutantError> {
    let mut command = Command::new(&plan.program);
    command.arg("audit").args(arguments).stdin(Stdio::null()).env_remove(CHOICE);
    if let Some(mutant) = mutant {
        command.env(CHOICE, mutant);
    }
    let start = |source| MutantError::Start { program: plan.program.clone(), source };
    let output = command.output().map_err(start)?;
    if output.stdout.is_empty() {
        let what = mutant.unwrap_or("the sound variant").to_owned();
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(MutantError::NoReport { what, said });
    }
    Ok(output.stdout)
}

fn read<T: serde::de::DeserializeOwned>(said: &[u8], what: &str) -> Result<T, MutantError> {
    serde_json::from_slice(said)
        .map_err(|error| MutantError::NoReport { what: what.to_owned(), said: error.to_string() })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
