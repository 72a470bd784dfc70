//! `blindpost sweep`: one scenario under many settings and seeds.

use crate::out::{errln, foreign, out, outln};
use crate::repeat::Repeat;
use crate::run::{all_cores, changes, costs_of};
use crate::{machine, run, shutdown};
use ::scenario::Estimate;
use ::sweep::{Cell, FileError, Journal, Progress, Sweep as Plan};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use miette::IntoDiagnostic as _;
use serde_json::json;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs a scenario under many settings, each with many seeds, and says what the settings change.
///
/// A sweep that was interrupted goes on where it was: give the same command again.
///
/// Example: blindpost sweep scenarios/sweeps/loss.toml --out loss
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// The sweep file (docs/sweeps.md)
    sweep: PathBuf,
    /// Write results, tables and the page into this directory
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Throw away what another sweep left in the directory, and run what this machine may be too small for
    #[arg(long)]
    force: bool,
    /// In which formats tables are written
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = "csv,parquet")]
    format: Vec<run::TableFormat>,
    /// How many runs at once [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Change the scenario of every point: a key as docs/scenarios.md names it, and its value
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// What each step takes a processor [default: built in]
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// Only say which points there are and how long they will take
    #[arg(long)]
    dry_run: bool,
    /// Print the points, or the results, as JSON
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(crate) fn run(self) -> miette::Result<()> {
        let plan = Plan::read(&self.sweep, &changes(&self.set)?).map_err(explained)?;
        let threads = self.threads.unwrap_or_else(all_cores);
        let estimate = together(&plan, threads);
        let Some(out) = self.out.as_ref().filter(|_| !self.dry_run) else {
            return self.preview(&plan, &estimate);
        };
        machine::weigh(&estimate, threads, self.force)?;
        let costs = costs_of(self.costs.as_deref())?;
        let command = Repeat::of("sweep").word(self.sweep.display()).with_each("--set", &self.set);
        let command =
            command.with_file("--costs", self.costs.as_deref()).with_file("--out", Some(out)).told();
        let journal = Journal::open(out, &plan, env!("CARGO_PKG_VERSION"), &command, self.force);
        let journal = journal.into_diagnostic()?;
        let before = journal.done();
        if before > 0 {
            errln!("{before} of {} runs were done before", plan.runs());
        }
        let stop = Arc::new(AtomicBool::new(false));
        shutdown::sets(Arc::clone(&stop))?;
        let bar = ProgressBar::new(plan.runs() as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} runs  {per_sec}  {eta} left") {
            bar.set_style(style);
        }
        bar.set_position(before as u64);
        bar.reset_eta();
        let show = |Progress { done }: Progress| bar.set_position((before + done) as u64);
        let worked = ::sweep::work(&plan, &journal, &costs, threads, &show, &stop).into_diagnostic();
        bar.finish_and_clear();
        let done = journal.done();
        let formats: Vec<_> = self.format.iter().map(|format| format.to_report()).collect();
        let cells = journal.finish(&plan, &formats).into_diagnostic()?;
        worked?;
        self.print(&plan, &cells, done)?;
        if stop.load(Ordering::Relaxed) && done < plan.runs() {
            return Err(miette::miette!(
                help = format!("go on with it: {command}"),
                "interrupted after {done} of {} runs; what there is is marked as partial",
                plan.runs()
            ));
        }
        let violated = cells.iter().filter(|cell| cell.measure == "violations" && cell.interval.mean > 0.0);
        match violated.count() {
            0 => Ok(()),
            points => Err(miette::miette!("{points} points broke a promise of the architecture")),
        }
    }

    fn preview(&self, plan: &Plan, estimate: &Estimate) -> miette::Result<()> {
        if self.json {
            let points: Vec<_> = plan.points.iter().map(|point| &point.settings).collect();
            let value = json!({
                "name": plan.name, "points": points, "seeds": plan.seeds, "runs": plan.runs(),
                "seconds_on_one_core": estimate.seconds_on_one_core, "memory_bytes": estimate.memory_bytes,
            });
            outln!("{}", serde_json::to_string_pretty(&value).into_diagnostic()?)?;
            return Ok(());
        }
        outln!(
            "{}: {} points × {} seeds = {} runs",
            foreign(&plan.name),
            plan.points.len(),
            plan.seeds.len(),
            plan.runs()
        )?;
        plan.points
            .iter()
            .enumerate()
            .try_for_each(|(number, point)| outln!("  {number:>4}  {}", point.told()))?;
        outln!("expected: {estimate}")?;
        Ok(())
    }

    fn print(&self, plan: &Plan, cells: &[Cell], done: usize) -> miette::Result<()> {
        if self.json {
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| {
                    let settings = plan.points.get(cell.point).map(|point| &point.settings);
                    json!({
                        "point": cell.point, "settings": settings, "measure": cell.measure,
                        "runs": cell.interval.runs, "mean": cell.interval.mean,
                        "deviation": cell.interval.deviation, "ci95": cell.interval.ends,
                    })
                })
                .collect();
            let value = json!({ "name": plan.name, "runs": plan.runs(), "done": done, "cells": cells });
            outln!("{}", serde_json::to_string_pretty(&value).into_diagnostic()?)?;
        } else {
            out!("{}", text_of(plan, cells))?;
            if let Some(out) = &self.out {
                outln!("in {}: sweep.html, results, summary, points", out.display())?;
            }
        }
        Ok(())
    }
}

