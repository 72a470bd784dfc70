//! How many transactions per second the embedded store makes durable, and how long one waits:
//! `cargo run --release -p store --example commit_rate [DIR]`.
//!
//! One transaction is a message through the relay: append 1 KiB, trim the one before, swap a state of
//! 2 KiB. 1, 64 or 512 of them wait at any time, each of another queue. Then the worst case for erasure:
//! nothing is trimmed, so every message is sealed a second time; and how long it takes to open and load that.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement")]

use hdrhistogram::Histogram;
use kernel::{Table, Transaction};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Options, Store};

const STATE: Table = Table::state("state");
const QUEUE: Table = Table::queue("queue");
const TABLES: &[Table] = &[STATE, QUEUE];
const TIME: Duration = Duration::from_secs(12);

fn main() {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("in flight  trimmed  commits/s   p50 ms   p99 ms   max ms");
    for (in_flight, trimmed) in [(1, true), (64, true), (512, true), (64, false)] {
        let dir = tempfile::tempdir_in(&parent).unwrap();
        let store = Store::open(dir.path(), Options::default()).unwrap();
        let (rate, waits) = measure(&store, in_flight, trimmed);
        let ms = |quantile: f64| Duration::from_micros(waits.value_at_quantile(quantile)).as_secs_f64() * 1e3;
        let (p50, p99, max) = (ms(0.5), ms(0.99), ms(1.0));
        println!("{in_flight:9}  {trimmed:7}  {rate:9} {p50:8.2} {p99:8.2} {max:8.1}");
        if !trimmed {
            reopen(store, dir.path());
        }
    }
}

fn reopen(store: Store, dir: &Path) {
    let start = Instant::now();
    store.close();
    println!("closed in {} ms", start.elapsed().as_millis());
    let start = Instant::now();
    let store = Store::open(dir, Options::default()).unwrap();
    println!("opened in {} ms", start.elapsed().as_millis());
    let start = Instant::now();
    let rows = store.partition("relay").load(TABLES).unwrap().len();
    println!("loaded {rows} rows in {} ms", start.elapsed().as_millis());
}

fn measure(store: &Store, in_flight: u64, trimmed: bool) -> (u128, Histogram<u64>) {
    let party = store.partition("relay");
    let mut waits = Histogram::<u64>::new(3).unwrap();
    let mut waiting = VecDeque::new();
    let start = Instant::now();
    let mut round = 0;
    while start.elapsed() < TIME {
        for queue in 0..in_flight {
            if waiting.len() >= usize::try_from(in_flight).unwrap() {
                let (since, commit): (Instant, store::Commit) = waiting.pop_front().unwrap();
                commit.wait().unwrap();
                waits.record(u64::try_from(since.elapsed().as_micros()).unwrap()).unwrap();
            }
            waiting.push_back((Instant::now(), party.commit(message(queue, round, trimmed))));
        }
        round += 1;
    }
    let rate = u128::from(waits.len()) * 1000 / start.elapsed().as_millis();
    waiting.into_iter().for_each(|(_, commit)| commit.wait().unwrap());
    (rate, waits)
}

fn message(queue: u64, round: u64, trimmed: bool) -> Transaction {
    let key = queue.to_be_bytes().to_vec();
    let mut transaction = Transaction::default();
    transaction.append(QUEUE, key.clone(), round + 1, vec![1; 1024]);
    if trimmed {
        transaction.trim(QUEUE, key.clone(), round);
    }
    transaction.swap(STATE, key, round, vec![2; 2048]);
    transaction
}
