//! The commands, and how each is run: with a runtime and log lines on standard error, or without.

use crate::{
    audit, calibrate, cloud, consumer, demo, log, relay, report, reproduce, run, scenario, serve, sink, sweep,
};
use clap::{Parser, Subcommand};
use miette::IntoDiagnostic as _;
use std::future::Future;
use std::process::ExitCode;

/// Signal-protocol end-to-end messaging through a blind relay.
///
/// Businesses call an HTTP API, consumers use an app, and the relay between them forwards ciphertext
/// that it cannot read.
#[derive(Debug, Parser)]
#[command(name = "blindpost", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Calibrate(calibrate::Calibrate),
    Sweep(sweep::Sweep),
    Scenario(scenario::Scenario),
    Report(report::Report),
    Audit(audit::Audit),
    Reproduce(reproduce::Reproduce),
    Serve(serve::Serve),
    Relay(relay::RelayArguments),
    Cloud(cloud::CloudArguments),
    Consumer(consumer::ConsumerArguments),
    Sink(sink::Sink),
}

impl Arguments {
    pub(crate) fn run(self) -> miette::Result<ExitCode> {
        match self.command {
            // The demonstration reads its own log: it is one of the views that are searched.
            Command::Demo(demo) => block_on(demo.run()),
            Command::Run(run) => run.run(),
            Command::Calibrate(calibrate) => calibrate.run(),
            Command::Sweep(sweep) => sweep.run(),
            Command::Scenario(scenario) => scenario.run(),
            Command::Report(report) => report.run(),
            Command::Reproduce(reproduce) => reproduce.run(),
            // It has more to say than yes or no.
            Command::Audit(audit) => return Ok(audit.run()),
            Command::Serve(serve) => logged(serve.run()),
            Command::Relay(relay) => logged(relay.run()),
            Command::Cloud(cloud) => logged(cloud.run()),
            Command::Consumer(consumer) => logged(consumer.run()),
            Command::Sink(sink) => logged(sink.run()),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

fn logged(command: impl Future<Output = miette::Result<()>>) -> miette::Result<()> {
    log::to_stderr();
    block_on(command)
}

fn block_on(command: impl Future<Output = miette::Result<()>>) -> miette::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
    let outcome = runtime.block_on(command);
    // A thread that reads the terminal can't be interrupted; it must not keep the process.
    runtime.shutdown_background();
    outcome
}
