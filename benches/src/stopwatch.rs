//! The time that something takes, on a clock that benches may read and machines may not; callgrind counts in there.

use std::time::{Duration, Instant};

/// How long `work` takes. Never inlined: callgrind finds it by its name.
#[inline(never)]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
