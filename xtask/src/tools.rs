//! Programs that the steps need and that are not part of a toolchain.

use std::path::PathBuf;

use crate::step::{Failure, Run, Step, cargo, root};

/// Where missing tools are installed.
pub(crate) fn directory() -> PathBuf {
    root().join("target/tools")
}

/// Installs cargo-nextest if there is none.
pub(crate) fn nextest() -> Result<(), Failure> {
    if cargo(&["nextest", "--version"]).tools_in_path().output().is_ok() {
        return Ok(());
    }
    Step::new("install cargo-nextest").run(install("cargo-nextest"))
}

/// Lets cargo-deny repeat the check of dependencies, and check advisories, if it is installed. It is not
/// installed unasked: it takes more than six minutes to build, and what must pass is checked without it.
pub(crate) fn cargo_deny() -> Result<(), Failure> {
    let check = |what: &[&str]| cargo(&[&["deny", "--all-features", "check"], what].concat()).tools_in_path();
    if cargo(&["deny", "--version"]).tools_in_path().output().is_err() {
        println!(
            "not checked: advisories. cargo-deny is not installed; to install it:\n  {}",
            install("cargo-deny")
        );
        return Ok(());
    }
    Step::new("dependencies, by cargo-deny").run(check(&["licenses", "bans", "sources"]))?;
    let advisories = check(&["advisories"]);
    match advisories.output() {
        Err(said) if said.contains("failed to fetch advisory database") => {
            let why = said.lines().last().unwrap_or_default();
            println!("\nnot checked: advisories. Their database can't be reached: {why}");
            Ok(())
        }
        _ => Step::new("advisories").run(advisories),
    }
}

fn install(tool: &str) -> Run {
    cargo(&["install", "--root", "target/tools", "--locked", tool])
}
