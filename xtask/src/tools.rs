//! Programs that the steps need and that are not part of a toolchain.

use std::path::PathBuf;

use crate::step::{Failure, Run, Step, cargo, program, root, target};

/// Where missing tools are installed.
pub(crate) fn directory() -> PathBuf {
    root().join("target/tools")
}

/// The version of Verifpal whose reports we read.
pub(crate) const VERIFPAL: &str = "1.6.7";

/// Installs Verifpal if it is not there in this version. It is under the GPL: a program that is run, not a
/// dependency. It asks for a newer Rust than ours, and is built by ours all the same.
pub(crate) fn verifpal() -> Result<String, Failure> {
    let binary = directory().join("bin/verifpal").to_string_lossy().into_owned();
    let wanted = format!("verifpal {VERIFPAL}");
    let is_there =
        program(&binary, &["--version"]).output().is_ok_and(|said| said.trim_ascii() == wanted.as_bytes());
    if !is_there {
        Step::new("install verifpal").run(install("verifpal").and(&[
            "--version",
            VERIFPAL,
            "--ignore-rust-version",
        ]))?;
    }
    Ok(binary)
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

/// Programs that are packages of Debian: installed if they are missing and we may, else asked for.
pub(crate) fn from_debian(programs: &[&str], packages: &[&str], why: &str) -> Result<(), Failure> {
    let there = |name: &&str| program(name, &["--version"]).output().is_ok();
    if programs.iter().all(there) {
        return Ok(());
    }
    let install = program("apt-get", &[&["install", "-y", "--no-install-recommends"], packages].concat());
    if am_root() {
        Step::new("list of packages").run(program("apt-get", &["update"]))?;
        return Step::new(&format!("install {}", packages.join(" and ")))
            .run(install.env("DEBIAN_FRONTEND", "noninteractive"));
    }
    Step::new(&programs.join(" and ")).check(&format!("sudo {install}"), || {
        Err(format!("{why}, and {} is not installed", programs.join(" or ")))
    })
}

/// A Python with the packages that tests name in `crates/report/tests/requirements.txt`, made in `target/`
/// if it is not there.
pub(crate) fn python() -> Result<String, Failure> {
    let requirements = root().join("crates/report/tests/requirements.txt");
    let requirements = requirements.to_string_lossy();
    let venv = target().join("python");
    let shown = venv.to_string_lossy();
    let python = format!("{shown}/bin/python");
    let install =
        program(&python, &["-m", "pip", "install", "--disable-pip-version-check", "-r", &requirements]);
    let is_installed = program(&python, &["-c", "import pyarrow.parquet"]).output().is_ok();
    if !is_installed {
        // Debian's python3 is without what makes environments until python3-venv is installed.
        if program("python3", &["-c", "import ensurepip"]).output().is_err() {
            from_debian(&["python3-venv"], &["python3", "python3-venv"], "pyarrow reads our tables")?;
        }
        Step::new("an environment for Python").run(program("python3", &["-m", "venv", "--clear", &shown]))?;
        Step::new("install the packages of Python").run(install)?;
    }
    Ok(python)
}

fn am_root() -> bool {
    program("id", &["-u"]).output().is_ok_and(|id| id.trim_ascii() == b"0")
}

fn install(tool: &str) -> Run {
    cargo(&["install", "--root", "target/tools", "--locked", tool])
}
