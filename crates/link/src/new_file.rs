//! Files that are whole or not there: keys, pins, tenants, and what says whose they are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Makes a file that only its owner may read. It appears whole or not at all, whenever the process is killed, is
/// durable when this returns, and doesn't replace another.
///
/// # Errors
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is a file, or whatever keeps it from being written.
pub fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = draft(path, bytes)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked?;
    sync_directory_of(path)
}

/// Puts a file that only its owner may read in the place of the one that is there, if one is. At any time there is the
/// one or the other, whole; the new one is durable when this returns.
///
/// # Errors
/// Whatever keeps it from being written.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::rename(draft(path, bytes)?, path)?;
    sync_directory_of(path)
}

/// Removes what processes that were killed have left of files of these names in `dir`. Only while nobody else writes
/// there.
///
/// # Errors
/// The directory can't be read, or a file not be removed.
pub fn remove_drafts(dir: &Path, names: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let file = entry.file_name();
        let is_draft = names.iter().any(|name| {
            let process =
                file.to_str().and_then(|file| file.strip_prefix('.')?.strip_prefix(name)?.strip_prefix('.'));
            process.is_some_and(|process| process.bytes().all(|byte| byte.is_ascii_digit()))
        });
        if is_draft {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The file under another name, durable.
fn draft(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(draft)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn it_is_whole_private_and_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        write_new_file(&path, b"first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = write_new_file(&path, b"second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_a_killed_process_left_is_in_nobodys_way() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        fs::write(directory.path().join(format!(".precious.{}", std::process::id())), "pre").unwrap();
        write_new_file(&path, b"precious").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn a_file_is_replaced_whole_and_drafts_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        replace_file(&path, b"first").unwrap();
        replace_file(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for name in [".precious.12", ".precious.new", ".other.12"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        remove_drafts(directory.path(), &["precious"]).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".other.12", ".precious.new", "precious"]);
    }
}
