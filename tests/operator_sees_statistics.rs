//! Invariant 9: whoever reads logs, metrics, spans or the last words of a process learns numbers and nobody's name;
//! and so does whoever is on the wire.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may panic"
)]

mod common;

use common::live::{leaks, outcome};
use privacy::Principal;
use std::process::Command;

#[test]
fn logs_metrics_and_packets_hold_no_canary() {
    let outcome = outcome();
    let views = outcome.searched.iter().filter(|view| {
        matches!(view.party.principal(), Principal::Operator | Principal::Network | Principal::Transport)
    });
    let mut seen = Vec::new();
    for view in views {
        let leaks = leaks(&outcome, view);
        assert!(leaks.is_empty(), "{} of {}: {leaks:?}", view.view, view.party);
        assert!(view.bytes > 0, "{} of {} is empty", view.view, view.party);
        seen.push(&*view.view);
    }
    for wanted in [
        "log of relay/0",
        "log of node/0",
        "log of node/1",
        "log of consumer/0",
        "metrics of relay/0",
        "metrics of node/1",
        "packets to the relay",
        "packets from the relay",
        "frames to the relay",
        "frames from the relay",
        "memory, messages in flight",
        "memory, after delivery",
        "files after kill -9, number 1",
    ] {
        assert!(seen.contains(&wanted), "{wanted}: {seen:?}");
    }
    assert_eq!(outcome.broken, [], "other promises");
}

const PAYLOAD: &str = "a text that nobody may read";

#[test]
#[ignore = "the child of the test below"]
fn child() {
    live::quiet_panics();
    let text = std::env::var("BLINDPOST_TEST_PAYLOAD").unwrap();
    panic!("{text}");
}

#[test]
fn a_panic_says_where_and_not_what() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("BLINDPOST_TEST_PAYLOAD", PAYLOAD)
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("panicked at tests/operator_sees_statistics.rs:"), "{said}");
    assert!(!said.contains(PAYLOAD), "{said}");
}
