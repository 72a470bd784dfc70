//! Everything that must pass, in one command: `cargo xtask lint` and `cargo xtask test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person at a terminal")]

mod audit;
mod benchmarks;
mod demo;
mod deny;
mod graph;
mod instructions;
mod interop;
mod licence;
mod models;
mod mutants;
mod profile;
mod step;
mod tools;

use std::{env, process::ExitCode};

use step::{Failure, Step, cargo};

const HELP: &str = "\
Everything that must pass before a commit.

Usage: cargo xtask <COMMAND>

Commands:
  lint          Format, clippy and documentation, all without a warning
  test          Tests, and all of the following but for the benchmarks, and the demo
  deny          Dependencies, against deny.toml
  interop       Our Signal engine against the official library [--messages N] [--seed S] [--json FILE]
  instructions  What the ratchet's operations cost, against benches/instructions.toml [--write]
  models        What the symbolic models in docs/models claim, by Verifpal [--write]
  mutants       Whether every mutant still fits the source, and a copy of the source that has them
  audit         The privacy boundary and the mutants [--write], or the tables of the last run [--tables]
  benchmarks    Measure, and write docs/benchmarks.md (not part of what must pass)

It stops at the first failure and prints the command that repeats it.
.ci/run does `lint`, then `test`.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["lint"] => lint(),
        ["test"] => test(),
        ["deny"] => deny(),
        ["interop", arguments @ ..] if !arguments.iter().any(|one| matches!(*one, "--help" | "-h")) => {
            interop::run(arguments)
        }
        ["instructions"] => instructions::compare(),
        ["instructions", "--write"] => instructions::write(),
        ["models"] => models::compare(),
        ["models", "--write"] => models::write(),
        ["mutants"] => mutants::copy(),
        ["audit"] => audit::run(),
        ["audit", "--write"] => audit::write(),
        ["audit", "--tables"] => audit::tables(),
        ["benchmarks"] => benchmarks::run(),
        ["help" | "--help" | "-h"] | [_, "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [] => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
        unknown => {
            eprintln!("error: `cargo xtask` can't do `{}`\n\n{HELP}", unknown.join(" "));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn lint() -> Result<(), Failure> {
    Step::new("format").run(cargo(&["fmt", "--all", "--check"]))?;
    Step::new("clippy").run(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Step::new("documentation")
        .run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn test() -> Result<(), Failure> {
    mutants::fit()?;
    tools::nextest()?;
    let oracle = interop::install()?;
    tools::from_debian(&["tshark", "chromium"], &["tshark", "chromium"], "they open what we write")?;
    tools::from_debian(&["strace"], &["strace"], "the audit sees what parties name by it")?;
    let python = tools::python()?;
    let tests = cargo(&["nextest", "run", "--workspace"])
        .env(interop::ORACLE, &oracle)
        .env("BLINDPOST_PYTHON", &python);
    Step::new("tests").run(tests.tools_in_path())?;
    examples()?;
    interop::run(&[])?;
    without_c()?;
    instructions::compare()?;
    models::compare()?;
    deny()?;
    demo::run()?;
    audit::run()
}

/// What the documentation shows runs: the picture's, and those of the engine, which assert what they say.
fn examples() -> Result<(), Failure> {
    Step::new("examples").run(cargo(&["test", "--doc", "--package", "relay"]))?;
    for example in ["conversation", "ml_kem_1024", "kem_in_every_message"] {
        Step::new(example).run(cargo(&["run", "--package", "ratchet", "--example", example]))?;
    }
    Ok(())
}

/// With nothing but Rust in it, the engine builds where there is no C compiler (decision 0018).
fn without_c() -> Result<(), Failure> {
    let check = cargo(&["check", "--package", "ratchet", "--no-default-features"])
        // Of its own: what was built with a compiler would not be built again.
        .env("CARGO_TARGET_DIR", "target/without-c")
        .env("CC", "false")
        .env("CXX", "false")
        .env("CMAKE", "false");
    Step::new("ratchet without a C compiler").run(check)
}

fn deny() -> Result<(), Failure> {
    Step::new("dependencies").check("cargo xtask deny", deny::check)?;
    tools::cargo_deny()
}
