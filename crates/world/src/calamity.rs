//! What goes wrong in a run, when and where, to look it up while the run is made.

use crate::conditions::{Conditions, Span};
use crate::record::{Kind, Who};
use kernel::Time;
use scenario::Sampler;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Everything that goes wrong in a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calamities {
    /// When who loses power, and for how long.
    pub(crate) crashes: BTreeMap<Who, Vec<(Time, Duration)>>,
    /// When who loses power after how many more effects.
    pub(crate) interruptions: BTreeMap<Who, Vec<(Time, u32)>>,
    /// When a consumer loses the device, and how long it takes to get another.
    pub(crate) losses: BTreeMap<Who, Vec<(Time, Duration)>>,
    /// When who is put back to a copy of the disk.
    restores: BTreeMap<Who, Vec<Restore>>,
    /// Whose they would all be, in the order in which they were drawn, also if they don't happen.
    drawn_restores: Vec<(Who, Span)>,
    /// When whose links to the relay are cut; a relay's: all its links.
    pub(crate) cuts: BTreeMap<Who, Vec<Span>>,
    pub(crate) full: BTreeMap<Who, Vec<Span>>,
    pub(crate) slow: BTreeMap<Who, Vec<(Span, Sampler<scenario::Duration>)>>,
    pub(crate) skews: BTreeMap<Who, Vec<(Span, i64)>>,
    pub(crate) outages: BTreeMap<u32, Vec<Span>>,
    /// Everything above, one after the other.
    faults: Vec<Misfortune>,
    /// Of the faults only those with these numbers happen; `None`: all.
    only: Option<BTreeSet<usize>>,
    /// How many were drawn.
    drawn: usize,
    /// Whether disks matter beyond the faults above: somebody will look at them.
    watched: bool,
    /// Whether a quantum computer will know the keys that are drawn.
    tapped: bool,
}

/// A party is put back to a copy of its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restore {
    /// When the copy was made.
    pub copied: Time,
    /// When it took the place of the disk. What the party did in between it does not know.
    pub at: Time,
    /// For how long there is no power then.
    pub(crate) down: Duration,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfortune {
    /// Its number in the run, from 0.
    pub number: usize,
    /// When.
    pub at: Time,
    /// To whom; `None`: to all businesses.
    pub who: Option<Who>,
    /// What.
    pub what: &'static str,
}

impl fmt::Display for Misfortune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Some(who) => write!(f, "{who} {}", self.what),
            None => f.write_str(self.what),
        }
    }
}

impl Calamities {
    /// Nothing goes wrong yet; of what is drawn only those with these numbers will.
    pub(crate) fn new(only: Option<BTreeSet<usize>>, watched: bool, tapped: bool) -> Self {
        Self { only, watched, tapped, ..Self::default() }
    }

    /// Every loss of power: when, who.
    pub(crate) fn crashes(&self) -> impl Iterator<Item = (Time, Who)> {
        self.crashes.iter().flat_map(|(who, times)| times.iter().map(|(at, _)| (*at, *who)))
    }

    /// Every loss of a device.
    pub(crate) fn losses(&self) -> impl Iterator<Item = (Time, Who)> {
        self.losses.iter().flat_map(|(who, times)| times.iter().map(|(at, _)| (*at, *who)))
    }

    /// Every party that is put back to a copy of its disk.
    pub(crate) fn restores(&self) -> impl Iterator<Item = (Who, Restore)> {
        self.restores.iter().flat_map(|(who, all)| all.iter().map(|restore| (*who, *restore)))
    }

    /// A party is put back, if that happens.
    pub(crate) fn restore(&mut self, who: Who, restore: Restore) {
        if self.happens(restore.at, Some(who), "is put back to a copy") {
            self.restores.entry(who).or_default().push(restore);
        }
    }

    /// Like [`restore`](Self::restore), unless a relay and another party could be put back to the same moment: they would fit
    /// each other, and neither can tell (docs/decisions/0029-positions-have-names.md). Whether what it has to keep clear of
    /// happens changes nothing.
    pub(crate) fn restore_alone(&mut self, who: Who, restore: Restore) {
        let span = restore.copied..restore.at + restore.down;
        let meets = |(other, its): &(Who, Span)| {
            [who, *other].iter().any(|who| who.kind() == Kind::Relay)
                && its.start <= span.end
                && span.start <= its.end
        };
        if !self.drawn_restores.iter().any(meets) {
            self.drawn_restores.push((who, span));
            self.restore(who, restore);
        }
    }

    /// Every loss of power between two effects: from when, who, after how many effects.
    pub(crate) fn interruptions(&self) -> impl Iterator<Item = (Time, Who, u32)> {
        self.interruptions
            .iter()
            .flat_map(|(who, times)| times.iter().map(|(at, effects)| (*at, *who, *effects)))
    }

    /// Everything that goes wrong, in the order in which it was drawn.
    pub(crate) fn faults(&self) -> &[Misfortune] {
        &self.faults
    }

    /// Whether the next fault that is drawn happens; if so it is noted.
    pub(crate) fn happens(&mut self, at: Time, who: Option<Who>, what: &'static str) -> bool {
        let number = self.drawn;
        self.drawn += 1;
        let happens = self.only.as_ref().is_none_or(|only| only.contains(&number));
        if happens {
            self.faults.push(Misfortune { number, at, who, what });
        }
        happens
    }

    pub(crate) fn cut(&self, who: Who, now: Time) -> Option<Time> {
        if self.cuts.is_empty() {
            return None;
        }
        let spans = self.cuts.get(&who)?;
        spans.iter().filter(|span| span.contains(&now)).map(|span| span.end).max()
    }

    pub(crate) fn down_time(&self, who: Who, now: Time) -> Option<Duration> {
        let at = |times: &BTreeMap<Who, Vec<(Time, Duration)>>| {
            let times = times.get(&who)?;
            times.iter().find(|(at, _)| *at == now).map(|(_, down)| *down)
        };
        let restored = || self.restores.get(&who)?.iter().find(|restore| restore.at == now);
        at(&self.losses).or_else(|| at(&self.crashes)).or_else(|| restored().map(|restore| restore.down))
    }

    pub(crate) fn webhooks_are_down(&self, business: u32, now: Time) -> bool {
        self.outages.get(&business).is_some_and(|spans| spans.iter().any(|span| span.contains(&now)))
    }

    /// The conditions that a party's host works under.
    pub(crate) fn conditions(&self, who: Who) -> Conditions {
        let full = self.full.get(&who).cloned().unwrap_or_default();
        let restarts = self.crashes.contains_key(&who)
            || self.interruptions.contains_key(&who)
            || self.losses.contains_key(&who)
            || self.restores.contains_key(&who);
        Conditions {
            keeps_disk: self.watched || restarts || !full.is_empty(),
            tapped: self.tapped,
            full,
            slow: self.slow.get(&who).cloned().unwrap_or_default(),
            skews: self.skews.get(&who).cloned().unwrap_or_default(),
        }
    }
}
