//! Parts of a store that are missing, empty, another store's or of another time: each time either an error that names
//! what is wrong, or the same store with all its rows. Never another store in its place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use kernel::{Table, Transaction};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{OpenError, Options, Store};

const INBOX: Table = Table::queue("inbox");
const TABLES: &[Table] = &[INBOX];

fn options() -> Options {
    Options { key_lifetime: Duration::from_secs(3600), write_buffer_bytes: 64 << 10, ..Options::default() }
}

fn append(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
    let party = store.partition("relay");
    for n in numbers {
        let mut transaction = Transaction::default();
        transaction.append(INBOX, "a", n, vec![7; 1000]);
        party.commit(transaction).wait().unwrap();
    }
}

/// A store with `rows` rows, in sorted files and in the journal, closed or as a killed process leaves it.
fn filled(rows: u64, close: bool) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("live"), options()).unwrap();
    append(&store, 1..=rows);
    let end = dir.path().join("dead");
    if close {
        store.close();
        copy(&dir.path().join("live"), &end);
    } else {
        copy(&dir.path().join("live"), &end);
        store.close();
    }
    fs::remove_dir_all(dir.path().join("live")).unwrap();
    dir
}

/// All files at one moment: if the database takes one away meanwhile, that moment was none.
fn copy(from: &Path, to: &Path) {
    let at_once = || {
        files(from).into_iter().all(|file| {
            let target = to.join(&file);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(from.join(&file), target).is_ok()
        })
    };
    for _ in 0..100 {
        if at_once() {
            return;
        }
        fs::remove_dir_all(to).unwrap();
    }
    panic!("files come and go in {}", from.display());
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                waiting.push(entry)
            } else {
                found.push(entry.strip_prefix(dir).unwrap().into())
            }
        }
    }
    found.sort();
    found
}

/// Opens it twice: what is refused once is refused for good.
fn outcome(dir: &Path) -> Result<usize, OpenError> {
    let rows = |store: Store| {
        let rows = store.partition("relay").load(TABLES).unwrap().len();
        store.close();
        rows
    };
    let first = Store::open(dir, options()).map(rows);
    let second = Store::open(dir, options()).map(rows);
    assert_eq!(first.is_ok(), second.is_ok(), "{first:?}, then {second:?}");
    first
}

/// Does something to each file in turn, and says what came of it.
fn attacked(harm: impl Fn(&Path)) {
    for (rows, close) in [(3, true), (3, false), (400, true), (400, false)] {
        let sound = filled(rows, close);
        let expected = usize::try_from(rows).unwrap();
        for file in files(&sound.path().join("dead")) {
            let dir = tempfile::tempdir().unwrap();
            let store = dir.path().join("store");
            copy(&sound.path().join("dead"), &store);
            harm(&store.join(&file));
            match outcome(&store) {
                Ok(found) => {
                    assert_eq!(found, expected, "{} of {rows} rows, closed: {close}", file.display())
                }
                Err(error) => {
                    let told = error.to_string();
                    assert!(told.contains(&store.display().to_string()), "{told}");
                    assert!(!told.contains("Error:") && !told.contains("{ "), "{}: {told}", file.display());
                }
            }
        }
    }
}

#[test]
fn without_a_file_it_is_the_same_or_refused() {
    attacked(|file| fs::remove_file(file).unwrap());
}

#[test]
fn with_an_empty_file_it_is_the_same_or_refused() {
    attacked(|file| fs::write(file, "").unwrap());
}

#[test]
fn with_another_stores_file_it_is_the_same_or_refused() {
    let other = filled(5, true);
    attacked(|file| {
        let name = file.to_str().unwrap().rsplit_once("/store/").unwrap().1;
        let theirs = other.path().join("dead").join(name);
        if theirs.exists() {
            fs::copy(theirs, file).unwrap();
        }
    });
}

#[test]
fn rows_of_an_earlier_time_do_not_go_with_keys_of_a_later_one() {
    let dir = tempfile::tempdir().unwrap();
    let [live, early, mixed] = ["live", "early", "mixed"].map(|name| dir.path().join(name));
    let store = Store::open(&live, options()).unwrap();
    append(&store, 1..=3);
    store.close();
    copy(&live, &early);
    let store = Store::open(&live, options()).unwrap();
    append(&store, 4..=6);
    store.close();

    copy(&live, &mixed);
    fs::remove_dir_all(mixed.join("rows")).unwrap();
    copy(&early.join("rows"), &mixed.join("rows"));
    let error = outcome(&mixed).unwrap_err().to_string();
    assert!(error.contains("rows does not fit the rest") || error.contains("has no key"), "{error}");

    copy(&live, &mixed);
    fs::copy(early.join("keys"), mixed.join("keys")).unwrap();
    assert!(outcome(&mixed).is_err());

    assert_eq!(outcome(&early).unwrap(), 3, "the whole of an older copy is a store");
    assert_eq!(outcome(&live).unwrap(), 6);
}

#[test]
fn a_store_that_is_known_is_never_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| dir.path().join(name));
    let store = Store::open(&one, options()).unwrap();
    assert!(store.was_unused());
    let id = store.id();
    append(&store, 1..=1);
    store.close();
    let store = Store::open_known(&one, id, options()).unwrap();
    assert!(!store.was_unused());
    store.close();
    let other_id = Store::open(&other, options()).unwrap().id();
    assert_ne!(id, other_id);
    assert_eq!(
        Store::open_known(&other, id, options()).err(),
        Some(OpenError::Misfit { path: other.clone(), what: "it is another store".into() })
    );
    fs::remove_dir_all(&one).unwrap();
    assert_eq!(Store::open_known(&one, id, options()).err(), Some(OpenError::Missing { path: one.clone() }));
    fs::create_dir(&one).unwrap();
    assert!(matches!(Store::open_known(&one, id, options()), Err(OpenError::Missing { .. })));
    assert!(!one.join("keys").exists(), "and nothing is made");
}

#[test]
fn with_a_directory_in_the_place_of_a_file_it_is_the_same_or_refused() {
    attacked(|file| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    });
}
