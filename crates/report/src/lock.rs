//! One writer at a time in a directory of results.

use crate::error::{FileError, LockError};
use std::fs::{File, TryLockError};
use std::path::Path;

/// Keeps other processes from writing results into a directory, as long as it lives. It is on the directory itself: no
/// file tells of it, and a process that is killed leaves nothing locked.
#[derive(Debug)]
pub struct DirectoryLock(#[expect(dead_code, reason = "the lock is held by the open file")] File);

impl DirectoryLock {
    /// Takes `dir`, or says who has it.
    ///
    /// # Errors
    /// Another process writes there, or the system refuses.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let file = File::open(dir).map_err(|e| FileError::new("open", dir, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken(dir.into())),
            Err(TryLockError::Error(e)) => Err(FileError::new("lock", dir, e).into()),
        }
    }
}
