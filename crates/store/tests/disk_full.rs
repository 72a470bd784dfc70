//! A full disk: commits fail and say so, the process goes on, and with space again the store works.
//!
//! The disk is made full by a limit on the size of files, which needs no privileges: `ulimit` in a shell
//! that runs this test again as its child, and `prlimit` (util-linux) to lift it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use kernel::{Row, Table, Transaction};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use store::{CommitError, Options, Partition, Store};

const DIR: &str = "BLINDPOST_STORE_FULL_DIR";
const QUEUE: Table = Table::queue("queue");
const TABLES: &[Table] = &[QUEUE];
const VALUE_LEN: usize = 700_000;

#[test]
fn a_full_disk_is_told_and_survived() {
    let dir = tempfile::tempdir().unwrap();
    // The journal is 64 MiB long before it grows; the signal that comes with the limit is ignored.
    let script =
        r#"trap '' XFSZ; ulimit -S -f $((65 * 2048)); exec "$0" --exact child --ignored --nocapture"#;
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(DIR, dir.path())
        .status()
        .unwrap();
    assert!(status.success());
    assert!(!rows(&open(dir.path()).partition("relay")).is_empty(), "and another process reads it");
}

#[test]
#[ignore = "the child of the test above"]
fn child() {
    let store = open(Path::new(&std::env::var(DIR).unwrap()));
    let party = store.partition("relay");
    rows(&party);
    let mut acknowledged = 0;
    let refusal = loop {
        match append(&party, acknowledged + 1) {
            Ok(()) => acknowledged += 1,
            Err(refusal) => break refusal,
        }
        assert!(acknowledged < 1000, "the disk never filled up");
    };
    assert!(acknowledged > 10);
    assert!(matches!(&refusal, CommitError::Storage(reason) if reason.contains("large")), "{refusal}");
    assert_eq!(append(&party, acknowledged + 1), Err(CommitError::Fenced));

    // Still full: what is there can be read, and what doesn't fit is refused again.
    let durable = count(&party);
    assert!(durable == acknowledged || durable == acknowledged + 1, "{durable} of {acknowledged}");
    let mut last = durable;
    while append(&party, last + 1).is_ok() {
        last += 1;
    }
    let durable = count(&party);
    assert!(durable == last || durable == last + 1);

    let lifted = Command::new("prlimit")
        .args(["--fsize=unlimited", "--pid", &std::process::id().to_string()])
        .status()
        .unwrap();
    assert!(lifted.success());
    let durable = count(&party);
    for next in durable + 1..durable + 20 {
        append(&party, next).unwrap();
    }
    assert_eq!(count(&party), durable + 19);
}

fn open(dir: &Path) -> Store {
    // Nothing is moved from the journal to sorted files, so that the journal grows up to the limit.
    let options = Options {
        key_lifetime: Duration::from_secs(3600),
        write_buffer_bytes: 1 << 30,
        ..Options::default()
    };
    Store::open(dir, options).unwrap()
}

fn append(party: &Partition, n: u64) -> Result<(), CommitError> {
    let mut transaction = Transaction::default();
    transaction.append(QUEUE, "a", n, vec![7; VALUE_LEN]);
    party.commit(transaction).wait()
}

fn rows(party: &Partition) -> Vec<Row> {
    party.load(TABLES).unwrap()
}

/// How many rows there are, which have to be whole and without a gap.
fn count(party: &Partition) -> u64 {
    let rows = rows(party);
    for (row, n) in rows.iter().zip(1..) {
        assert_eq!((row.at, row.value.len()), (n, VALUE_LEN));
    }
    rows.len().try_into().unwrap()
}
