//! `blindpost audit`: the privacy boundary, executed.

use crate::leak;
use clap::{Args, Subcommand};

/// Runs the parties, and says what each could learn (docs/privacy.md).
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Leak(leak::Leak),
}

impl Audit {
    pub(crate) fn run(self) -> miette::Result<()> {
        match self.command {
            Command::Leak(leak) => leak.run(),
        }
    }
}
