//! What the ratchet costs, beside the official code, Olm, and the primitives that it can't do without.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person at a terminal")]

use blindpost_benches::{comparison, comparison::Effort, memory, report::Report};
use clap::Parser;
use ratchet::{Native, Suite};
use std::{fs, path::PathBuf, process::ExitCode};

/// What the ratchet costs, beside its peers and its floor.
#[derive(Parser)]
#[command(bin_name = "cargo bench -p blindpost-benches --bench ratchet --")]
struct Arguments {
    /// Write everything to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Few rounds: for a look, not for numbers that are kept
    #[arg(long)]
    quick: bool,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the process whose memory is measured
    #[arg(long, hide = true, value_name = "SESSIONS")]
    memory_of: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(sessions) = arguments.memory_of {
        println!("{}", memory::grow_by::<Native>(Suite::X3dh, sessions));
        return ExitCode::SUCCESS;
    }
    let (effort, sessions) = if arguments.quick { (Effort::QUICK, 10_000) } else { (Effort::FULL, 100_000) };
    let comparison = match comparison::run(effort) {
        Ok(comparison) => comparison,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let report = Report::new(comparison, sessions, memory::of_sessions(sessions));
    print!("{}", report.markdown());
    if let Some(file) = arguments.json
        && let Err(error) = fs::write(&file, format!("{:#}\n", report.json()))
    {
        eprintln!("error: can't write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
