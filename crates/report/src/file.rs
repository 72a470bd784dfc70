//! Files that are whole or not there: written under another name, renamed when closed.

use crate::error::{FileError, ReadError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

/// A file of a run, as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the run's directory.
    pub path: String,
    /// Its rows or packets, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// SHA-256 in hexadecimal, as the manifest has it.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl FileEntry {
    /// Finds out whether the file in `dir` is still the one that was written.
    pub(crate) fn check(&self, dir: &Path) -> Result<(), ReadError> {
        let path = dir.join(&self.path);
        let failed = |e| FileError::new("read", &path, e);
        let mut file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(ReadError::Missing(path)),
            opened => opened.map_err(failed)?,
        };
        let changed = |what, expected: &dyn ToString, found: &dyn ToString| {
            Err(ReadError::Changed {
                path: path.clone(),
                what,
                expected: expected.to_string(),
                found: found.to_string(),
            })
        };
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes != self.bytes {
            return changed("its bytes are", &self.bytes, &bytes);
        }
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                read => digest.update(buffer.get(..read).unwrap_or_default()),
            }
        }
        let sha256 = hex::encode(digest.finalize());
        if sha256 == self.sha256 { Ok(()) } else { changed("its SHA-256 is", &self.sha256, &sha256) }
    }
}

/// A file in the making: `NAME.partial` until it is closed.
pub(crate) struct PartialFile {
    name: String,
    path: PathBuf,
    digest: Sha256,
    bytes: u64,
    file: BufWriter<File>,
}

impl PartialFile {
    /// Starts the file `name`, relative to `dir`.
    pub(crate) fn create(dir: &Path, name: String) -> Result<Self, FileError> {
        let path = dir.join(&name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| FileError::new("create", parent, e))?;
        }
        let partial = partial(&path);
        let file = File::create(&partial).map_err(|e| FileError::new("create", &partial, e))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Self { name, path, digest: Sha256::new(), bytes: 0, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.write_all(bytes).map_err(|e| FileError::new("write", &partial(&self.path), e))
    }

    /// Makes it durable and gives it its name.
    pub(crate) fn close(self, rows: Option<u64>) -> Result<FileEntry, FileError> {
        let partial = partial(&self.path);
        let file = self.file.into_inner().map_err(|e| FileError::new("write", &partial, e.into_error()))?;
        file.sync_all().map_err(|e| FileError::new("write", &partial, e))?;
        fs::rename(&partial, &self.path).map_err(|e| FileError::new("rename", &partial, e))?;
        Ok(FileEntry {
            path: self.name,
            rows,
            bytes: self.bytes,
            sha256: hex::encode(self.digest.finalize()),
        })
    }
}

impl Write for PartialFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.digest.update(buffer.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file at once.
pub(crate) fn write(dir: &Path, name: &str, content: &[u8]) -> Result<FileEntry, FileError> {
    let mut file = PartialFile::create(dir, name.into())?;
    file.put(content)?;
    file.close(None)
}

/// The name of a file in the making.
pub(crate) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
