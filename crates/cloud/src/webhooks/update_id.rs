//! What an update is called in its row: by when it happened, and then by chance.

use kernel::{Rng, Time};
use std::fmt;

/// Names an update of an app, the same however often it is posted. In the order in which they happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpdateId(pub(crate) u128);

impl UpdateId {
    pub(super) fn new(time: Time, rng: &mut Rng) -> Self {
        let salt = u64::from_be_bytes(rng.bytes());
        Self(u128::from(time.as_micros()) << 64 | u128::from(salt))
    }

    pub(super) fn time(self) -> Time {
        Time::from_micros(u64::try_from(self.0 >> 64).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for UpdateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for UpdateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpdateId(…)")
    }
}
