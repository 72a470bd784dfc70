//! `blindpost scenario`: about scenario files, without running them.

use crate::out::{foreign, outln};
use crate::run::changes;
use ::scenario::Scenario as Plan;
use clap::{Args, Subcommand};
use miette::IntoDiagnostic as _;
use serde_json::json;
use std::path::PathBuf;

/// Checks a scenario file, or prints what one can say.
///
/// Example: blindpost scenario check scenarios/mixed-day.toml
#[derive(Debug, Args)]
pub(crate) struct Scenario {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Says whether a file can be run, and what that would take
    Check {
        /// The scenario file (docs/scenarios.md)
        file: PathBuf,
        /// Change a key first, as `run --set` does
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Print it as JSON, with every key and its value
        #[arg(long)]
        json: bool,
    },
    /// Prints the JSON Schema of scenario files: editors complete and check with it
    Schema,
}

impl Scenario {
    pub(crate) fn run(self) -> miette::Result<()> {
        match self.what {
            What::Schema => {
                outln!("{}", serde_json::to_string_pretty(&::scenario::schema()).into_diagnostic()?)?;
            }
            What::Check { file, set, json } => {
                let changes = changes(&set)?;
                let changes = changes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                let scenario = Plan::read(&file)?.with_all(changes)?;
                let (estimate, digest) = (scenario.estimate(), hex::encode(scenario.digest()));
                if json {
                    let value = json!({
                        "scenario": scenario.to_json(), "digest": digest, "consumers": estimate.consumers,
                        "conversations": estimate.conversations, "messages": estimate.messages,
                        "memory_bytes": estimate.memory_bytes,
                        "seconds_on_one_core": estimate.seconds_on_one_core,
                    });
                    outln!("{}", serde_json::to_string_pretty(&value).into_diagnostic()?)?;
                } else {
                    outln!("{}: {}", scenario.name, foreign(&scenario.description))?;
                    outln!("  expected  {estimate}")?;
                    outln!("  digest    {digest}")?;
                }
            }
        }
        Ok(())
    }
}
