//! `blindpost report`: what runs have left, drawn.

use crate::destination::{self, Destination};
use crate::out::outln;
use ::report::Run;
use clap::Args;
use miette::IntoDiagnostic as _;
use std::path::PathBuf;

/// Draws what runs have left: one page that works offline, and figures for papers.
///
/// Example: blindpost report run --figures figures
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Directories that `blindpost run` has written; several are compared
    #[arg(required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// The page [default: report.html in the first directory]
    #[arg(long, value_name = "FILE")]
    html: Option<Destination>,
    /// Also write each plot of the first run into this directory as SVG
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

impl Report {
    pub(crate) fn run(self) -> miette::Result<()> {
        destination::check([&self.html])?;
        let runs: Vec<Run> =
            self.runs.iter().map(|dir| Run::open(dir)).collect::<Result<_, _>>().into_diagnostic()?;
        let page = match (&self.html, self.runs.first()) {
            (Some(page), _) => page.clone(),
            (None, first) => first.cloned().unwrap_or_default().join("report.html").into_os_string().into(),
        };
        page.check()?;
        page.write(&::report::html::page(&runs).into_diagnostic()?)?;
        let told = !page.is_standard_output();
        if told {
            outln!("{}", page.path().display())?;
        }
        if let (Some(dir), Some(run)) = (&self.figures, runs.first()) {
            for file in ::report::figures::write(run, dir).into_diagnostic()? {
                if told {
                    outln!("{}", file.display())?;
                }
            }
        }
        Ok(())
    }
}
