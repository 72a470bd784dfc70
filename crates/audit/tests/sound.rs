//! The sound build keeps the boundary, and the checks see what they are to see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use audit::Audit;
use std::num::NonZeroUsize;
use std::time::Duration;

#[test]
fn nobody_learns_what_is_not_for_him() {
    let audit =
        Audit { seed: 1, pairs: 6, only: Vec::new(), runs: 1, threads: NonZeroUsize::new(2).unwrap() };
    let report = audit.run(&|_| {}, &|| Duration::ZERO).unwrap();
    for leak in &report.found {
        eprintln!("{leak}");
    }
    for trial in &report.trials {
        eprintln!(
            "{:<16} {:?} {:?}",
            trial.name,
            trial.noticed,
            trial.unequal.iter().map(|u| &u.party).collect::<Vec<_>>()
        );
    }
    for cell in report.cells.iter().filter(|cell| !cell.executed) {
        eprintln!("{} {}: {:?}", cell.class, cell.principal, cell.missing);
    }
    eprintln!("{:?}", report.blind);
    assert_eq!(report.leaks, 0);
}