/// What the runs will cost: the time of all, the memory of as many of the largest as run at once.
fn together(plan: &Plan, threads: NonZeroUsize) -> Estimate {
    let estimates: Vec<Estimate> = plan.points.iter().map(|point| point.scenario.estimate()).collect();
    let seeds = plan.seeds.len() as f64;
    let sum = |of: fn(&Estimate) -> f64| estimates.iter().map(of).sum::<f64>() * seeds;
    let largest = estimates.iter().map(|estimate| estimate.memory_bytes).fold(0.0, f64::max);
    Estimate {
        consumers: estimates.iter().map(|estimate| estimate.consumers).sum::<u64>() * plan.seeds.len() as u64,
        conversations: sum(|estimate| estimate.conversations),
        messages: sum(|estimate| estimate.messages),
        memory_bytes: largest * threads.get().min(plan.runs()) as f64,
        seconds_on_one_core: sum(|estimate| estimate.seconds_on_one_core),
    }
}

/// A scenario's error has a place and a snippet of its own.
fn explained(error: FileError) -> miette::Report {
    let told = error.to_string();
    match error.into_scenario() {
        Ok(scenario) => miette::Report::new(scenario).wrap_err(told),
        Err(_) => miette::miette!(help = "docs/sweeps.md has every key", "{told}"),
    }
}

fn text_of(plan: &Plan, cells: &[Cell]) -> String {
    let mut text = format!("{}\n", plan.name);
    for (number, point) in plan.points.iter().enumerate() {
        let _ = writeln!(text, "  {}", point.told());
        for cell in
            cells.iter().filter(|cell| cell.point == number && plan.plots.iter().any(|p| p == cell.measure))
        {
            let interval = cell.interval;
            let sure = interval.ends.map_or(String::new(), |(low, high)| format!("  [{low:.4}, {high:.4}]"));
            let _ = writeln!(text, "    {:<20} {:>12.4}{sure}", cell.measure, interval.mean);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_costs_the_time_of_all_runs_and_the_memory_of_those_at_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("s.toml"),
            "version = 1\nname = \"small\"\nduration = \"1min\"\n\
             [[consumers]]\nname = \"people\"\ncount = 3\n[[businesses]]\nname = \"shop\"\ncount = 1\n\
             [[traffic]]\nfrom = \"shop\"\nto = \"people\"\nrate = \"20/min in total\"\n",
        )
        .unwrap();
        let file = dir.path().join("sweep.toml");
        std::fs::write(
            &file,
            "version = 1\nname = \"s\"\nscenario = \"s.toml\"\nseeds = \"1..3\"\n\
             [[vary]]\nkey = \"consumers.people.count\"\nvalues = [3, 300]\n",
        )
        .unwrap();
        let plan = Plan::read(&file, &[]).unwrap();
        let of = |place: usize| plan.points[place].scenario.estimate();
        let four = NonZeroUsize::new(4).unwrap();
        let all = together(&plan, four);
        assert_eq!(all.seconds_on_one_core, 3.0 * (of(0).seconds_on_one_core + of(1).seconds_on_one_core));
        assert_eq!(all.memory_bytes, 4.0 * of(1).memory_bytes);
        assert_eq!(all.consumers, 3 * 303);
        let many = together(&plan, NonZeroUsize::new(64).unwrap());
        assert_eq!(many.memory_bytes, 6.0 * of(1).memory_bytes, "there are no more runs than six");
    }

    #[test]
    fn a_sweep_file_that_is_wrong_says_where_the_keys_are_written_down() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "version = 9\n").unwrap();
        let error = Plan::read(file.path(), &[]).map_err(explained).err().unwrap();
        let text = crate::error::explain(&error);
        assert!(text.contains("version 9") && text.contains("help: docs/sweeps.md has every key"), "{text}");
    }
}
