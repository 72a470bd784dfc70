//! `blindpost audit`: the privacy boundary, executed.

mod text;

use crate::leak;
use crate::run::all_cores;
use ::audit::{Audit as Plan, Progress, Report, Verdict};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Something leaked.
const LEAK: u8 = 1;

/// Not everything could be looked at, so nothing can be said.
const NOT_CHECKED: u8 = 2;

/// Executes the privacy boundary: who could learn what he may not (docs/privacy.md)?
///
/// The parties are run, in virtual time and as real processes; everything that each could see is searched, and compared
/// between runs that differ in one secret. Exits 0 if every cell of the matrix was executed and nothing leaked, 1 if
/// something did, and 2 if something could not be checked.
///
/// Example: blindpost audit --json audit.json --html audit.html
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Option<Command>,
    /// Pairs of runs for each secret
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pairs: u64,
    /// Only runs that differ in these secrets, and no other layer (see --list)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    secret: Vec<String>,
    /// Only say which secrets there are
    #[arg(long)]
    list: bool,
    /// Fewer runs and pairs, for a first look
    #[arg(long)]
    quick: bool,
    /// Where the randomness of all runs in virtual time comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// On how many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write the report to this file as JSON (- for standard output)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Leak(leak::Leak),
}

impl Audit {
    pub(crate) fn run(self) -> ExitCode {
        match self.verdict() {
            Ok(Verdict::Clean) => ExitCode::SUCCESS,
            Ok(Verdict::Leak) => ExitCode::from(LEAK),
            Ok(Verdict::NotChecked) => ExitCode::from(NOT_CHECKED),
            Err(error) => {
                eprint!("{}", crate::error::explain(&error));
                ExitCode::from(NOT_CHECKED)
            }
        }
    }

    fn verdict(self) -> miette::Result<Verdict> {
        if let Some(Command::Leak(leak)) = self.command {
            return leak.run().map(|()| Verdict::Clean);
        }
        if self.list {
            ::audit::trials().for_each(|(name, about)| println!("{name:<18} {about}"));
            return Ok(Verdict::Clean);
        }
        self.known_secrets()?;
        writable(self.json.as_deref())?;
        let report = self.audit()?;
        self.print(&report)?;
        Ok(report.verdict())
    }

    fn known_secrets(&self) -> miette::Result<()> {
        let unknown =
            self.secret.iter().find(|name| ::audit::trials().all(|(known, _)| known != name.as_str()));
        match unknown {
            None => Ok(()),
            Some(name) => Err(miette::miette!(
                help = "`blindpost audit --list` says which there are",
                "there is no secret `{name}`"
            )),
        }
    }

    fn audit(&self) -> miette::Result<Report> {
        let plan = Plan {
            seed: self.seed,
            pairs: if self.quick { self.pairs.min(2) } else { self.pairs },
            only: self.secret.clone(),
            runs: if self.quick { 1 } else { 3 },
            threads: self.threads.unwrap_or_else(all_cores),
        };
        let bar = ProgressBar::new(1);
        if let Ok(style) = ProgressStyle::with_template("{prefix:<16} {bar:40} {pos}/{len}  {eta} left") {
            bar.set_style(style);
        }
        let show = |Progress { layer, done, of }| {
            bar.set_prefix(layer);
            bar.set_length(of);
            bar.set_position(done);
        };
        let began = live::now();
        let report = plan.run(&show, &|| live::now().since(began)).into_diagnostic();
        bar.finish_and_clear();
        report.wrap_err("the boundary could not be audited")
    }

    fn print(&self, report: &Report) -> miette::Result<()> {
        let Some(file) = &self.json else {
            print!("{}", text::of(report));
            return Ok(());
        };
        let json = serde_json::to_string_pretty(report).into_diagnostic()?;
        if file.as_os_str() == "-" {
            println!("{json}");
            return Ok(());
        }
        print!("{}", text::of(report));
        fs::write(file, json + "\n")
            .into_diagnostic()
            .wrap_err_with(|| format!("can't write {}", file.display()))
    }
}

/// Better now than after the audit.
fn writable(file: Option<&Path>) -> miette::Result<()> {
    let Some(file) = file.filter(|file| file.as_os_str() != "-") else { return Ok(()) };
    let open = fs::OpenOptions::new().create(true).append(true).open(file);
    open.map(drop).into_diagnostic().wrap_err_with(|| format!("can't write {}", file.display()))
}
