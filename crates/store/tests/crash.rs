//! `kill -9` under load: nothing acknowledged is lost, no transaction is there by half.
//!
//! The test runs itself as a child process, which commits from several threads and prints what was
//! acknowledged; the parent kills it at some moment and looks at what is left.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use kernel::{Row, Table, Transaction};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use store::{Options, Store};

const DIR: &str = "BLINDPOST_STORE_CRASH_DIR";
const ROUNDS: u64 = 12;
const WRITERS: u8 = 8;
const KEPT: u64 = 20;

const STATE: Table = Table::state("state");
const QUEUE: Table = Table::queue("queue");
const TABLES: &[Table] = &[STATE, QUEUE];

fn open(dir: &Path) -> Store {
    // Short, so that many rounds die in the middle of tenuring and destroying.
    Store::open(dir, Options { key_lifetime: Duration::from_millis(15), ..Options::default() }).unwrap()
}

#[test]
#[ignore = "the child of the test below"]
fn child() {
    let store = open(Path::new(&std::env::var(DIR).unwrap()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let party = store.partition(&format!("party/{writer}"));
            thread::spawn(move || {
                let mut count = counter(&party.load(TABLES).unwrap());
                loop {
                    count += 1;
                    let mut transaction = Transaction::default();
                    let value = [&count.to_be_bytes()[..], &[7; 500]].concat();
                    transaction.append(QUEUE, "messages", count, value.clone());
                    transaction.swap(STATE, "counter", count - 1, value);
                    transaction.trim(QUEUE, "messages", count.saturating_sub(KEPT));
                    party.commit(transaction).wait().unwrap();
                    println!("acknowledged {writer} {count}");
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

#[test]
fn nothing_acknowledged_is_lost_however_often_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeMap::<u8, u64>::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = thread::spawn(move || {
            let mut seen = BTreeMap::new();
            // A last line that was cut by the kill could name a smaller number, never a larger one.
            for line in lines.map_while(Result::ok) {
                if let Some(words) =
                    line.split_once("acknowledged ").and_then(|(_, rest)| rest.split_once(' '))
                    && let (Ok(writer), Ok(count)) = (words.0.parse::<u8>(), words.1.parse::<u64>())
                {
                    let last: &mut u64 = seen.entry(writer).or_default();
                    *last = count.max(*last);
                }
            }
            seen
        });
        thread::sleep(Duration::from_millis(60 + round * 53 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());

        let store = open(dir.path());
        for writer in 0..WRITERS {
            let rows = store.partition(&format!("party/{writer}")).load(TABLES).unwrap();
            let (count, told) = (counter(&rows), acknowledged.get(&writer).copied().unwrap_or(0));
            // One transaction may have become durable without anybody hearing of it.
            assert!(count == told || count == told + 1, "acknowledged {told}, found {count}");
            assert_whole(&rows, count);
        }
    }
    assert!(acknowledged.values().all(|count| *count > ROUNDS), "the test did something: {acknowledged:?}");
}

fn counter(rows: &[Row]) -> u64 {
    rows.iter().find(|row| row.table == STATE).map_or(0, |row| row.at)
}

/// Every transaction wrote the state and the queue and trimmed it: all three show, or none.
fn assert_whole(rows: &[Row], count: u64) {
    let queue: Vec<u64> = rows.iter().filter(|row| row.table == QUEUE).map(|row| row.at).collect();
    assert_eq!(queue, (count.saturating_sub(KEPT) + 1..=count).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.value[..8] == row.at.to_be_bytes() && row.value[8..] == [7; 500]));
}
