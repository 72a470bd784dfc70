//! A hierarchical timing wheel (Varghese and Lauck, 1987): what happens when, for very many entities.

use kernel::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A tick has 2¹⁰ µs: what is due in one is few enough to be sorted, which moves it once instead of level by level.
const TICK: u32 = 10;

/// Slots of a level, and levels: 2⁵⁴ µs after 1970 is the year 2540, and whatever is later waits until then.
const SLOTS: usize = 64;
const LEVELS: usize = 8;
const BITS: u32 = SLOTS.trailing_zeros();
const LAST: u64 = (1 << (54 - TICK)) - 1;

/// Where something stands among what happens at the same time: who scheduled it, and as which of its own.
///
/// The order depends on nothing else, so it is the same whichever thread was faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    pub(crate) lane: u32,
    pub(crate) sequence: u64,
}

/// Something that happens at a time.
pub(crate) struct Entry<E> {
    pub(crate) at: Time,
    pub(crate) turn: Turn,
    pub(crate) event: E,
}

/// All that is to happen in one lane, in order of time and turn. Insertion and removal take constant time,
/// however much waits.
pub(crate) struct Wheel<E> {
    /// The tick that is due: nothing of it, and nothing earlier, is left in the levels.
    now: u64,
    levels: Vec<Level<E>>,
    /// What happens in the tick that is due, the first at the end.
    due: Vec<Entry<E>>,
    /// What was scheduled for that tick since it is due, or for an earlier one.
    late: BinaryHeap<Reverse<Entry<E>>>,
    waiting: usize,
}

struct Level<E> {
    slots: Vec<Vec<Entry<E>>>,
    /// One bit for each slot that is not empty.
    occupied: u64,
}

