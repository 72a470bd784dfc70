//! What a run with keys by reference can't show, and says so instead of showing something else.

use crate::simulation::Options;
use scenario::{Fault, RandomFault, Scenario};

/// A scenario with `crypto = "modelled"` has something in it that needs real bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` can't be had with crypto = \"modelled\": {why}; run it with crypto = \"real\"")]
pub struct Refusal {
    /// The key of the scenario.
    pub key: String,
    /// What is missing.
    pub why: &'static str,
}

/// Moments have ten digits from then on, in seconds: 2001-09-09.
const TEN_DIGITS: i64 = 1_000_000_000;

const NO_BYTES: &str = "there are no bytes to look at";
const NO_DISK: &str = "no party has rows to start again from";

/// Checks a scenario and how it is to be run.
pub(crate) fn check(scenario: &Scenario, options: &Options) -> Result<(), Refusal> {
    let refuse = |key: String, why| Err(Refusal { key, why });
    if !scenario.adversaries.is_empty() {
        return refuse("adversaries".into(), NO_BYTES);
    }
    let keep = options.keep;
    let looks = keep.envelopes || keep.texts || keep.sights || keep.submissions;
    if looks || options.disks || options.audit.is_some() || options.apps_answer != consumer::Reply::None {
        return refuse("crypto".into(), NO_BYTES);
    }
    for (index, fault) in scenario.faults.iter().enumerate() {
        if stops(fault) {
            return refuse(format!("faults.{index}"), NO_DISK);
        }
    }
    if scenario.start.unix_seconds() < TEN_DIGITS {
        return refuse("start".into(), "the digits of moments are counted from 2001-09-09 on");
    }
    let is_business = |name: &String| scenario.businesses.iter().any(|population| population.name == *name);
    for (index, traffic) in scenario.traffic.iter().enumerate() {
        if is_business(&traffic.from) && is_business(&traffic.to) {
            return refuse(format!("traffic.{index}"), "nodes are modelled with consumers at the other end");
        }
    }
    Ok(())
}

/// Whether somebody loses power because of it.
fn stops(fault: &Fault) -> bool {
    match fault {
        Fault::Crash { .. } | Fault::DeviceLoss { .. } | Fault::DiskFull { .. } => true,
        Fault::Random { kinds, .. } => kinds.iter().any(|kind| {
            matches!(kind, RandomFault::Crash | RandomFault::CrashBetweenEffects | RandomFault::DiskFull)
        }),
        Fault::SlowDisk { .. }
        | Fault::ClockSkew { .. }
        | Fault::WebhookOutage { .. }
        | Fault::Partition { .. } => false,
    }
}
