//! Files of a folder, read to their end and compared with what the manifest says of them.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    MANIFEST,
    manifest::{Manifest, ViewEntry},
};
use crate::{Finding, ScanError, Scanner};

/// What was read of a view.
pub(super) struct Seen {
    pub(super) bytes: u64,
    pub(super) inflated: u64,
    pub(super) findings: Vec<Finding>,
    /// Why it is not the whole view.
    pub(super) fault: Option<Fault>,
}

/// Why a view can't be checked, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(
        "it is empty: nothing was searched; if there really was nothing to see, say `empty = true` in {MANIFEST}"
    )]
    Empty,
    #[error("{MANIFEST} says that it has {expected} bytes, but it has {found}: export it again")]
    Length { expected: u64, found: u64 },
    #[error("its SHA-256 is {found}, not what {MANIFEST} says: it was changed since it was exported")]
    Digest { found: String },
    #[error("{path} is not a plain file: export what it points to")]
    NotPlain { path: String },
    #[error("{0}")]
    Unreadable(#[from] ScanError),
    #[error("can't read {path}: {source}")]
    Absent { path: String, source: io::Error },
}

/// Searches the file or directory of a view.
pub(super) fn search(folder: &Path, view: &ViewEntry, scanner: &Scanner) -> Result<Seen, Fault> {
    let root = folder.join(&view.path);
    let files = match view.is_dir {
        true => walk(&root, &view.path)?,
        false => vec![plain(&root, &view.path).map(|()| root.clone())?],
    };
    let mut read = Seen { bytes: 0, inflated: 0, findings: Vec::new(), fault: None };
    let mut digest = Sha256::new();
    for path in files {
        let mut name = view.name.clone();
        if view.is_dir {
            name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            read.findings.extend(scanner.view(&format!("name of {name}")).feed(name.as_bytes()));
        }
        let mut stream = scanner.view(&name);
        let whole = File::open(&path)
            .map_err(|source| Fault::Absent { path: path.display().to_string(), source })
            .and_then(|file| {
                let file = Hashed { file, digest: &mut digest };
                Ok(stream.read(&path, file, &mut read.findings)?)
            });
        read.bytes += stream.scanned();
        read.inflated += stream.inflated();
        // What was found so far counts; the first fault is enough.
        read.fault = read.fault.or(whole.err());
    }
    let digest = hex::encode(digest.finalize());
    if read.fault.is_some() {
        return Ok(read);
    }
    if read.bytes != view.bytes {
        read.fault = Some(Fault::Length { expected: view.bytes, found: read.bytes });
    } else if view.sha256.as_ref().is_some_and(|expected| *expected != digest) {
        read.fault = Some(Fault::Digest { found: digest });
    }
    Ok(read)
}

/// Files of the folder that no entry of the manifest is about: somebody forgot them.
pub(super) fn unlisted(folder: &Path, manifest: &Manifest) -> Vec<Result<String, Fault>> {
    let listed: BTreeSet<PathBuf> = manifest.paths().map(|path| folder.join(path)).collect();
    let is_known = |path: &Path| {
        let name = path.strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or_default();
        matches!(name, MANIFEST | "policy.toml" | "README.md")
            || path.ancestors().any(|ancestor| listed.contains(ancestor))
    };
    match walk(folder, ".") {
        Ok(files) => {
            let unknown = files.into_iter().filter(|path| !is_known(path));
            unknown.map(|path| Ok(path.strip_prefix(folder).unwrap_or(&path).display().to_string())).collect()
        }
        Err(fault) => vec![Err(fault)],
    }
}

/// Every file below a directory, in the order of names. A link or a socket is a fault: it would be left out.
fn walk(root: &Path, name: &str) -> Result<Vec<PathBuf>, Fault> {
    let absent = |source| Fault::Absent { path: name.to_owned(), source };
    let mut files = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(absent)? {
            let entry = entry.map_err(absent)?;
            match entry.file_type().map_err(absent)? {
                kind if kind.is_dir() => waiting.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => return Err(Fault::NotPlain { path: entry.path().display().to_string() }),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn plain(path: &Path, name: &str) -> Result<(), Fault> {
    let about =
        fs::symlink_metadata(path).map_err(|source| Fault::Absent { path: name.to_owned(), source })?;
    match about.is_file() {
        true => Ok(()),
        false => Err(Fault::NotPlain { path: name.to_owned() }),
    }
}

/// A file whose digest is taken while it is read.
struct Hashed<'a> {
    file: File,
    digest: &'a mut Sha256,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
