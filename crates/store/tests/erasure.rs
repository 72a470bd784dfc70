//! What is deleted can't be read again: the files are searched for it and for the keys that would open it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use aho_corasick::AhoCorasick;
use kernel::{Table, Transaction};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;
use store::{Options, Partition, Store};

const RATCHETS: Table = Table::state("ratchets");
const INBOX: Table = Table::queue("inbox");
const TABLES: &[Table] = &[RATCHETS, INBOX];
const LIFETIME: Duration = Duration::from_millis(400);

const NUMBER: &str = "+491701234567";
const OLD: &str = "an old ratchet state, marked CANARY-7d1f9c";
const NEW: &str = "the new ratchet state, marked CANARY-52e0aa";
const MESSAGE: &str = "a message to be delivered, marked CANARY-c03b88";
const WAITING: &str = "a message that waits long, marked CANARY-91d4f0";

fn open(dir: &Path) -> Store {
    Store::open(dir, Options { key_lifetime: LIFETIME, ..Options::default() }).unwrap()
}

#[test]
fn deleted_values_and_their_keys_are_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let party = store.partition("consumer/1");
    party.load(TABLES).unwrap();
    commit(&party, |t| {
        t.swap(RATCHETS, NUMBER, 0, OLD);
        t.append(INBOX, NUMBER, 1, WAITING);
        t.append(INBOX, "other", 1, MESSAGE);
    });

    // The search is sound: it finds the key, and a thief of the files at this moment reads everything.
    let first = keys(dir.path());
    assert_eq!(first.len(), 1, "one generation");
    assert!(first.iter().all(|key| is_anywhere(dir.path(), key)));
    let stolen = tempfile::tempdir().unwrap();
    copy(dir.path(), stolen.path());
    let rows = open(stolen.path()).partition("consumer/1").load(TABLES).unwrap();
    assert!(rows.iter().any(|row| row.value == OLD) && rows.iter().any(|row| row.value == MESSAGE));
    assert_sealed(dir.path());

    // The state is replaced, one message delivered, one waits on.
    commit(&party, |t| {
        t.swap(RATCHETS, NUMBER, 1, NEW);
        t.trim(INBOX, "other", 1);
    });
    wait_until_gone(dir.path(), &first);
    assert_sealed(dir.path());

    // What waited has outlived its generation, under a key of its own, which goes with it.
    let second = keys(dir.path());
    assert_eq!(second.len(), 2, "the state's and the message's");
    assert!(second.iter().all(|key| is_anywhere(dir.path(), key)));
    commit(&party, |t| t.trim(INBOX, NUMBER, 1));
    thread::sleep(LIFETIME * 3);
    let third = keys(dir.path());
    assert_eq!(third.len(), 1, "the state's");
    let gone: BTreeSet<_> = second.difference(&third).copied().collect();
    assert!(gone.iter().all(|key| !is_anywhere(dir.path(), key)));

    let rows = party.load(TABLES).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].value, NEW);
}

#[test]
fn closing_and_opening_erase_what_was_deleted_before() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { key_lifetime: Duration::from_secs(3600), ..Options::default() };
    let store = Store::open(dir.path(), options.clone()).unwrap();
    let party = store.partition("consumer/1");
    commit(&party, |t| {
        t.swap(RATCHETS, NUMBER, 0, OLD);
    });
    commit(&party, |t| {
        t.swap(RATCHETS, NUMBER, 1, NEW);
    });
    let before = keys(dir.path());
    let killed = tempfile::tempdir().unwrap();
    copy(dir.path(), killed.path());

    store.close();
    assert!(keys(dir.path()).is_disjoint(&before));
    assert!(before.iter().all(|key| !is_anywhere(dir.path(), key)));

    // A process that was killed erases when it is started again, which needn't wait for the next change.
    assert!(before.iter().all(|key| is_anywhere(killed.path(), key)));
    let store = Store::open(killed.path(), options).unwrap();
    wait_until_gone(killed.path(), &before);
    assert_eq!(store.partition("consumer/1").load(TABLES).unwrap()[0].value, NEW);
}

#[test]
fn many_rows_outlive_their_generation() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let party = store.partition("relay");
    for first in [1, 2001] {
        commit(&party, |t| (first..first + 2000).for_each(|n| t.append(INBOX, NUMBER, n, WAITING)));
    }
    let generation = keys(dir.path());
    commit(&party, |t| t.trim(INBOX, NUMBER, 500));
    wait_until_gone(dir.path(), &generation);
    assert_eq!(party.load(TABLES).unwrap().len(), 3500);
    commit(&party, |t| t.trim(INBOX, NUMBER, 3999));
    store.close();
    assert_eq!(keys(dir.path()).len(), 1);
    let rows = open(dir.path()).partition("relay").load(TABLES).unwrap();
    assert_eq!((rows.len(), rows[0].at), (1, 4000));
}

fn commit(party: &Partition, fill: impl FnOnce(&mut Transaction)) {
    let mut transaction = Transaction::default();
    fill(&mut transaction);
    party.commit(transaction).wait().unwrap();
}

/// Neither values nor numbers, nor names of parties and tables, are in any file.
fn assert_sealed(dir: &Path) {
    for plain in [OLD, NEW, MESSAGE, WAITING, "CANARY", NUMBER, "consumer/1", "ratchets", "inbox"] {
        assert!(!is_anywhere(dir, plain.as_bytes()), "{plain}");
    }
}

fn wait_until_gone(dir: &Path, gone: &BTreeSet<[u8; 32]>) {
    for _ in 0..200 {
        if keys(dir).is_disjoint(gone) {
            assert!(gone.iter().all(|key| !is_anywhere(dir, key)));
            return;
        }
        thread::sleep(LIFETIME / 20);
    }
    panic!("keys of deleted rows are still there");
}

/// The keys in the key file, read as its format says: 64-byte slots behind a header and two marks of 64 bytes.
fn keys(dir: &Path) -> BTreeSet<[u8; 32]> {
    let file = fs::read(dir.join("keys")).unwrap();
    let slots = file[3 * 64..].chunks(64).filter(|slot| slot.iter().any(|byte| *byte != 0));
    slots.map(|slot| slot[16..48].try_into().unwrap()).collect()
}

fn is_anywhere(dir: &Path, needle: &[u8]) -> bool {
    let search = AhoCorasick::new([needle]).unwrap();
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_anywhere(&path, needle);
        }
        fs::read(&path).is_ok_and(|bytes| search.is_match(&bytes))
    })
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