impl<E> Wheel<E> {
    /// An empty wheel for what happens after `now`.
    pub(crate) fn new(now: Time) -> Self {
        let level = || Level { slots: (0..SLOTS).map(|_| Vec::new()).collect(), occupied: 0 };
        Self {
            now: now.as_micros() >> TICK,
            levels: (0..LEVELS).map(|_| level()).collect(),
            due: Vec::new(),
            late: BinaryHeap::new(),
            waiting: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    pub(crate) fn insert(&mut self, entry: Entry<E>) {
        self.waiting += 1;
        self.place(entry);
    }

    /// The next thing to happen before `end`.
    pub(crate) fn pop_before(&mut self, end: Time) -> Option<Entry<E>> {
        loop {
            if let Some(next) = self.first_due() {
                // Nothing in the levels is earlier.
                if next.at >= end {
                    return None;
                }
                self.waiting -= 1;
                return self.pop_due();
            }
            let (level, slot, start) = self.next_slot()?;
            if start << TICK >= end.as_micros() {
                return None;
            }
            self.open(level, slot, start);
        }
    }

    /// A time before which nothing happens; `None` if nothing is going to.
    pub(crate) fn next_not_before(&self) -> Option<Time> {
        match self.first_due() {
            Some(next) => Some(next.at),
            None => self.next_slot().map(|(.., start)| Time::from_micros(start << TICK)),
        }
    }

    fn first_due(&self) -> Option<&Entry<E>> {
        let late = self.late.peek().map(|Reverse(entry)| entry);
        self.due.last().into_iter().chain(late).min()
    }

    fn pop_due(&mut self) -> Option<Entry<E>> {
        match (self.due.last(), self.late.peek()) {
            (Some(due), Some(Reverse(late))) if late < due => {}
            (Some(_), _) => return self.due.pop(),
            (None, _) => {}
        }
        self.late.pop().map(|Reverse(entry)| entry)
    }

    fn place(&mut self, entry: Entry<E>) {
        let at = tick_of(&entry);
        if at <= self.now {
            return self.late.push(Reverse(entry));
        }
        // The level of the highest bit in which the time differs from now.
        let differs = (at ^ self.now).ilog2();
        let level = usize::try_from(differs / BITS).unwrap_or(LEVELS);
        let slot = slot_of(at, level);
        if let Some(level) = self.levels.get_mut(level) {
            level.occupied |= 1 << slot;
        }
        if let Some(entries) = self.slot(level, slot) {
            entries.push(entry);
        }
    }

    /// The first slot that is not empty, and the tick at which it begins.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        // What is in a level is before what is in the next: it has more bits in common with now.
        let (number, level) = self.levels.iter().enumerate().find(|(_, level)| level.occupied != 0)?;
        let slot = usize::try_from(level.occupied.trailing_zeros()).unwrap_or(0);
        let shift = BITS * u32::try_from(number).unwrap_or(0);
        let start = ((self.now >> shift >> BITS << BITS) + slot as u64) << shift;
        Some((number, slot, start))
    }

    /// Moves the entries of a slot into lower levels, or makes them due.
    fn open(&mut self, number: usize, slot: usize, start: u64) {
        self.now = self.now.max(start);
        let Some(level) = self.levels.get_mut(number) else { return };
        level.occupied &= !(1 << slot);
        let Some(entries) = level.slots.get_mut(slot) else { return };
        if number == 0 {
            // What was due is over: its memory is used again.
            std::mem::swap(&mut self.due, entries);
        } else {
            for entry in std::mem::take(entries) {
                if tick_of(&entry) <= self.now { self.due.push(entry) } else { self.place(entry) }
            }
        }
        self.due.sort_unstable_by(|one, other| other.cmp(one));
    }

    fn slot(&mut self, level: usize, slot: usize) -> Option<&mut Vec<Entry<E>>> {
        self.levels.get_mut(level)?.slots.get_mut(slot)
    }
}

fn tick_of<E>(entry: &Entry<E>) -> u64 {
    (entry.at.as_micros() >> TICK).min(LAST)
}

fn slot_of(tick: u64, level: usize) -> usize {
    let shift = BITS * u32::try_from(level).unwrap_or(0);
    usize::try_from(tick >> shift & (SLOTS as u64 - 1)).unwrap_or(0)
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.turn).cmp(&(other.at, other.turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Rng, Seed};

    const START: u64 = 1_790_000_000_000_000;

    fn entry(at: u64, sequence: u64) -> Entry<u64> {
        Entry { at: Time::from_micros(at), turn: Turn { lane: 0, sequence }, event: sequence }
    }

    /// Against a sorted list, with insertions between removals, near and far.
    #[test]
    fn what_comes_out_is_in_order_of_time_and_turn() {
        let mut rng = Rng::for_entity(&Seed::from_number(3), "wheel");
        let mut wheel = Wheel::new(Time::from_micros(START));
        let mut model = std::collections::BTreeSet::new();
        let (mut now, mut sequence) = (START, 0);
        for _ in 0..20_000 {
            if rng.below(3) > 0 {
                let spread = 1_u64 << rng.below(45);
                let at = now + u64::from(rng.below(u32::MAX)) % spread;
                sequence += 1;
                wheel.insert(entry(at, sequence));
                model.insert((at, sequence));
            } else {
                let end = now + (1_u64 << rng.below(40));
                let expected = model.first().copied().filter(|(at, _)| *at < end);
                if let Some(first) = wheel.next_not_before() {
                    assert!(first.as_micros() <= model.first().unwrap().0);
                }
                let got = wheel.pop_before(Time::from_micros(end));
                assert_eq!(got.map(|entry| (entry.at.as_micros(), entry.event)), expected);
                if let Some(first) = expected {
                    model.remove(&first);
                    now = first.0;
                }
            }
            assert_eq!(wheel.len(), model.len());
        }
    }

    #[test]
    fn the_end_of_time_waits_for_ever() {
        let mut wheel = Wheel::new(Time::from_micros(START));
        wheel.insert(entry(u64::MAX, 1));
        assert!(wheel.pop_before(Time::from_micros(u64::MAX)).is_none());
        assert_eq!(wheel.len(), 1);
    }

    #[test]
    fn the_same_moment_goes_by_turn_even_if_scheduled_in_it() {
        let mut wheel = Wheel::new(Time::from_micros(START));
        let end = Time::from_micros(START + 100);
        wheel.insert(entry(START + 9, 5));
        wheel.insert(entry(START + 9, 3));
        assert_eq!(wheel.pop_before(end).unwrap().event, 3);
        wheel.insert(entry(START + 9, 4));
        assert_eq!(wheel.pop_before(end).unwrap().event, 4);
        assert_eq!(wheel.pop_before(end).unwrap().event, 5);
        assert!(wheel.pop_before(end).is_none());
    }
}
