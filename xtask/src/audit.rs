//! `cargo xtask audit`: the privacy boundary, executed on the program as it is shipped; and on known-bad variants of it,
//! each of which must be caught.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::step::{Failure, Step, cargo, root, target};

const DOCUMENT: &str = "docs/privacy.md";
const BEGIN: &str = "<!-- written by cargo xtask audit --write: begin -->";
const END: &str = "<!-- written by cargo xtask audit --write: end -->";

/// The issue asks for so many at least.
const MUTANTS: u64 = 20;

/// Both audits, which must find nothing and everything.
pub(crate) fn run() -> Result<(), Failure> {
    audit("audit of the privacy boundary", &sound(), &["--html", &shown("audit.html")], sound_is_wrong)?;
    audit("audit of the mutants", &mutants(), &["--mutants"], mutants_are_wrong)
}

/// Both audits, and what came of them into docs/privacy.md.
pub(crate) fn write() -> Result<(), Failure> {
    run()?;
    tables()
}

/// What came of the last audits into docs/privacy.md.
pub(crate) fn tables() -> Result<(), Failure> {
    Step::new(DOCUMENT).check("cargo xtask audit --tables", || {
        let page =
            fs::read_to_string(root().join(DOCUMENT)).map_err(|error| format!("{DOCUMENT}: {error}"))?;
        let (before, rest) = page.split_once(BEGIN).ok_or(format!("{DOCUMENT} has no `{BEGIN}`"))?;
        let (_, after) = rest.split_once(END).ok_or(format!("{DOCUMENT} has no `{END}`"))?;
        let (sound, mutants) = (json(&sound())?, json(&mutants())?);
        let tables = format!("{}\n{}", matrix(&sound), caught(&mutants));
        let page = format!("{before}{BEGIN}\n\n{tables}\n{END}{after}");
        fs::write(root().join(DOCUMENT), page).map_err(|error| format!("{DOCUMENT}: {error}"))?;
        Ok(format!("written to {DOCUMENT}"))
    })
}

fn sound() -> PathBuf {
    target().join("audit.json")
}

fn mutants() -> PathBuf {
    target().join("mutants.json")
}

fn shown(name: &str) -> String {
    target().join(name).to_string_lossy().into_owned()
}

/// One audit; `wrong` says what is wrong with its report.
fn audit(
    what: &str,
    report: &PathBuf,
    more: &[&str],
    wrong: fn(&Value) -> Vec<String>,
) -> Result<(), Failure> {
    let file = report.to_string_lossy();
    let arguments = [&["run", "--release", "--", "audit", "--json", &file], more].concat();
    // What a former run left must not pass for this one's.
    let _ = fs::remove_file(report);
    Step::new(what).run(cargo(&arguments))?;
    Step::new(&format!("what the {what} says")).check(&cargo(&arguments).to_string(), || {
        let report = json(report)?;
        match wrong(&report) {
            wrong if wrong.is_empty() => Ok("as it should be".to_owned()),
            wrong => Err(wrong.join("\n")),
        }
    })
}

fn json(file: &PathBuf) -> Result<Value, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn number(report: &Value, field: &str) -> u64 {
    report.get(field).and_then(Value::as_u64).unwrap_or(u64::MAX)
}

fn sound_is_wrong(report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if number(report, "cells_executed") != number(report, "cells_total") {
        wrong.push("not every cell was executed".to_owned());
    }
    for nothing in ["leaks", "pairs_unequal"] {
        if number(report, nothing) != 0 {
            wrong.push(format!("`{nothing}` must be 0"));
        }
    }
    for something in ["bytes_scanned", "pairs_run"] {
        if matches!(number(report, something), 0 | u64::MAX) {
            wrong.push(format!("`{something}` must be above 0"));
        }
    }
    wrong
}

fn mutants_are_wrong(report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let total = number(report, "mutants_total");
    if total < MUTANTS || total == u64::MAX {
        wrong.push(format!("there must be {MUTANTS} mutants at least"));
    }
    if number(report, "mutants_caught") != total {
        wrong.push("not every mutant was caught".to_owned());
    }
    if number(report, "false_alarms") != 0 {
        wrong.push("there were false alarms on the sound variant".to_owned());
    }
    wrong
}

