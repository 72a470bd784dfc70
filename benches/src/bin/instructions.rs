//! Does one thing of the ratchet, for `cargo xtask instructions`, which lets callgrind count what happens inside
//! [`blindpost_benches::stopwatch::time`].
#![allow(clippy::print_stderr, reason = "it talks to a person at a terminal")]
#![allow(clippy::indexing_slicing, reason = "there is a first provider")]

use blindpost_benches::{contestant::Contestant as _, operation::Operation, ours::Ours};
use clap::Parser;
use ratchet::{Backend, Suite};
use std::process::ExitCode;

/// Does one thing of the ratchet so many times; for `cargo xtask instructions`.
#[derive(Parser)]
struct Arguments {
    /// x3dh, pqxdh or triple
    suite: Suite,
    /// The operation's name in the JSON of the benchmarks
    operation: String,
    /// How many times
    iterations: u32,
    /// aws-lc or rustcrypto; the default one without
    #[arg(long)]
    provider: Option<Backend>,
}

fn main() -> ExitCode {
    let Arguments { suite, operation, iterations, provider } = Arguments::parse();
    let Some(operation) = Operation::ALL.into_iter().find(|known| known.name() == operation) else {
        let known: Vec<&str> = Operation::ALL.into_iter().map(Operation::name).collect();
        eprintln!("error: no operation `{operation}`; there are {}", known.join(", "));
        return ExitCode::FAILURE;
    };
    Ours::new(suite, provider.unwrap_or(Backend::ALL[0])).run(operation, iterations);
    ExitCode::SUCCESS
}
