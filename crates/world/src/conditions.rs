//! What a party's computer works under: a disk that takes its time, may be slow or full, and a clock that may be wrong.

use crate::draws::Draws;
use kernel::Time;
use scenario::Sampler;
use std::ops::Range;
use std::sync::Arc;

/// From a time until another.
pub(crate) type Span = Range<Time>;

/// What a host works under.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(crate) keeps_disk: bool,
    /// A quantum computer will know the keys that are drawn.
    pub(crate) tapped: bool,
    pub(crate) full: Vec<Span>,
    pub(crate) slow: Vec<(Span, Sampler<scenario::Duration>)>,
    /// Microseconds that the clock is ahead.
    pub(crate) skews: Vec<(Span, i64)>,
}

/// A disk that takes its time, and commits in groups: what is handed in during a commit goes into the next one.
pub(crate) struct Disk {
    /// How long a commit takes. The disks of a kind have it together.
    commit: Arc<Sampler<scenario::Duration>>,
    draws: Draws,
    /// When the commit under way is durable.
    running: Time,
    /// When the next one will be, if something waits for it.
    next: Option<Time>,
}

impl Disk {
    pub(crate) const fn new(commit: Arc<Sampler<scenario::Duration>>, draws: Draws) -> Self {
        Self { commit, draws, running: Time::EPOCH, next: None }
    }

    /// When a transaction is durable that is handed in at a time, not before others. A commit takes as long as usual, or
    /// as `slow` has it.
    pub(crate) fn commit(&mut self, at: Time, slow: Option<Sampler<scenario::Duration>>) -> Time {
        while let Some(next) = self.next
            && at >= self.running
        {
            self.running = next;
            self.next = None;
        }
        if let Some(next) = self.next {
            return next;
        }
        let takes = slow.as_ref().unwrap_or(&self.commit).sample(&mut || self.draws.next());
        if at >= self.running {
            self.running = at + takes;
            return self.running;
        }
        *self.next.insert(self.running + takes)
    }
}

impl Conditions {
    /// What the host's clock shows.
    pub(crate) fn clock(&self, now: Time) -> Time {
        shift(now, self.skew(now))
    }

    /// When to look whether the host's clock shows `clock`: then, if nobody sets it before, or when somebody does.
    pub(crate) fn look_at(&self, now: Time, clock: Time) -> Time {
        let at = now + clock.since(self.clock(now));
        let edges = self.skews.iter().flat_map(|(span, _)| [span.start, span.end]);
        edges.filter(|edge| *edge > now).min().map_or(at, |edge| at.min(edge))
    }

    pub(crate) fn disk_is_full(&self, now: Time) -> bool {
        self.full.iter().any(|span| span.contains(&now))
    }

    /// Whether the disk is full at some time or other.
    pub(crate) const fn disk_fills(&self) -> bool {
        !self.full.is_empty()
    }

    /// How long commits take now, if not as usual.
    pub(crate) fn commit(&self, now: Time) -> Option<Sampler<scenario::Duration>> {
        self.slow.iter().find(|(span, _)| span.contains(&now)).map(|(_, commit)| *commit)
    }

    fn skew(&self, now: Time) -> i64 {
        self.skews.iter().find(|(span, _)| span.contains(&now)).map_or(0, |(_, micros)| *micros)
    }
}

fn shift(time: Time, micros: i64) -> Time {
    Time::from_micros(time.as_micros().saturating_add_signed(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Origin, Purpose};
    use kernel::Seed;
    use scenario::Distribution;

    fn millis(millis: u64) -> Sampler<scenario::Duration> {
        Distribution::Constant(scenario::Duration::from_nanos(millis * 1_000_000)).sampler()
    }

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    #[test]
    fn what_is_handed_in_during_a_commit_goes_into_the_next_one_together() {
        let draws = Origin::of(&Seed::from_number(1)).draws(Purpose::Disk, 0);
        let mut disk = Disk::new(Arc::new(millis(10)), draws);
        let durable = [0, 1, 9, 10, 19, 25, 100].map(|handed_in| disk.commit(at(handed_in), None));
        assert_eq!(durable, [10, 20, 20, 30, 30, 40, 110].map(at));
        assert_eq!(disk.commit(at(200), Some(millis(50))), at(250), "a slow disk takes as long as it takes");
    }

    #[test]
    fn a_host_looks_at_its_clock_when_somebody_sets_it() {
        let span = at(1000)..at(2000);
        let wrong = Conditions { skews: vec![(span, 500_000)], ..Conditions::default() };
        assert_eq!([500, 1000, 1999, 2000].map(|now| wrong.clock(at(now))), [500, 1500, 2499, 2000].map(at));
        // A clock that is right shows 1200 at 1200, but this one is set at 1000.
        assert_eq!(wrong.look_at(at(500), at(1200)), at(1000));
        assert_eq!(wrong.look_at(at(1000), at(1700)), at(1200));
        assert_eq!(wrong.look_at(at(1000), at(9000)), at(2000), "it is set back before that");
        assert_eq!(wrong.look_at(at(2000), at(9000)), at(9000));
    }

    #[test]
    fn a_disk_is_full_while_it_is_and_a_host_that_may_have_one_knows() {
        let full = Conditions { full: vec![at(10)..at(20)], ..Conditions::default() };
        assert_eq!([9, 10, 19, 20].map(|now| full.disk_is_full(at(now))), [false, true, true, false]);
        assert!(full.disk_fills() && !Conditions::default().disk_fills());
    }
}
