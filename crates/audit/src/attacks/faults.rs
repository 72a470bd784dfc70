//! Power cuts and broken disks: no promise goes with them, no key is used twice, nothing deleted comes back.

use super::{Attack, AttackError};
use crate::matrix::{Leak, Matrix};
use lab::Campaign;
use scenario::Scenario;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use world::Costs;

const CHAOS: &str = include_str!("../../../../scenarios/chaos.toml");

/// Runs the campaign of faults with a few seeds; `blindpost run scenarios/chaos.toml --seeds` runs more.
pub(crate) fn power(
    matrix: &mut Matrix,
    seeds: u64,
    threads: NonZeroUsize,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Attack, AttackError> {
    let scenario = Scenario::parse("scenarios/chaos.toml", CHAOS);
    let scenario = scenario.map_err(|error| AttackError::Setup(format!("{error:#}")))?;
    let campaign = Campaign {
        scenario,
        costs: Costs::default(),
        seeds: 1..=seeds,
        threads,
        sabotaged: None,
        stop_at_first: true,
    };
    let told = |done| progress(done, seeds);
    let verdict = campaign.run(&told, &AtomicBool::new(false));
    let verdict = verdict.map_err(|error| AttackError::Setup(error.to_string()))?;
    for failure in &verdict.failures {
        let broken = failure.broken.first();
        matrix.leak(Leak {
            layer: "attack",
            principal: "anybody".into(),
            class: None,
            what: match broken {
                Some(broken) => format!("{}: {} (seed {})", broken.invariant, broken.what, failure.seed),
                None => format!("seed {} breaks a promise", failure.seed),
            },
        });
    }
    if verdict.faults == 0 {
        matrix.blind("attack", "nothing went wrong in the campaign of faults");
    }
    Ok(Attack {
        invariant: "ratchet_never_rolls_back",
        what: "cutting power, filling disks, and breaking links",
        attempts: verdict.faults,
        successes: verdict.failures.len() as u64,
    })
}
