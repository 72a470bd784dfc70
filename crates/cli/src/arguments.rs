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
    log::to_stderr()?;
    block_on(command)
}

fn block_on(command: impl Future<Output = miette::Result<()>>) -> miette::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
    let outcome = runtime.block_on(command);
    // A thread that reads the terminal can't be interrupted; it must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// For tests of commands: what they are given with these flags.
#[cfg(test)]
pub(crate) fn parsed<A: clap::Args>(flags: &str) -> A {
    let command = A::augment_args(clap::Command::new("blindpost"));
    let line = ["blindpost".to_owned()].into_iter().chain(shlex::split(flags).unwrap());
    A::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    fn kind(line: &str) -> Option<ErrorKind> {
        parse(line).err().map(|error| error.kind())
    }

    #[test]
    fn the_definition_of_the_flags_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_program_is_called_as_it_is_installed() {
        let command = Arguments::command();
        assert_eq!(
            (command.get_name(), command.get_version()),
            ("blindpost", Some(env!("CARGO_PKG_VERSION")))
        );
    }

    fn examples(command: &clap::Command, found: &mut Vec<String>) {
        let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        found.extend(about.lines().filter_map(|line| line.strip_prefix("Example: ")).map(str::to_owned));
        command.get_subcommands().for_each(|command| examples(command, found));
    }

    #[test]
    fn every_command_has_an_example_and_every_example_is_accepted() {
        let command = Arguments::command();
        let mut found = Vec::new();
        examples(&command, &mut found);
        for name in command.get_subcommands().map(clap::Command::get_name) {
            let example = found.iter().find(|example| example.starts_with(&format!("blindpost {name}")));
            assert!(example.is_some(), "{name} has none");
        }
        for example in found {
            if let Err(error) = parse(&example) {
                panic!("{example}: {error}");
            }
        }
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused_and_not_guessed_at() {
        for line in [
            "blindpost run a.toml --seeds 1..9 --seed 3",
            "blindpost run a.toml --seeds 1..9 --out dir",
            "blindpost run a.toml --seeds 1..9 --until 1min",
            "blindpost run a.toml --resume c.json",
            "blindpost run --resume c.json --seed 3",
            "blindpost run a.toml --watch node/0 --json",
            "blindpost audit --mutants --pairs 3",
            "blindpost audit --views dir --html a.html",
            "blindpost reproduce hndl --all",
        ] {
            assert_eq!(kind(line), Some(ErrorKind::ArgumentConflict), "{line}");
        }
    }

    #[test]
    fn what_a_command_cannot_do_without_is_asked_for() {
        for line in [
            "blindpost run",
            "blindpost run a.toml --checkpoint-at 1min",
            "blindpost sweep a.toml",
            "blindpost report",
            "blindpost reproduce",
            "blindpost audit --policy p.toml",
            "blindpost audit --mutant padding-off",
            "blindpost sink --app-secret s",
        ] {
            assert_eq!(kind(line), Some(ErrorKind::MissingRequiredArgument), "{line}");
        }
        assert!(parse("blindpost sweep a.toml --dry-run").is_ok());
        assert!(parse("blindpost run --resume c.json").is_ok());
    }

    #[test]
    fn numbers_out_of_their_range_are_refused() {
        for line in [
            "blindpost demo --consumers 10001",
            "blindpost demo --messages 0",
            "blindpost demo --concurrency 2000",
            "blindpost calibrate --rounds 0",
            "blindpost relay --key-lifetime 0",
            "blindpost cloud --retention 0",
            "blindpost run a.toml --threads 0",
            "blindpost run a.toml --watch nobody",
            "blindpost run a.toml --until 60",
            "blindpost audit --pairs 0",
        ] {
            assert_eq!(kind(line), Some(ErrorKind::ValueValidation), "{line}");
        }
    }
}
