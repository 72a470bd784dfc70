//! `blindpost demo`: everything in one process on loopback, for real.

mod driver;
mod stack;
mod summary;
mod tracker;
mod views;

use crate::data::rng;
use crate::destination::{self, Destination, leave_standard_output};
use crate::out::out;
use crate::provider::{self, ProviderArguments};
use crate::suites::SuiteArguments;
use crate::{log, shutdown};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use stack::Stack;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use summary::Summary;
use tracker::Tracker;

/// Nothing has arrived for so long: what is missing is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// The main job: relay, node, businesses and consumers on this machine, real messages both ways.
///
/// Each business message goes over HTTP to the node, encrypted over QUIC to the relay and on to a
/// consumer's app, which answers; the answer arrives at a webhook. Ends with what each party saw.
///
/// Example: blindpost demo --consumers 50 --messages 2000 --json out.json
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many consumers have the app
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    consumers: u32,
    /// How many messages the businesses send; each is answered, so as many go the other way
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    messages: u32,
    /// How many API calls are under way at a time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    concurrency: u32,
    #[command(flatten)]
    suite: SuiteArguments,
    #[command(flatten)]
    provider: ProviderArguments,
    /// Write the results to this file as JSON (- for standard output)
    #[arg(long, value_name = "FILE")]
    json: Option<Destination>,
    /// Keep stores and keys in this directory; it must not exist yet [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Demo {
    /// Exits 0 only if every message arrived exactly once and nothing crossed the boundary.
    pub(crate) async fn run(self) -> miette::Result<()> {
        destination::check([&self.json])?;
        let suites = self.suite.suites()?;
        self.provider.install();
        let lines = log::to_memory();
        let (dir, _temporary) = self.directory()?;
        let tracker = Arc::new(Tracker::new(self.consumers, self.messages, &mut rng("demo")?));
        let mut interrupted = pin!(shutdown::requested());
        let stack = tokio::select! {
            stack = Stack::start(&dir, suites, Arc::clone(&tracker)) => stack?,
            () = &mut interrupted => return Err(miette::miette!("interrupted before the first message")),
        };

        let bar = self.progress_bar();
        let started = live::now();
        let sending = tokio::spawn(driver::send_all(stack.api(), Arc::clone(&tracker), self.concurrency));
        let mut last = (0, live::now());
        let mut whole = true;
        while whole && !tracker.is_complete() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
                () = &mut interrupted => whole = false,
            }
            let done = tracker.arrived();
            bar.set_position(done);
            if done != last.0 {
                last = (done, live::now());
            } else if live::now().since(last.1) > PATIENCE {
                break;
            }
        }
        let elapsed = live::now().since(started);
        bar.finish_and_clear();
        sending.abort();

        let bill = stack.final_bill(self.messages).await;
        let views = stack.stop(&dir, &lines).await?;
        let summary = Summary::new(&tracker, (suites.newest, provider::installed()), elapsed, &bill, &views);
        if leave_standard_output([&self.json]) {
            out!("{}", summary.to_text())?;
        }
        if let Some(file) = &self.json {
            file.write_json(&summary.to_json())?;
        }
        if whole {
            summary.verdict()
        } else {
            Err(miette::miette!("interrupted: this is what had happened by then"))
        }
    }

    fn directory(&self) -> miette::Result<(PathBuf, Option<tempfile::TempDir>)> {
        if let Some(dir) = &self.data {
            if dir.exists() {
                return Err(miette::miette!(
                    help = "name one that doesn't exist, or leave --data out",
                    "{} exists: the demonstration wants a directory of its own",
                    dir.display()
                ));
            }
            return Ok((dir.clone(), None));
        }
        let temporary = tempfile::Builder::new()
            .prefix("blindpost-demo-")
            .tempdir()
            .into_diagnostic()
            .wrap_err("can't make a temporary directory")?;
        Ok((temporary.path().to_owned(), Some(temporary)))
    }

    fn progress_bar(&self) -> ProgressBar {
        let bar = ProgressBar::new(2 * u64::from(self.messages));
        if let Ok(style) =
            ProgressStyle::with_template("{bar:40} {pos}/{len} messages  {per_sec}  {eta} left")
        {
            bar.set_style(style);
        }
        bar
    }
}
