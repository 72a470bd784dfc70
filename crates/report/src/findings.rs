//! `findings.json`: what adversaries achieved, and which faults there were.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What adversaries achieved, and which faults there were.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The adversaries' results.
    pub adversaries: Vec<Finding>,
    /// The faults that struck.
    pub faults: Vec<Finding>,
}

/// One result or fault.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The adversary's or the fault's name.
    pub name: String,
    /// When, in microseconds of virtual time.
    pub at_us: u64,
    /// What it did or found, in a sentence.
    pub what: String,
    /// Its numbers by name, units last: `messages_read`, `advantage`, `outage_s`.
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
}
