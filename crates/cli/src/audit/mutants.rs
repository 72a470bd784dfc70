//! `blindpost audit --mutants`: known-bad variants, each of which must be caught.

use super::{Audit, writable, write_json};
use ::audit::{Mutant, MutantPlan, MutantReport, MutantsReport, Verdict, run_mutants};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The build that has mutants, which is never shipped.
const PROGRAM: &str = "blindpost-mutants";

/// Prints what this build could do wrong: nothing, in what is shipped.
pub(super) fn list() -> miette::Result<Verdict> {
    let mutants: Vec<Mutant> = if cfg!(feature = "mutants") {
        let all = kernel::mutant::Mutant::ALL.into_iter();
        all.map(|mutant| Mutant {
            name: mutant.name().into(),
            fault: mutant.fault().into(),
            layers: mutant.caught_by().iter().map(ToString::to_string).collect(),
        })
        .collect()
    } else {
        return Err(miette::miette!(
            help = "cargo build --release --features mutants --bin blindpost-mutants",
            "this build has no mutants"
        ));
    };
    println!("{}", serde_json::to_string_pretty(&mutants).into_diagnostic()?);
    Ok(Verdict::Clean)
}

/// Audits every mutant, and the sound variant.
pub(super) fn run(arguments: &Audit) -> miette::Result<Verdict> {
    writable(arguments.json.as_deref())?;
    let program = match &arguments.mutant_program {
        Some(program) => program.clone(),
        None => build()?,
    };
    let plan = MutantPlan { program, only: arguments.mutant.clone(), seed: arguments.seed };
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
    if arguments.json.as_ref().is_none_or(|file| file.as_os_str() != "-") {
        print!("{}", text_of(&report));
    }
    if let Some(file) = &arguments.json {
        write_json(file, &whole(&report)?)?;
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

/// Builds the mutants from the source that this program was built from.
fn build() -> miette::Result<PathBuf> {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    if !source.join("Cargo.toml").exists() {
        return Err(miette::miette!(
            help = "build it with `cargo build --release --features mutants --bin blindpost-mutants`, and name it with --mutant-program",
            "the source of this program is not here any more, and the mutants are not part of it"
        ));
    }
    eprintln!("building {PROGRAM}, which is never shipped");
    let target = source.join("target");
    let arguments = ["build", "--quiet", "--release", "--features", "mutants", "--bin", PROGRAM];
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .arg("--target-dir")
        .arg(&target)
        .current_dir(source)
        .stdin(Stdio::null())
        .status()
        .into_diagnostic()
        .wrap_err("cargo can't be started: it builds the mutants")?;
    if !status.success() {
        return Err(miette::miette!("cargo {}: {status}", arguments.join(" ")));
    }
    Ok(target.join("release").join(PROGRAM))
}

fn text_of(report: &MutantsReport) -> String {
    let mut text = String::new();
    for MutantReport { mutant, caught, by, found, seconds } in &report.mutants {
        let mark = if *caught { "caught" } else { "MISSED" };
        let by = by.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{mark}  {:<36} {by:<16} {seconds:>5.1} s  {}", mutant.name, mutant.fault);
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
