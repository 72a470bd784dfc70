//! `blindpost calibrate`: what the parties' steps cost on this machine.

use crate::destination::{self, Destination};
use crate::out::{out, outln};
use crate::repeat::Repeat;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use miette::IntoDiagnostic as _;
use std::time::Duration;
use world::{Calibration, Costs, Step};

/// Measures what each step of the parties costs on this machine: what `run --costs FILE` takes.
///
/// The machines and the ratchet themselves are measured, on one core, with suite triple and established sessions. Of
/// each step the fastest round counts.
///
/// Example: blindpost calibrate --out costs.toml
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Write the file here (- for standard output, as without it)
    #[arg(long, value_name = "FILE")]
    out: Option<Destination>,
    /// How many rounds each step is measured
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a round takes, about: long enough that a clock of microseconds is exact to a part in a thousand.
const ROUND: Duration = Duration::from_millis(20);

impl Calibrate {
    pub(crate) fn run(self) -> miette::Result<()> {
        destination::check([&self.out])?;
        let failed = |error: String| miette::miette!("the parties can't be measured: {error}");
        let mut calibration = Calibration::new().map_err(failed)?;
        let steps = u64::try_from(Step::ALL.len()).unwrap_or(0);
        let bar = ProgressBar::new(steps * u64::from(self.rounds));
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rounds  {eta} left") {
            bar.set_style(style);
        }
        for _ in 0..self.rounds {
            for step in Step::ALL {
                calibration.round(step, times(step), &clock).map_err(failed)?;
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        let costs = calibration.costs();
        let text = if self.json { json(&costs)? } else { toml(&costs)? };
        match &self.out {
            None => out!("{text}")?,
            Some(file) => {
                file.write(&text)?;
                if !file.is_standard_output() {
                    let takes = Repeat::of("run").word("SCENARIO").with_file("--costs", Some(file.path()));
                    outln!("written: {} ({} takes it)", file.path().display(), takes.told())?;
                }
            }
        }
        Ok(())
    }
}

/// How often a step is taken in a round.
fn times(step: Step) -> u32 {
    let each = match step {
        Step::Encrypt | Step::Decrypt | Step::RelayFrame => Duration::from_micros(20),
        Step::ApiRequest => Duration::from_micros(40),
        Step::Initiate | Step::Respond => Duration::from_micros(300),
    };
    u32::try_from(ROUND.as_micros() / each.as_micros()).unwrap_or(1)
}

fn clock() -> Duration {
    Duration::from_micros(live::now().as_micros())
}

fn json(costs: &Costs) -> miette::Result<String> {
    Ok(serde_json::to_string_pretty(costs).into_diagnostic()? + "\n")
}

fn toml(costs: &Costs) -> miette::Result<String> {
    let values = toml::to_string(costs).into_diagnostic()?;
    Ok(format!(
        "# What each step keeps a party's processor busy, measured by `blindpost calibrate`. For `run --costs`.\n{values}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_run_reads() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("costs.toml");
        let costs = Costs { encrypt: Duration::from_nanos(5_432), ..Costs::default() };
        std::fs::write(&file, toml(&costs).unwrap()).unwrap();
        assert_eq!(crate::run::costs_of(Some(&file)).unwrap(), costs);
        let read: Costs = serde_json::from_str(&json(&costs).unwrap()).unwrap();
        assert_eq!(read, costs);
    }

    #[test]
    fn every_step_is_taken_often_enough_to_be_measured() {
        for step in Step::ALL {
            assert!(times(step) >= 50, "{} times", times(step));
        }
    }
}
