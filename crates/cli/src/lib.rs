//! The command line: every party as its own process, all of them in one, the demonstration, and everything that is
//! measured in virtual time.
//!
//! A file for each command, named after it, and [`main`], which the binary `blindpost` of the root package calls. What
//! several commands share has files of its own: `settings` and `tenants` (files that people write), `data` and `manifest` (what a
//! party keeps on disk), `uplink` (the way to the relay), `suites`, `provider`, `metrics`, `log`, `shutdown`, `machine` (what
//! this computer can carry), `out` (what is said at the terminal),
//! `repeat` (commands that do it again), `error`.

mod address;
mod arguments;
mod audit;
mod authority;
mod calibrate;
mod cloud;
mod connections;
mod consumer;
mod data;
mod demo;
mod destination;
mod error;
mod leak;
mod log;
mod machine;
mod manifest;
mod metrics;
mod out;
mod provider;
mod relay;
mod repeat;
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
mod toml_file;
mod uplink;

use crate::out::{err, errln};
use clap::Parser as _;
use std::process::ExitCode;

/// Does what the arguments of this process ask for. The exit code is 0 only if all of it went well; an error is on
/// standard error by then, with what was wrong, where, and what to do.
#[must_use]
pub fn main() -> ExitCode {
    live::quiet_panics();
    if let Err(error) = live::no_memory_in_core_dumps() {
        errln!("a core dump of this process would hold its memory: {error}");
    }
    // Whoever reads may stop reading: `blindpost run … | head`.
    sigpipe::reset();
    match arguments::Arguments::parse().run() {
        Ok(code) => code,
        Err(report) => {
            err!("{}", error::explain(&report));
            ExitCode::FAILURE
        }
    }
}
