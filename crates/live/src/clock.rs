//! The wall clock: the one place in the program where the time comes from.

use kernel::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time by the operating system's clock; it may step back, and machines bear that.
#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock enters")]
pub fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::EPOCH + since_epoch
}
