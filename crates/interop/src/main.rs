//! `interop`: the table of our suites against the official versions. `cargo xtask interop` runs it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person at a terminal")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use interop::{Dice, Divergence, Oracle, OracleError, Outcome, Row, table};

/// Divergences that are printed; the table has the number of all.
const SHOWN: usize = 10;

/// Lets our Signal engine talk with the official library and counts what is not as it has to be.
#[derive(Parser)]
struct Arguments {
    /// Messages in each row of the newest suite against the newest version; other rows get a tenth
    #[arg(long, default_value_t = 1000)]
    messages: usize,
    /// What all choices come from, but for those that the official library makes itself
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the rows to this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the official packages are installed
    #[arg(long, default_value_os_t = Oracle::directory())]
    oracle_dir: PathBuf,
}

type Answer = Result<(Outcome, Vec<Divergence>), OracleError>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rows = table(arguments.messages);
    let mut results = Vec::new();
    for result in run(&rows, arguments.seed, &arguments.oracle_dir) {
        match result {
            Ok(result) => results.push(result),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(2);
            }
        }
    }
    print(&results);
    let outcomes: Vec<&Outcome> = results.iter().map(|(outcome, _)| outcome).collect();
    if let Some(file) = &arguments.json
        && let Err(error) = write(file, &outcomes)
    {
        eprintln!("error: can't write {}: {error}", file.display());
        return ExitCode::from(2);
    }
    if outcomes.iter().all(|outcome| outcome.divergences == 0) {
        return ExitCode::SUCCESS;
    }
    println!(
        "\nRepeat it with:\n  cargo xtask interop --messages {} --seed {}",
        arguments.messages, arguments.seed
    );
    ExitCode::FAILURE
}

/// Runs the rows, a few at a time, and gives their results in order. A row's seed is its own.
fn run(rows: &[Row], seed: u64, directory: &Path) -> Vec<Answer> {
    let mut dice = Dice::new(seed);
    let seeds: Vec<u64> = rows.iter().map(|_| dice.seed()).collect();
    let total: usize = rows.iter().map(|row| row.messages).sum();
    // Draws nothing when standard error is no terminal.
    let progress = ProgressBar::new(u64::try_from(total).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} messages, {eta} left") {
        progress.set_style(style);
    }
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let (Some(row), Some(seed)) = (rows.get(at), seeds.get(at))
        {
            let result =
                row.run(directory, *seed, |heard| progress.inc(u64::try_from(heard).unwrap_or_default()));
            if let Ok(mut results) = results.lock() {
                results.push((at, result));
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    progress.finish_and_clear();
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn print(results: &[(Outcome, Vec<Divergence>)]) {
    println!("{:<24} {:<8} {:<9} {:>8} {:>11}", "suite", "oracle", "initiator", "messages", "divergences");
    for (Outcome { suite, oracle, initiator, messages, divergences }, _) in results {
        println!("{suite:<24} {oracle:<8} {initiator:<9} {messages:>8} {divergences:>11}");
    }
    let all = results.iter().flat_map(|(outcome, found)| found.iter().map(move |one| (outcome, one)));
    for (outcome, divergence) in all.take(SHOWN) {
        println!("\n{} × {}, {} initiating: {divergence}", outcome.suite, outcome.oracle, outcome.initiator);
    }
}

fn write(file: &Path, outcomes: &[&Outcome]) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(outcomes)?;
    text.push('\n');
    fs::write(file, text)
}
