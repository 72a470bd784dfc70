//! A promise of the architecture that a run has seen broken.

use crate::record::Who;
use kernel::Time;
use std::fmt;

/// What must never happen and did: a machine that does not start, a disk that refuses a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Time,
    /// Where.
    pub who: Who,
    /// Which promise of the architecture is broken.
    pub invariant: &'static str,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {} ({})", self.invariant, self.who, self.what, self.at.as_micros())
    }
}
