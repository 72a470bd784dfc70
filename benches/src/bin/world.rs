//! Runs a scenario and says what it took, or writes the section of `docs/benchmarks.md` about the world.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person at a terminal")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark may panic")]

use blindpost_benches::world::{self, Took};
use clap::Parser;
use ratchet::Backend;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Runs a scenario in virtual time and says what it took; or, without one, writes what `docs/benchmarks.md` says of the
/// world, with what `cargo bench --bench world` has left.
#[derive(Parser)]
struct Arguments {
    /// The scenario file
    scenario: Option<PathBuf>,
    /// On how many threads
    #[arg(long, default_value_t = NonZeroUsize::MIN)]
    threads: NonZeroUsize,
    /// Change the scenario: KEY=VALUE
    #[arg(long)]
    set: Vec<String>,
    /// Whose primitives the scenario is run with, by name [default: the first that is built in]
    #[arg(long)]
    provider: Option<Backend>,
    /// Where criterion has left its results
    #[arg(long, default_value = "target/criterion")]
    criterion: PathBuf,
    /// Write the plot here
    #[arg(long, default_value = "docs/benchmarks-world.svg")]
    svg: PathBuf,
    /// Write the section here
    #[arg(long, default_value = "target/benchmark-world.md")]
    markdown: PathBuf,
}

/// As the program has it.
#[global_allocator]
static MEMORY: live::WipingAllocator = live::wiping_allocator();

fn main() {
    let arguments = Arguments::parse();
    arguments.provider.into_iter().for_each(Backend::install);
    if let Some(scenario) = &arguments.scenario {
        let took = Took::by_running(scenario, &arguments.set, arguments.threads);
        return println!("{}", serde_json::to_string(&took).unwrap());
    }
    let costs = world::costs(&arguments.criterion);
    std::fs::write(&arguments.svg, world::plot(&costs)).expect("the plot can be written");
    let section = world::section(&arguments.criterion, &costs, &arguments.svg);
    std::fs::write(&arguments.markdown, section).expect("the section can be written");
}
