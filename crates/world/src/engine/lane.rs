//! What the engine runs: the contract of a lane, and the agenda on which it writes what is to happen in itself and in
//! others.

use super::wheel::{Entry, Turn, Wheel};
use kernel::Time;
use std::time::Duration;

/// A part of the world that only touches the others by events.
pub trait Lane: Send {
    /// What happens.
    type Event: Send;

    /// Something happens in this lane.
    fn handle(&mut self, at: Time, event: Self::Event, agenda: &mut Agenda<'_, Self::Event>);
}

/// Where a lane puts what is to happen because of what happened.
pub struct Agenda<'a, E> {
    pub(super) lane: u32,
    pub(super) now: Time,
    pub(super) lookahead: Duration,
    pub(super) scheduled: &'a mut u64,
    pub(super) here: &'a mut Wheel<E>,
    pub(super) elsewhere: &'a mut Vec<(u32, Entry<E>)>,
}

impl<E> Agenda<'_, E> {
    /// The time of what is happening.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// In this lane, `after` from now.
    pub fn after(&mut self, after: Duration, event: E) {
        self.at(self.now + after, event);
    }

    /// In this lane, at a time; now if that has passed.
    pub fn at(&mut self, at: Time, event: E) {
        let entry = self.entry(at.max(self.now), event);
        self.here.insert(entry);
    }

    /// In any lane, at a time, but not before the lookahead has passed if it is another.
    pub fn send(&mut self, lane: u32, at: Time, event: E) {
        if lane == self.lane {
            return self.at(at, event);
        }
        let entry = self.entry(at.max(self.now + self.lookahead), event);
        self.elsewhere.push((lane, entry));
    }

    fn entry(&mut self, at: Time, event: E) -> Entry<E> {
        *self.scheduled += 1;
        Entry { at, turn: Turn { lane: self.lane, sequence: *self.scheduled }, event }
    }
}
