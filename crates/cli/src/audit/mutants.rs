//! `blindpost audit --mutants`: known-bad variants, each of which must be caught.

use super::Audit;
use crate::destination::{self, leave_standard_output};
use crate::out::{errln, out};
use ::audit::{MutantPlan, MutantReport, MutantsReport, Verdict, run_mutants};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use mutants::Mutants;
use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Audits every mutant, and the sound variant.
pub(super) fn run(arguments: &Audit) -> miette::Result<Verdict> {
    destination::check([&arguments.json])?;
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    if !source.join("Cargo.toml").exists() {
        return Err(miette::miette!(
            help = "run it where it was built",
            "the source of this program is not here any more, and the mutants are not part of it"
        ));
    }
    let all = Mutants::read(source).into_diagnostic()?;
    let mutants = all.called(&arguments.mutant).into_diagnostic()?;
    let program = match &arguments.mutant_program {
        Some(program) => program.clone(),
        None => build(&all, source)?,
    };
    let plan = MutantPlan { program, mutants, seed: arguments.seed };
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}  {msg}  {eta} left") {
        bar.set_style(style);
    }
    let show = |done, of, next: &str| {
        bar.set_length(of);
        bar.set_position(done);
        bar.set_message(next.to_owned());
    };
    let report = run_mutants(&plan, &show).into_diagnostic();
    bar.finish_and_clear();
    let report = report.wrap_err("the mutants could not be audited")?;
    if leave_standard_output([&arguments.json]) {
        out!("{}", text_of(&report))?;
    }
    if let Some(file) = &arguments.json {
        file.write_json(&whole(&report)?)?;
    }
    let all_caught = report.mutants_caught == report.mutants_total;
    Ok(if all_caught && report.false_alarms == 0 { Verdict::Clean } else { Verdict::Leak })
}

/// The report of the sound variant, with what came of the others.
fn whole(report: &MutantsReport) -> miette::Result<serde_json::Value> {
    let mut whole = report.sound.clone();
    let mutants = serde_json::to_value(report).into_diagnostic()?;
    if let (Some(whole), serde_json::Value::Object(mutants)) = (whole.as_object_mut(), mutants) {
        whole.extend(mutants.into_iter().filter(|(key, _)| key != "sound"));
    }
    Ok(whole)
}

/// Builds the program that has the mutants, from a copy of the source that this one was built from.
fn build(all: &Mutants, source: &Path) -> miette::Result<PathBuf> {
    errln!("building the mutants, which are never shipped");
    let target = source.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let copy = all.copy(&target.join("mutants"), &target).into_diagnostic()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    copy.build(&cargo).into_diagnostic()
}

fn text_of(report: &MutantsReport) -> String {
    let mut text = String::new();
    for MutantReport { name, fault, caught, by, found, seconds, .. } in &report.mutants {
        let mark = if *caught { "caught" } else { "MISSED" };
        let by = by.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{mark}  {name:<36} {by:<16} {seconds:>5.1} s  {fault}");
        if let Some(found) = found {
            let shown: String = found.chars().take(140).collect();
            let _ = writeln!(text, "        {shown}");
        }
    }
    let _ = writeln!(
        text,
        "\n{} of {} mutants caught, {} false alarms on the sound variant",
        report.mutants_caught, report.mutants_total, report.false_alarms
    );
    text
}
