//! Campaigns of faults: the parties keep their promises, and a machine that does not is found.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use lab::{Campaign, Verdict};
use scenario::Scenario;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use world::{Costs, Who};

fn campaign(seeds: RangeInclusive<u64>, sabotaged: Option<Who>) -> Verdict {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/chaos.toml");
    let campaign = Campaign {
        scenario: Scenario::read(&file).unwrap(),
        costs: Costs::default(),
        seeds,
        threads: NonZeroUsize::new(2).unwrap(),
        sabotaged,
        stop_at_first: sabotaged.is_some(),
    };
    campaign.run(&|_| {}, &AtomicBool::new(false)).unwrap()
}

#[test]
fn every_promise_is_kept_whatever_goes_wrong() {
    let verdict = campaign(1..=30, None);
    assert!(verdict.complete);
    assert!(verdict.faults > 500 && verdict.messages > 5_000, "{verdict:?}");
    assert_eq!(verdict.failures, []);
}

/// A machine that acknowledges before it has persisted is caught within 50 seeds, whichever party it is.
#[test]
fn a_machine_that_speaks_too_soon_is_caught() {
    for who in [Who::relay(0), Who::node(0), Who::consumer(3)] {
        let verdict = campaign(1..=50, Some(who));
        let failure = verdict.failures.first().unwrap_or_else(|| panic!("{who} was not caught"));
        assert!(!failure.faults.is_empty(), "without a fault nobody could notice: {failure:?}");
        assert!(failure.faults.len() <= 5, "not minimal: {failure:?}");
    }
}

#[test]
fn tmp_seeds() {
    let range = std::env::var("SEEDS").unwrap_or("1-3".into());
    let (a, b) = range.split_once('-').unwrap();
    let verdict = campaign(a.parse().unwrap()..=b.parse().unwrap(), None);
    for failure in &verdict.failures {
        println!("{failure:#?}");
    }
    println!("failed {} of {}", verdict.failures.len(), verdict.seeds);
}
