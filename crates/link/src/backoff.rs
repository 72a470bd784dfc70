//! How long to wait before the next attempt: longer each time, up to a limit, and by chance within that.

use std::time::Duration;

/// Exponential backoff with full jitter: the n-th wait is uniform between zero and `base`·2ⁿ, at most
/// `cap`. Spreads the reconnections of many endpoints over time after their relay restarted.
#[derive(Debug, Clone)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    window: Duration,
}

impl Backoff {
    /// Waits of up to `base` at first, of up to `cap` in the end.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, window: base.min(cap) }
    }

    /// How long to wait before the next attempt; `random` is uniform over all of `u32`.
    pub fn next(&mut self, random: u32) -> Duration {
        let window = self.window;
        self.window = window.saturating_mul(2).min(self.cap);
        let nanos = (window.as_nanos() * u128::from(random)) >> u32::BITS;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// An attempt succeeded: the next failure starts from `base` again.
    pub fn reset(&mut self) {
        self.window = self.base.min(self.cap);
    }
}

impl Default for Backoff {
    /// From a quarter of a second to half a minute.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_cap_and_starts_over() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(6));
        let whole = |backoff: &mut Backoff| backoff.next(u32::MAX).as_secs_f64().round();
        assert_eq!([1.0, 2.0, 4.0, 6.0, 6.0].map(|_| whole(&mut backoff)), [1.0, 2.0, 4.0, 6.0, 6.0]);
        backoff.reset();
        assert_eq!(whole(&mut backoff), 1.0);
    }

    #[test]
    fn jitter_is_full() {
        let mut backoff = Backoff::new(Duration::from_secs(8), Duration::from_secs(8));
        assert_eq!(backoff.next(0), Duration::ZERO);
        assert_eq!(backoff.next(1 << 31), Duration::from_secs(4));
    }

    #[test]
    fn no_duration_overflows() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert!(backoff.next(u32::MAX) > Duration::from_secs(1 << 33));
        assert!(backoff.next(u32::MAX) > Duration::from_secs(1 << 33));
    }
}
