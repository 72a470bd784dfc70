//! `cargo xtask interop`: installs the official packages and lets our engine talk with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::step::{Failure, Step, cargo, program, root, target};
use crate::tools;

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
    tools::from_debian(&["node", "npm"], &["nodejs", "npm"], "the official library runs in node")?;
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
