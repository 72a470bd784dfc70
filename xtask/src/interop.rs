//! `cargo xtask interop`: installs the official packages and lets our engine talk with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::step::{Failure, Run, Step, cargo, program, root, target};

/// What tests find the packages by.
pub(crate) const ORACLE: &str = "BLINDPOST_ORACLE";

/// Where it says which packages, and how they are run.
const SOURCE: &str = "crates/interop/oracle";

/// What npm needs to install them.
const MANIFEST: [&str; 3] = [".npmrc", "package.json", LOCK];
const LOCK: &str = "package-lock.json";

/// A copy of the lock that what is installed was installed from.
const INSTALLED: &str = "installed.json";

/// Everything of a row is its own: `--messages`, `--seed` and `--json` are for `crates/interop/src/main.rs`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    let oracle = install()?;
    let arguments = [&["run", "--quiet", "--package", "interop", "--"], arguments].concat();
    Step::new("interop with the official library").run(cargo(&arguments).env(ORACLE, &oracle))
}

/// Installs the official packages if they are not, and says where.
pub(crate) fn install() -> Result<String, Failure> {
    let to = target().join("interop");
    let to_shown = to.to_string_lossy().into_owned();
    if is_installed(&to) {
        return Ok(to_shown);
    }
    node()?;
    let npm = program("npm", &["ci", "--prefix", &to_shown, "--ignore-scripts", "--no-audit", "--no-fund"]);
    Step::new("what npm installs from").check(&format!("ls {to_shown}"), || {
        copy_manifest(&to).map_err(|error| format!("can't write to {to_shown}: {error}"))?;
        Ok(format!("{to_shown}/{LOCK}"))
    })?;
    Step::new("install the official packages").run(npm)?;
    Step::new("what is installed").check("cargo xtask interop", || {
        fs::copy(source(LOCK), to.join(INSTALLED)).map_err(|error| error.to_string())?;
        Ok("as the lock says".to_owned())
    })?;
    Ok(to_shown)
}

fn is_installed(to: &Path) -> bool {
    let text = |file: PathBuf| fs::read_to_string(file).ok();
    to.join("node_modules").is_dir() && text(to.join(INSTALLED)) == text(source(LOCK))
}

fn copy_manifest(to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in MANIFEST {
        fs::copy(source(file), to.join(file))?;
    }
    Ok(())
}

fn source(file: &str) -> PathBuf {
    root().join(SOURCE).join(file)
}

/// Node and npm: installed if there are none and we may, else asked for.
fn node() -> Result<(), Failure> {
    let there = |name| program(name, &["--version"]).output().is_ok();
    if there("node") && there("npm") {
        return Ok(());
    }
    let install = program("apt-get", &["install", "-y", "nodejs", "npm"]);
    if am_root() {
        Step::new("list of packages").run(program("apt-get", &["update"]))?;
        return Step::new("install node and npm").run(install);
    }
    Step::new("node and npm").check(&format!("sudo {install}"), || {
        Err("the official library runs in node, and there is no node or no npm".to_owned())
    })
}

fn am_root() -> bool {
    let id: Run = program("id", &["-u"]);
    id.output().is_ok_and(|id| id.trim_ascii() == b"0")
}
