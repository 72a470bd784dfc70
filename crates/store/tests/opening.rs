//! A store that can't be opened says why, and nothing is dropped or repaired behind anybody's back.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use kernel::{Table, Transaction};
use std::fs;
use std::path::Path;
use std::time::Duration;
use store::{OpenError, Options, Store};

const INBOX: Table = Table::queue("inbox");
const TABLES: &[Table] = &[INBOX];
/// The header of the key file and what it knows of the rows come first.
const KEYS_AT: usize = 3 * 64;
const RESTORE: &str = "put the whole directory back from one copy";

/// A store with rows of which some have keys of their own.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let party = store.partition("relay");
    for n in 1..=3 {
        let mut transaction = Transaction::default();
        transaction.append(INBOX, "a", n, "hello");
        party.commit(transaction).wait().unwrap();
    }
    dir
}

fn open(dir: &Path) -> Result<Store, OpenError> {
    Store::open(dir, Options { key_lifetime: Duration::from_secs(3600), ..Options::default() })
}

fn error(dir: &Path) -> OpenError {
    match open(dir) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

/// The message that a person gets, with the directory left out.
fn complaint(dir: &Path) -> String {
    error(dir).to_string().replace(&dir.display().to_string(), "DIR")
}

#[test]
fn one_process_at_a_time() {
    let dir = filled();
    let store = open(dir.path()).unwrap();
    assert_eq!(error(dir.path()), OpenError::Locked { dir: dir.path().into() });
    store.close();
    open(dir.path()).unwrap();
}

#[test]
fn another_version_is_named() {
    let dir = filled();
    let path = dir.path().join("keys");
    let mut keys = fs::read(&path).unwrap();
    keys[19] = 9;
    fs::write(&path, keys).unwrap();
    assert_eq!(
        complaint(dir.path()),
        "DIR/keys has format 9, and this version reads format 2 only; use the version that made it, or start in a new directory"
    );
}

#[test]
fn a_lost_or_damaged_key_is_not_taken_for_a_deletion() {
    let dir = filled();
    let path = dir.path().join("keys");
    let sound = fs::read(&path).unwrap();
    // A byte of a key that is needed.
    let slot = sound[KEYS_AT..].chunks(64).position(|slot| slot.iter().any(|byte| *byte != 0)).unwrap();
    let mut damaged = sound.clone();
    damaged[KEYS_AT + slot * 64 + 20] ^= 1;
    fs::write(&path, &damaged).unwrap();
    assert!(complaint(dir.path()).contains("has no key in the key file"), "{}", complaint(dir.path()));
    assert_eq!(fs::read(&path).unwrap(), damaged, "nothing was erased");
    // The end of the file.
    fs::write(&path, &sound[..KEYS_AT]).unwrap();
    assert!(complaint(dir.path()).contains("has no key in the key file"));
    for cut in [40, 64, KEYS_AT - 1] {
        fs::write(&path, &sound[..cut]).unwrap();
        assert_eq!(complaint(dir.path()), format!("DIR/keys is damaged: it is cut off; {RESTORE}"));
    }
    fs::write(&path, [b'x'; 64]).unwrap();
    assert_eq!(complaint(dir.path()), format!("DIR/keys is damaged: it is no key file; {RESTORE}"));
    // The file.
    fs::remove_file(&path).unwrap();
    assert_eq!(complaint(dir.path()), format!("DIR/keys is missing; {RESTORE}"));
    fs::write(&path, sound).unwrap();
    assert_eq!(open(dir.path()).unwrap().partition("relay").load(TABLES).unwrap().len(), 3);
}

#[test]
fn missing_rows_do_not_cost_the_keys() {
    let dir = filled();
    let away = dir.path().join("away");
    fs::rename(dir.path().join("rows"), &away).unwrap();
    assert_eq!(complaint(dir.path()), format!("DIR/rows is missing; {RESTORE}"));
    fs::rename(&away, dir.path().join("rows")).unwrap();
    assert_eq!(open(dir.path()).unwrap().partition("relay").load(TABLES).unwrap().len(), 3);
}

#[test]
fn a_store_half_made_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rows.new")).unwrap();
    fs::write(dir.path().join("rows.new/0.jnl"), "half").unwrap();
    fs::write(dir.path().join("keys.new"), "half").unwrap();
    open(dir.path()).unwrap();
}

#[test]
fn half_a_key_at_the_end_is_nobody_s_key() {
    let dir = filled();
    let path = dir.path().join("keys");
    let keys = fs::read(&path).unwrap();
    fs::write(&path, [&keys[..], &[9; 30]].concat()).unwrap();
    assert_eq!(open(dir.path()).unwrap().partition("relay").load(TABLES).unwrap().len(), 3);
    assert!(!fs::read(&path).unwrap().windows(30).any(|window| window == [9; 30]));
}

#[test]
fn a_directory_that_can_t_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let message = complaint(&file.path().join("store"));
    assert!(message.starts_with("can't make DIR: "), "{message}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    drop(open(&dir).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&dir), mode(&dir.join("rows"))], [0o700; 2]);
    assert_eq!([mode(&dir.join("keys")), mode(&dir.join("lock"))], [0o600; 2]);
}
