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