/// A row for each class, with what was done in each cell.
fn matrix(report: &Value) -> String {
    let cells: Vec<&Value> = report.get("cells").and_then(Value::as_array).into_iter().flatten().collect();
    let text =
        |cell: &Value, field: &str| cell.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut principals: Vec<String> = Vec::new();
    let mut classes: Vec<String> = Vec::new();
    for cell in &cells {
        for (list, field) in [(&mut principals, "principal"), (&mut classes, "class")] {
            let name = text(cell, field);
            if !list.contains(&name) {
                list.push(name);
            }
        }
    }
    let mut out = format!(
        "{} of {} cells executed, {} leaks; {} canaries in {} views, {:.1} MB searched; {} pairs of runs, {} told apart.\n\n",
        number(report, "cells_executed"),
        number(report, "cells_total"),
        number(report, "leaks"),
        number(report, "canaries"),
        number(report, "views"),
        number(report, "bytes_scanned") as f64 / 1e6,
        number(report, "pairs_run"),
        number(report, "pairs_unequal"),
    );
    let _ = writeln!(out, "| class | {} |", principals.join(" | "));
    let _ = writeln!(out, "|---|{}", "---|".repeat(principals.len()));
    for class in classes {
        let row = cells.iter().filter(|cell| text(cell, "class") == class).map(|cell| evidence(cell));
        let _ = writeln!(out, "| `{class}` | {} |", row.collect::<Vec<_>>().join(" | "));
    }
    out
}

/// What a cell shows: seen where it may be; where it may not, what was looked for.
fn evidence(cell: &Value) -> String {
    let rule = cell.get("rule").and_then(Value::as_str).unwrap_or_default();
    let (values, seen) = (number(cell, "values"), number(cell, "canaries_seen"));
    if number(cell, "leaks") > 0 {
        return "**leaks**".into();
    }
    if matches!(rule, "yes" | "own") {
        return match (values, seen) {
            (0, 0) => "–".into(),
            _ => format!("{rule}: {values} seen"),
        };
    }
    match (number(cell, "canaries"), number(cell, "pairs")) {
        (0, 0) => format!("{rule}: 0 of its kind"),
        (canaries, 0) => format!("{rule}: 0 of {canaries} canaries"),
        (0, pairs) => format!("{rule}: {pairs} pairs equal"),
        (canaries, pairs) => format!("{rule}: 0 of {canaries} canaries, {pairs} pairs equal"),
    }
}

/// A row for each mutant.
fn caught(report: &Value) -> String {
    let mut out = format!(
        "{} of {} mutants caught, {} false alarms on the sound variant.\n\n| mutant | what is wrong with it | caught by |\n|---|---|---|\n",
        number(report, "mutants_caught"),
        number(report, "mutants_total"),
        number(report, "false_alarms"),
    );
    for mutant in report.get("mutants").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| mutant.get(field).and_then(Value::as_str).unwrap_or("nothing");
        let _ = writeln!(out, "| `{}` | {} | {} |", text("name"), text("fault"), text("by"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_saw_nothing_does_not_pass() {
        assert_eq!(sound_is_wrong(&serde_json::json!({})).len(), 4);
        let blind = serde_json::json!({
            "cells_total": 98, "cells_executed": 98, "leaks": 0, "pairs_unequal": 0, "bytes_scanned": 0, "pairs_run": 5,
        });
        assert_eq!(sound_is_wrong(&blind), ["`bytes_scanned` must be above 0"]);
    }

    #[test]
    fn a_mutant_that_lives_does_not_pass() {
        let report = |caught: u64, alarms: u64| serde_json::json!({ "mutants_total": 31, "mutants_caught": caught, "false_alarms": alarms });
        assert_eq!(mutants_are_wrong(&report(31, 0)), [""; 0]);
        assert_eq!(mutants_are_wrong(&report(30, 0)), ["not every mutant was caught"]);
        assert_eq!(mutants_are_wrong(&report(31, 1)), ["there were false alarms on the sound variant"]);
    }
}
