//! What is on disk: what parties keep, what they may keep, and what turns up elsewhere.

use super::LiveError;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where programs leave things behind, beside their home.
const ELSEWHERE: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// New files elsewhere are other programs' too; of each so much is searched.
const SEARCHED_OF_EACH: u64 = 16 << 20;

/// All files below `dir`, by their paths within it.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, LiveError> {
    let mut files = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in present(&next, fs::read_dir(&next))?.into_iter().flatten() {
            let entry = entry.map_err(|source| LiveError::File { path: next.clone(), source })?;
            // Gone in the meantime is gone.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(_) => files.push(entry.path().strip_prefix(dir).map(Path::to_owned).unwrap_or_default()),
                Err(_) => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// All files below `dir`, with what they say. One that goes away meanwhile is left out.
pub(super) fn contents(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, LiveError> {
    let mut contents = Vec::new();
    for file in list(dir)? {
        let path = dir.join(&file);
        if let Some(bytes) = present(&path, fs::read(&path))? {
            contents.push((file, bytes));
        }
    }
    Ok(contents)
}

/// Copies all files below `from` to `to`, which is made. What was never written takes no room in the copy.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), LiveError> {
    for file in list(from)? {
        let (source, target) = (from.join(&file), to.join(&file));
        if let Some(parent) = target.parent() {
            present(parent, fs::create_dir_all(parent))?;
        }
        present(&target, fs::copy(&source, &target))?;
    }
    Ok(())
}

/// The files of a party that it has no reason to have.
pub(super) fn unknown(party: &str, files: &[PathBuf]) -> Vec<String> {
    let own: &[&str] = match party.split('/').next() {
        Some("relay") => &["party.toml", "link.pem"],
        Some("node") => &["party.toml", "link.pem", "relay.key", "tenants.toml"],
        _ => &["party.toml", "link.pem", "relay.key", "printed"],
    };
    let names = files.iter().map(|file| file.to_string_lossy().into_owned());
    names.filter(|name| !own.contains(&name.as_str()) && !is_of_store(name)).collect()
}

/// docs/decisions/0003: the lock, the keys, and the database of rows.
fn is_of_store(name: &str) -> bool {
    let Some(name) = name.strip_prefix("store/") else { return false };
    let Some(row_file) = name.strip_prefix("rows/") else { return matches!(name, "lock" | "keys") };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = row_file.split('/').collect();
    match parts.as_slice() {
        ["lock" | "version"] => true,
        [journal] => journal.strip_suffix(".jnl").is_some_and(digits),
        ["keyspaces", keyspace, rest @ ..] if digits(keyspace) => match rest {
            ["current" | "manifest"] => true,
            [version] => version.strip_prefix('v').is_some_and(digits),
            ["tables", table] => digits(table),
            _ => false,
        },
        _ => false,
    }
}

/// Files that there were before, so that new ones stand out.
pub(super) struct Before {
    home: PathBuf,
    ours: PathBuf,
    known: BTreeMap<PathBuf, Option<SystemTime>>,
}

impl Before {
    /// `home` is the processes'; what is in `ours` is looked at by other means.
    pub(super) fn note(home: &Path, ours: &Path) -> Self {
        let known = ELSEWHERE.iter().flat_map(|dir| entries(Path::new(dir)));
        let known = known.map(|path| (path.clone(), changed(&path))).collect();
        Self { home: home.to_owned(), ours: ours.to_owned(), known }
    }

    /// What is in the processes' home: nothing belongs there.
    pub(super) fn at_home(&self) -> Result<Vec<PathBuf>, LiveError> {
        list(&self.home)
    }

    /// Where something new is.
    pub(super) fn new_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let new = ELSEWHERE.iter().flat_map(|dir| entries(Path::new(dir)));
        let ours = |path: &PathBuf| self.ours.starts_with(path) || path.starts_with(&self.ours);
        // What was there and is written to is as good as new.
        let is_known = |path: &PathBuf| self.known.get(path).is_some_and(|then| *then == changed(path));
        let new = new.filter(|path| !is_known(path) && !ours(path));
        let read = |path: PathBuf| {
            let small = fs::symlink_metadata(&path)
                .is_ok_and(|about| about.is_file() && about.len() <= SEARCHED_OF_EACH);
            small.then(|| fs::read(&path).ok()).flatten().map(|bytes| (path, bytes))
        };
        new.filter_map(read).collect()
    }
}

/// When a file was last written to.
fn changed(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).and_then(|about| about.modified()).ok()
}

/// What is in a directory and one below it; what can't be read is none of ours.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut all = list(dir);
    let below: Vec<_> = all.iter().filter(|path| path.is_dir()).flat_map(|path| list(path)).collect();
    all.extend(below);
    all
}

fn present<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, LiveError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LiveError::File { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_nobody_knows_stand_out() {
        let known = [
            "party.toml",
            "link.pem",
            "store/keys",
            "store/lock",
            "store/rows/0.jnl",
            "store/rows/lock",
            "store/rows/keyspaces/1/v12",
            "store/rows/keyspaces/1/tables/3",
        ];
        let unknown = ["notes.txt", "store/rows/debug", "store/rows/keyspaces/1/tables/x", "tenants.toml"];
        let all: Vec<PathBuf> = known.iter().chain(&unknown).map(PathBuf::from).collect();
        assert_eq!(super::unknown("relay/0", &all), unknown);
        assert_eq!(super::unknown("node/0", &all), unknown[..3]);
        assert_eq!(super::unknown("consumer/1", &["printed".into()]), [""; 0]);
    }

    #[test]
    fn what_is_new_is_found_and_what_is_ours_is_not() {
        let (home, ours) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let before = Before::note(home.path(), ours.path());
        let new = tempfile::Builder::new().prefix("left-behind-").tempfile().unwrap();
        fs::write(new.path(), "a line").unwrap();
        fs::write(ours.path().join("known"), "ours").unwrap();
        fs::write(home.path().join("core"), "").unwrap();
        assert!(before.new_files().contains(&(new.path().to_owned(), b"a line".to_vec())));
        assert!(!before.new_files().iter().any(|(path, _)| path.starts_with(ours.path())));
        assert_eq!(before.at_home().unwrap(), [PathBuf::from("core")]);
    }
}
