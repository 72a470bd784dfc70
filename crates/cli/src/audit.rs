//! `blindpost audit`: the privacy boundary, executed.

mod mutants;
mod others;
mod text;

use crate::destination::{self, Destination, leave_standard_output};
use crate::leak;
use crate::out::{err, out, outln};
use crate::repeat::Repeat;
use crate::run::all_cores;
use ::audit::live::LiveOptions;
use ::audit::{Audit as Plan, Progress, Report, Verdict};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
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
    /// Audit views of another system, which are files in this folder (docs/auditing-others.md)
    #[arg(long, value_name = "DIR", conflicts_with_all = ["secret", "pairs", "quick", "seed", "threads", "html"])]
    views: Option<PathBuf>,
    /// The policy of that system [default: this project's]
    #[arg(long, value_name = "FILE", requires = "views")]
    policy: Option<PathBuf>,
    /// End with the first layer that finds something
    #[arg(long)]
    first: bool,
    /// Audit known-bad variants of the parties instead, each of which must be caught, and the sound one, which must not
    #[arg(long, conflicts_with_all = ["secret", "first", "pairs", "quick", "html"])]
    mutants: bool,
    /// Only these mutants
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "mutants")]
    mutant: Vec<String>,
    /// The build that has the mutants [default: made from the source with cargo]
    #[arg(long, value_name = "PROGRAM", requires = "mutants")]
    mutant_program: Option<PathBuf>,
    /// Where the randomness of all runs in virtual time comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// On how many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write the report to this file as JSON (- for standard output)
    #[arg(long, value_name = "FILE")]
    json: Option<Destination>,
    /// Draw the report as a page: the matrix, every cell with its evidence (- for standard output)
    #[arg(long, value_name = "FILE")]
    html: Option<Destination>,
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
                err!("{}", crate::error::explain(&error));
                ExitCode::from(NOT_CHECKED)
            }
        }
    }

    fn verdict(self) -> miette::Result<Verdict> {
        if let Some(Command::Leak(leak)) = self.command {
            return leak.run().map(|()| Verdict::Clean);
        }
        if self.list {
            ::audit::trials().try_for_each(|(name, about)| outln!("{name:<18} {about}"))?;
            return Ok(Verdict::Clean);
        }
        if self.mutants {
            return mutants::run(&self);
        }
        if let Some(views) = &self.views {
            return others::run(views, self.policy.as_deref(), self.json.as_ref());
        }
        self.known_secrets()?;
        destination::check([&self.json, &self.html])?;
        let mut report = self.audit()?;
        report.repeat.command = self.command();
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
        let dir = tempfile::Builder::new()
            .prefix("blindpost-audit-")
            .tempdir()
            .into_diagnostic()
            .wrap_err("can't make a temporary directory")?;
        let plan = Plan {
            seed: self.seed,
            pairs: if self.quick { self.pairs.min(2) } else { self.pairs },
            only: self.secret.clone(),
            first: self.first,
            samples: if self.quick { 0 } else { 400 },
            live: Some(LiveOptions {
                program: std::env::current_exe()
                    .into_diagnostic()
                    .wrap_err("it can't be said which program this is, to start it")?,
                dir: dir.path().to_owned(),
                environment: Vec::new(),
                quick: self.quick,
            }),
            runs: if self.quick { 1 } else { 3 },
            seeds: if self.quick { 4 } else { 40 },
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

    /// The command that repeats it.
    fn command(&self) -> String {
        let command = Repeat::of("audit").with("--seed", self.seed).with("--pairs", self.pairs);
        let command = command.flag("--quick", self.quick).flag("--first", self.first);
        command.with_list("--secret", &self.secret).told()
    }

    fn print(&self, report: &Report) -> miette::Result<()> {
        if leave_standard_output([&self.json, &self.html]) {
            out!("{}", text::of(report))?;
        }
        if let Some(file) = &self.json {
            file.write_json(&serde_json::to_value(report).into_diagnostic()?)?;
        }
        if let Some(file) = &self.html {
            file.write(&::audit::picture::page(report))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::arguments::parsed;

    #[test]
    fn the_command_that_repeats_an_audit_is_accepted_and_says_the_same() {
        for flags in ["", "--seed 7 --pairs 3 --quick --first", "--secret token,text"] {
            let command = parsed::<Audit>(flags).command();
            let flags = command.strip_prefix("blindpost audit ").unwrap();
            assert_eq!(parsed::<Audit>(flags).command(), command);
        }
        assert_eq!(parsed::<Audit>("--quick").command(), "blindpost audit --seed 1 --pairs 20 --quick");
    }

    #[test]
    fn a_secret_that_there_is_not_is_said_before_anything_runs() {
        let known = ::audit::trials().next().unwrap().0;
        assert!(parsed::<Audit>(&format!("--secret {known}")).known_secrets().is_ok());
        let error = crate::error::explain(&parsed::<Audit>("--secret tokn").known_secrets().unwrap_err());
        assert_eq!(
            error,
            "error: there is no secret `tokn`\nhelp: `blindpost audit --list` says which there are\n"
        );
    }
}
