//! The copy of the source that has all mutants.

use crate::fit::{Misfits, Mutated};
use crate::mutant::Mutants;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the switch goes, and the file that must name it.
const SWITCH: &str = "crates/kernel/src/mutant.rs";
const KERNEL: &str = "crates/kernel/src/lib.rs";

/// Where the copy's programs are put, in the copy.
const PROGRAMS: &str = "out";

/// A copy of a workspace's source in which every mutant can be switched on.
///
/// It stays where it is, and only files that differ are written again: cargo builds what has changed.
#[derive(Debug)]
pub struct Copy {
    pub(crate) root: PathBuf,
    pub(crate) mutated: Vec<Mutated>,
}

/// The copy can't be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Edits don't fit.
    #[error(transparent)]
    Misfits(#[from] Misfits),
    /// A file can't be read, written or taken away.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest is none.
    #[error("{file}: {reason}")]
    Manifest {
        /// Which.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Mutants {
    /// Copies the workspace to `to`, makes all edits there and puts the switch into its `kernel`. What is built there is
    /// built in `target`, beside what is built of the sound source: what neither changes is built once for both.
    ///
    /// # Errors
    /// An edit doesn't fit, or a file can't be read or written.
    pub fn copy(&self, to: &Path, target: &Path) -> Result<Copy, CopyError> {
        let mutated = self.fit()?;
        let mut copied = BTreeSet::new();
        for file in files(&self.root, Path::new(""))? {
            let path = self.root.join(&file);
            let sound = fs::read(&path).map_err(failed(&path))?;
            write(to, &file, &self.changed(&file, sound, &mutated)?)?;
            copied.insert(file);
        }
        write(to, Path::new(SWITCH), self.switch().as_bytes())?;
        write(to, Path::new(".cargo/config.toml"), config(target).as_bytes())?;
        copied.insert(SWITCH.into());
        for file in files(to, Path::new(""))? {
            if !copied.contains(&file) {
                let path = to.join(file);
                fs::remove_file(&path).map_err(failed(&path))?;
            }
        }
        Ok(Copy { root: to.to_owned(), mutated })
    }

    /// What the copy has instead of what the sound source has.
    fn changed(&self, file: &Path, sound: Vec<u8>, mutated: &[Mutated]) -> Result<Vec<u8>, CopyError> {
        let mut text = match mutated.iter().find(|mutated| Path::new(&mutated.file) == file) {
            Some(mutated) => mutated.text.clone().into_bytes(),
            None => sound,
        };
        if file == Path::new(KERNEL) {
            text.extend(b"\npub mod mutant;\n");
        }
        if file.file_name().is_some_and(|name| name == "Cargo.toml") {
            let other = |reason: String| CopyError::Manifest { file: file.display().to_string(), reason };
            return another_version(&text).map_err(other);
        }
        Ok(text)
    }

    /// The source of the switch.
    fn switch(&self) -> String {
        let mut text = "//! Asked by every mutant whether it was chosen.\n\n".to_owned();
        text.push_str(include_str!("switch.rs"));
        let names: Vec<_> = self.all.iter().map(|mutant| &mutant.name).collect();
        let _ = writeln!(text, "\nconst NAMES: [&str; {}] = {names:?};", names.len());
        text
    }
}

impl Copy {
    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where its release programs are put.
    pub(crate) fn programs(&self) -> PathBuf {
        self.root.join(PROGRAMS).join("release")
    }
}

/// Cargo tells packages apart by name, version and their place in the workspace. With the sound version it would take
/// what was built of one source for the other's.
fn another_version(manifest: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(manifest).map_err(|error| error.to_string())?;
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let of_workspace = table.get_mut("workspace").and_then(|workspace| workspace.get_mut("package"));
    let version = of_workspace.and_then(|package| package.get_mut("version"));
    if let Some(toml::Value::String(version)) = version {
        version.push_str("-mutants");
        return Ok(table.to_string().into_bytes());
    }
    Ok(manifest.to_owned())
}

/// Every cargo that is started in the copy builds in the same places.
fn config(target: &Path) -> String {
    let target = toml::Value::from(&*target.to_string_lossy());
    format!("[build]\ntarget-dir = {PROGRAMS:?}\nbuild-dir = {target}\n")
}

/// The files in a directory of `root` and those in it, from `root`. What is hidden or built is no source.
fn files(root: &Path, directory: &Path) -> Result<Vec<PathBuf>, CopyError> {
    let at = root.join(directory);
    let mut found = Vec::new();
    for entry in fs::read_dir(&at).map_err(failed(&at))? {
        let name = entry.map_err(failed(&at))?.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if hidden || ["target", "node_modules", PROGRAMS, "__pycache__"].iter().any(|other| name == *other) {
            continue;
        }
        let file = directory.join(name);
        if root.join(&file).is_dir() {
            found.extend(files(root, &file)?);
        } else {
            found.push(file);
        }
    }
    Ok(found)
}

/// Writes a file of the copy, if it has not that content already.
fn write(root: &Path, file: &Path, content: &[u8]) -> Result<(), CopyError> {
    let path = root.join(file);
    if fs::read(&path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed(directory))?;
    }
    fs::write(&path, content).map_err(failed(&path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    |source| CopyError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutant::{Edit, Layer, Mutant, Place, Seat};

    const ROOT: &str = "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nversion = \"0.1.0\"\n";

    fn mutants(root: &Path) -> Mutants {
        let edit = Edit {
            file: "crates/relay/src/lib.rs".into(),
            place: Place::Follows("one();".into()),
            put: "if kernel::mutant::is(\"loud\") { shout() }".into(),
        };
        let mutant = Mutant {
            name: "loud".into(),
            fault: "It is loud.".into(),
            seat: Seat::Machine,
            layers: vec![Layer::Canary],
            edits: vec![edit],
        };
        Mutants { root: root.to_owned(), all: vec![mutant] }
    }

    fn sound(root: &Path) {
        for (file, text) in [
            ("Cargo.toml", ROOT),
            (KERNEL, "//! Kernel.\n"),
            ("crates/relay/src/lib.rs", "fn f() { one(); }\n"),
            ("crates/relay/src/other.rs", "fn g() {}\n"),
            (".git/config", "none of the source"),
            ("target/debug/x", "none of the source"),
        ] {
            write(root, Path::new(file), text.as_bytes()).unwrap();
        }
    }

    #[test]
    fn the_copy_has_the_faults_the_switch_and_another_version_and_the_source_has_none() {
        let root = tempfile::tempdir().unwrap();
        sound(root.path());
        let to = root.path().join("target/mutants");
        let copy = mutants(root.path()).copy(&to, &root.path().join("target")).unwrap();
        let read = |file: &str| fs::read_to_string(copy.root().join(file)).unwrap();
        assert!(read("crates/relay/src/lib.rs").contains("one();\nif kernel::mutant::is(\"loud\")"));
        assert_eq!(read("crates/relay/src/other.rs"), "fn g() {}\n");
        assert_eq!(read(KERNEL), "//! Kernel.\n\npub mod mutant;\n");
        assert!(read(SWITCH).ends_with("const NAMES: [&str; 1] = [\"loud\"];\n"));
        assert!(read("Cargo.toml").contains("0.1.0-mutants"));
        assert!(!to.join(".git").exists() && !to.join("target").exists());
        let source = fs::read_to_string(root.path().join("crates/relay/src/lib.rs")).unwrap();
        assert!(!source.contains("mutant"));
    }

    #[test]
    fn a_second_copy_writes_what_has_changed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        sound(root.path());
        let to = root.path().join("target/mutants");
        let copy = || mutants(root.path()).copy(&to, &root.path().join("target")).unwrap();
        copy();
        let written = |file: &str| fs::metadata(to.join(file)).unwrap().modified().unwrap();
        let files = ["Cargo.toml", KERNEL, SWITCH, "crates/relay/src/lib.rs", ".cargo/config.toml"];
        let before = files.map(written);
        fs::remove_file(root.path().join("crates/relay/src/other.rs")).unwrap();
        write(root.path(), Path::new("crates/relay/src/new.rs"), b"fn h() {}\n").unwrap();
        copy();
        assert_eq!(files.map(written), before);
        assert!(to.join("crates/relay/src/new.rs").exists());
        assert!(!to.join("crates/relay/src/other.rs").exists());
    }
}
