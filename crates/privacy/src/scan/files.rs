//! Files and directories as views.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{Finding, Scanner, Stream};

/// Why a directory could not be scanned to the end.
#[derive(Debug, thiserror::Error)]
#[error("can't read {path}: {source}", path = path.display())]
pub struct ScanError {
    path: PathBuf,
    source: io::Error,
}

impl ScanError {
    /// What could not be read.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Scanner {
    /// Scans every file under `path`, and the names of files and directories. Views are paths relative to
    /// it. Links are not followed; a file that goes away meanwhile is not an error.
    pub fn scan_dir(&self, path: &Path) -> Result<Vec<Finding>, ScanError> {
        let mut findings = Vec::new();
        let mut waiting = vec![path.to_owned()];
        while let Some(dir) = waiting.pop() {
            for entry in entries(&dir)? {
                let name = entry.strip_prefix(path).unwrap_or(&entry).to_string_lossy().into_owned();
                findings.extend(self.view(&format!("name of {name}")).feed(name.as_bytes()));
                let about = absent_is_none(&entry, fs::symlink_metadata(&entry))?;
                match about.map(|about| about.file_type()) {
                    Some(kind) if kind.is_dir() => waiting.push(entry),
                    Some(kind) if kind.is_file() => {
                        if let Some(file) = absent_is_none(&entry, File::open(&entry))? {
                            self.view(&name).read(&entry, file, &mut findings)?;
                        }
                    }
                    _ => {}
                }
            }
        }
        findings.sort();
        Ok(findings)
    }
}

impl Stream {
    /// Searches a file to its end, or as far as it goes. `path` is for the error.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        mut file: impl Read,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ScanError> {
        let failed = |source| ScanError { path: path.to_owned(), source };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match file.read(&mut buffer) {
                Ok(read) => buffer.get(..read).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(failed(source)),
            };
            if read.is_empty() {
                break;
            }
            findings.extend(self.feed(read));
        }
        match self.given_up() {
            0 => Ok(()),
            streams => Err(failed(io::Error::other(format!(
                "{streams} compressed streams in it are too large, or too many in one another, to be searched"
            )))),
        }
    }
}

/// The entries of a directory in the order of their names.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let failed = |source| ScanError { path: dir.to_owned(), source };
    let Some(entries) = absent_is_none(dir, fs::read_dir(dir))? else { return Ok(Vec::new()) };
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

fn absent_is_none<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, ScanError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ScanError { path: path.to_owned(), source }),
    }
}
