//! When a webhook is posted again: the schedule of its attempts, and when it is given up.

use std::time::Duration;

/// After which delays a webhook that was not acknowledged is posted again. The first attempt is at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    delays: Vec<Duration>,
    give_up_after: Duration,
}

impl RetrySchedule {
    /// Waits `delays` one after the other, the last of them for ever, and gives up `give_up_after` the
    /// event. Without delays it is tried once.
    pub fn new(delays: Vec<Duration>, give_up_after: Duration) -> Self {
        Self { delays, give_up_after }
    }

    /// How long to wait after the attempt numbered `failed`, from 1; `None` if that was the last.
    pub fn delay_after(&self, failed: u32) -> Option<Duration> {
        let at = usize::try_from(failed).unwrap_or(usize::MAX).saturating_sub(1);
        self.delays.get(at).or(self.delays.last()).copied()
    }

    /// The same, but gives up `limit` after the event at the latest.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { give_up_after: self.give_up_after.min(limit), ..self }
    }

    /// How old an event gets before it is dropped.
    pub fn give_up_after(&self) -> Duration {
        self.give_up_after
    }
}

impl Default for RetrySchedule {
    /// Meta publishes that it retries "immediately, then with decreasing frequency, for 7 days".
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            delays: vec![
                Duration::from_secs(5),
                Duration::from_secs(30),
                minutes(2),
                minutes(10),
                minutes(60),
                minutes(120),
                minutes(240),
            ],
            give_up_after: minutes(7 * 24 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_delay_repeats() {
        let schedule = RetrySchedule::default();
        let seconds = |failed| schedule.delay_after(failed).unwrap().as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, 8, 99].map(seconds),
            [5, 30, 120, 600, 3600, 7200, 14400, 14400, 14400]
        );
        assert_eq!(RetrySchedule::new(Vec::new(), Duration::MAX).delay_after(1), None);
    }
}
