//! How many transactions per second the embedded store makes durable, and how long one waits:
//! `cargo run --release -p store --example commit_rate [DIR]`.
//!
//! One transaction is a message through the relay: append 1 KiB, trim the one before, swap a state of
//! 2 KiB. 1, 64 or 512 of them wait at any time, each of another queue.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement")]

use hdrhistogram::Histogram;
use kernel::{Table, Transaction};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::{Options, Store};

const STATE: Table = Table::state("state");
const QUEUE: Table = Table::queue("queue");
const TIME: Duration = Duration::from_secs(12);

fn main() {
    let dir = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("in flight   commits/s   p50 ms   p99 ms   max ms");
    for in_flight in [1, 64, 512] {
        let dir = tempfile::tempdir_in(&dir).unwrap();
        let (rate, waits) = measure(Store::open(dir.path(), Options::default()).unwrap(), in_flight);
        let ms = |quantile: f64| Duration::from_micros(waits.value_at_quantile(quantile)).as_secs_f64() * 1e3;
        println!("{in_flight:9} {rate:11} {:8.2} {:8.2} {:8.1}", ms(0.5), ms(0.99), ms(1.0));
    }
}

fn measure(store: Store, in_flight: u64) -> (u128, Histogram<u64>) {
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
            waiting.push_back((Instant::now(), party.commit(message(queue, round))));
        }
        round += 1;
    }
    (u128::from(waits.len()) * 1000 / start.elapsed().as_millis(), waits)
}

fn message(queue: u64, round: u64) -> Transaction {
    let key = queue.to_be_bytes().to_vec();
    let mut transaction = Transaction::default();
    transaction.append(QUEUE, key.clone(), round + 1, vec![1; 1024]);
    transaction.trim(QUEUE, key.clone(), round);
    transaction.swap(STATE, key, round, vec![2; 2048]);
    transaction
}
