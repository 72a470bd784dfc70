//! Campaigns of faults: the parties keep their promises, and a machine that does not is found.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use lab::{Campaign, Error, Experiment, Verdict, Watcher};
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
fn a_fault_that_there_is_not_is_an_error_and_not_a_run_without() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/chaos.toml");
    let faults = Some([0, 999_999].into());
    let experiment = Experiment { faults, ..Experiment::new(Scenario::read(&file).unwrap(), 1) };
    let stop = AtomicBool::new(false);
    let error = experiment.run(None, Watcher::silent(&stop, &mut |_| {})).unwrap_err();
    assert!(matches!(error, Error::NoSuchFault(999_999)), "{error}");
}
