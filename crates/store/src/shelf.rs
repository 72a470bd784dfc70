//! Files beside the rows, for what is too large for one: each is whole or not there.
//!
//! What is written is a draft, `.` and a number, until it is durable and gets its name. A row that names a file is written after
//! that, and gone before the file is; so a file that no row names is nobody's, and [`sweep`](Shelf::sweep) removes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory of files. Clones are the same.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: Arc<Path>,
    drafts: Arc<AtomicU64>,
}

/// A file that is not whole yet. It is removed if it is dropped.
#[derive(Debug)]
pub struct Draft {
    file: File,
    path: PathBuf,
    dir: Arc<Path>,
}

impl Shelf {
    /// The files in `dir`, which only its owner may read; it is made if it is not there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(dir: &Path) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Self { dir: dir.into(), drafts: Arc::default() }),
        }
    }

    /// Removes every file but those that are kept, by their names.
    ///
    /// # Errors
    /// The directory can't be read, or a file not be removed.
    pub fn sweep(&self, keeps: impl Fn(&str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(&keeps) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Begins a file.
    ///
    /// # Errors
    /// It can't be made.
    pub fn draft(&self) -> io::Result<Draft> {
        let path = self.dir.join(format!(".{}", self.drafts.fetch_add(1, Ordering::Relaxed)));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok(Draft { file, path, dir: Arc::clone(&self.dir) })
    }

    /// Opens a file, to be read from the byte `offset` on.
    ///
    /// # Errors
    /// There is none of that name, or it can't be read.
    pub fn read(&self, name: &str, offset: u64) -> io::Result<File> {
        let mut file = File::open(self.dir.join(name))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(file)
    }

    /// Removes a file. If that fails, the next [`sweep`](Self::sweep) does it.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.dir.join(name));
    }
}

impl Draft {
    /// Appends bytes.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Makes it durable, under its name.
    ///
    /// # Errors
    /// The disk is full or broken: there may be a file of that name then, which no row may name.
    pub fn keep(self, name: &str) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, self.dir.join(name))?;
        File::open(&self.dir)?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After it was kept there is none of this name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("shelf");
        let shelf = Shelf::open(&dir).unwrap();
        let mut draft = shelf.draft().unwrap();
        draft.write(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);

        let mut draft = shelf.draft().unwrap();
        draft.write(b"who").unwrap();
        draft.write(b"le").unwrap();
        draft.keep("name").unwrap();
        let mut text = String::new();
        shelf.read("name", 2).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "ole");
        for (path, mode) in [(dir.clone(), 0o700), (dir.join("name"), 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        shelf.remove("name");
        assert_eq!(shelf.read("name", 0).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_nobody_names_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        for name in ["kept", "nobodys", ".7"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        shelf.sweep(|name| name == "kept").unwrap();
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["kept"]);
    }
}
