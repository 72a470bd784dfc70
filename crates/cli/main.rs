//! The command line: every party as its own process, all of them in one, and the demonstration.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its terminal")]

mod arguments;
mod audit;
mod calibrate;
mod cloud;
mod consumer;
mod data;
mod demo;
mod error;
mod leak;
mod log;
mod machine;
mod metrics;
mod relay;
mod report;
mod reproduce;
mod run;
mod scenario;
mod serve;
mod settings;
mod shutdown;
mod sink;
mod suites;
mod sweep;
mod tenants;

use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static MEMORY: live::WipingAllocator = live::wiping_allocator();

fn main() -> ExitCode {
    live::quiet_panics();
    if let Err(error) = live::no_memory_in_core_dumps() {
        eprintln!("a core dump of this process would hold its memory: {error}");
    }
    // Whoever reads may stop reading: `blindpost run … | head`.
    sigpipe::reset();
    match arguments::Arguments::parse().run() {
        Ok(code) => code,
        Err(report) => {
            eprint!("{}", error::explain(&report));
            ExitCode::FAILURE
        }
    }
}
