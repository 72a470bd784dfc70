//! `cargo xtask instructions`: how many instructions the ratchet's operations take, counted by callgrind, against
//! those in `benches/instructions.toml`. Unlike times, these are the same on a busy machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::step::{Failure, Step, cargo, program, target};
use crate::tools;

const FILE: &str = "benches/instructions.toml";

/// How far a count may be off, in hundredths of the one in the file, before somebody has to look at it.
const BAND: f64 = 2.0;

const SUITES: [&str; 3] = ["x3dh", "pqxdh", "triple"];

/// The operations, and how often each is done for one count.
const OPERATIONS: [(&str, u32); 4] =
    [("initiate", 8), ("first_decrypt", 8), ("encrypt_256", 200), ("decrypt_256", 200)];

/// Suite, operation, instructions.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts, and compares with the file.
pub(crate) fn compare() -> Result<(), Failure> {
    let counts = count()?;
    Step::new("instructions").check("cargo xtask instructions", || {
        let text = fs::read_to_string(FILE).map_err(|error| format!("can't read {FILE}: {error}"))?;
        let recorded: Counts = toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))?;
        compared(&recorded, &counts)
    })
}

/// Counts, and writes the file.
pub(crate) fn write() -> Result<(), Failure> {
    let counts = count()?;
    Step::new(FILE).check("cargo xtask instructions --write", || {
        let text = format!(
            "# Instructions of one operation each, with the default provider. Made by `cargo xtask instructions\n\
             # --write` with {} and {}; `cargo xtask test` fails when one is off by\n\
             # more than {BAND} %.\n\n{}",
            version("rustc")?,
            version("valgrind")?,
            toml::to_string(&counts).map_err(|error| error.to_string())?
        );
        fs::write(FILE, &text).map_err(|error| format!("can't write {FILE}: {error}"))?;
        Ok(text)
    })
}

fn count() -> Result<Counts, Failure> {
    tools::from_debian(&["valgrind"], &["valgrind"], "callgrind counts the instructions")?;
    let build = ["build", "--release", "--package", "blindpost-benches", "--bin", "instructions"];
    Step::new("what is counted").run(cargo(&build))?;
    let binary = target().join("release/instructions");
    let mut counts = Counts::new();
    Step::new("callgrind").check("cargo xtask instructions", || {
        for suite in SUITES {
            for (operation, iterations) in OPERATIONS {
                let count = instructions(&binary, suite, operation, iterations)?;
                counts.entry(suite.to_owned()).or_default().insert(operation.to_owned(), count);
            }
        }
        Ok(format!("{} operations", SUITES.len() * OPERATIONS.len()))
    })?;
    Ok(counts)
}

fn instructions(binary: &Path, suite: &str, operation: &str, iterations: u32) -> Result<u64, String> {
    let binary = binary.to_string_lossy();
    let out = target().join("callgrind.out");
    let out = format!("--callgrind-out-file={}", out.display());
    let run = program(
        "valgrind",
        &[
            "--tool=callgrind",
            "--toggle-collect=*stopwatch*time*",
            &out,
            &binary,
            suite,
            operation,
            &iterations.to_string(),
        ],
    );
    let said = run.said()?;
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    match collected.and_then(|count| count.parse::<u64>().ok()) {
        Some(count) if count > 0 => Ok(count / u64::from(iterations)),
        _ => Err(format!("callgrind counted nothing in {run}:\n{said}")),
    }
}

fn compared(recorded: &Counts, counted: &Counts) -> Result<String, String> {
    let mut out =
        format!("{:<8} {:<14} {:>10} {:>10} {:>8}\n", "suite", "operation", "recorded", "counted", "");
    let mut wrong = Vec::new();
    for (suite, operations) in counted {
        for (operation, now) in operations {
            let Some(before) = recorded.get(suite).and_then(|operations| operations.get(operation)) else {
                wrong.push(format!("{FILE} does not have {operation} of suite {suite}"));
                continue;
            };
            let change = change(*before, *now);
            // Formatting to a string does not fail.
            let _ = writeln!(out, "{suite:<8} {operation:<14} {before:>10} {now:>10} {change:>+7.2}%");
            if change.abs() > BAND {
                wrong.push(format!("{suite} {operation}: {before} became {now}, {change:+.2} %"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(out);
    }
    Err(format!(
        "{out}\n{}\nIf that is meant to be, or rustc or valgrind are others than {FILE} says: \
         cargo xtask instructions --write",
        wrong.join("\n")
    ))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn change(before: u64, now: u64) -> f64 {
    (now as f64 - before as f64) / before as f64 * 100.0
}

fn version(of: &str) -> Result<String, String> {
    let said = program(of, &["--version"]).output()?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(count: u64) -> Counts {
        BTreeMap::from([("triple".to_owned(), BTreeMap::from([("initiate".to_owned(), count)]))])
    }

    #[test]
    fn more_than_two_hundredths_are_noticed_both_ways() {
        assert!(compared(&counts(1000), &counts(1020)).is_ok());
        assert!(compared(&counts(1000), &counts(980)).is_ok());
        let slower = compared(&counts(1000), &counts(1021)).unwrap_err();
        assert!(slower.contains("triple initiate: 1000 became 1021, +2.10 %"), "{slower}");
        assert!(compared(&counts(1000), &counts(979)).is_err());
        assert!(compared(&Counts::new(), &counts(1)).is_err());
    }
}
