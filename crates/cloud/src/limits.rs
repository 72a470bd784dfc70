//! How much a business may send, and how fast (Cloud API documentation, "Throughput", "Rate limits", "Messaging limits",
//! "Per-user marketing template message limits"): a file for each limit, which counts and says no; what follows from a no is
//! `messages`' and `api`'s.
//!
//! What is counted over seconds or an hour is in memory only: a node that was started again forgets it, and a business gains a
//! burst by it. What is counted over a day is in the rows of conversations.

mod budget;
mod pair;
mod people;
mod throughput;

pub(crate) use budget::{Budget, Spent};
pub(crate) use pair::Pairs;
pub(crate) use people::People;
pub(crate) use throughput::Throughput;

use std::str::FromStr;

/// Which limits hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Limits {
    /// All that the documentation has.
    Strict,
    /// The 24-hour window, but a person who has never written may be written to as if they had just done so: the shortest way
    /// from a start to a message. No rates, no counts.
    #[default]
    Lenient,
    /// None.
    Off,
}

/// A text is none of the settings of [`Limits`].
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("want strict, lenient or off")]
pub struct NoLimits;

impl Limits {
    /// True if windows of 24 hours end.
    pub fn has_windows(self) -> bool {
        self != Self::Off
    }

    /// True if rates and numbers of people are limited.
    pub fn has_rates(self) -> bool {
        self == Self::Strict
    }
}

impl FromStr for Limits {
    type Err = NoLimits;

    fn from_str(text: &str) -> Result<Self, NoLimits> {
        match text {
            "strict" => Ok(Self::Strict),
            "lenient" => Ok(Self::Lenient),
            "off" => Ok(Self::Off),
            _ => Err(NoLimits),
        }
    }
}
