//! What became of each message, put together from what lanes have noted.

use report::tables;
use std::num::NonZeroU64;
use world::{Kind, Observations, Sent, Simulation, Stage, Submitted, Who};

/// All messages of a run, in the order in which they were first heard of.
#[derive(Default)]
pub(crate) struct Messages {
    messages: Vec<(u64, Message)>,
    places: Places,
}

/// Where each message is among all: open addressing, because a run may have many millions.
#[derive(Default)]
struct Places {
    /// A power of two of them, at most half full; the place after the message's, or 0.
    slots: Vec<u32>,
}

/// One message, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) sent: Option<Sent>,
    pub(crate) submitted: Option<Submission>,
    /// When it first came to each stage.
    stages: [Option<NonZeroU64>; STAGES],
    /// How often it was read.
    pub(crate) shown: u32,
}

/// How a message was first submitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Submission {
    at_us: u64,
    padded_bytes: u32,
    ciphertext_bytes: u32,
    prekey: bool,
}

const STAGES: usize = 6;

impl Messages {
    pub(crate) fn add(&mut self, seen: &Observations) {
        for sent in &seen.sent {
            if let Some(message) = self.message(sent.message) {
                message.sent = Some(*sent);
            }
        }
        for submitted in &seen.submitted {
            if let Some(message) = self.message(submitted.message) {
                message.submitted.get_or_insert(Submission::of(submitted));
            }
        }
        for progress in &seen.progress {
            let Some(message) = self.message(progress.message) else { continue };
            let at = NonZeroU64::new(progress.at.as_micros());
            if let Some(first) = message.stages.get_mut(progress.stage as usize) {
                *first = [*first, at].into_iter().flatten().min();
            }
            message.shown += u32::from(progress.stage == Stage::Shown);
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Message)> {
        self.messages.iter().map(|(id, message)| (*id, message))
    }

    /// How many messages have come to a stage.
    pub(crate) fn reached(&self, stage: Stage) -> u64 {
        self.iter().filter(|(_, message)| message.at(stage).is_some()).count() as u64
    }

    /// Microseconds from making to showing, ascending.
    pub(crate) fn latencies(&self) -> Vec<u64> {
        let took = |message: &Message| Some(message.at(Stage::Shown)? - message.sent?.created.as_micros());
        let mut latencies: Vec<u64> = self.iter().filter_map(|(_, message)| took(message)).collect();
        latencies.sort_unstable();
        latencies
    }

    /// The message with this name, new if nobody has heard of it; `None` beyond four thousand million.
    fn message(&mut self, id: u64) -> Option<&mut Message> {
        if self.messages.len() * 2 >= self.places.slots.len() {
            self.places.grow(&self.messages);
        }
        let slot = self.places.slot(id, &self.messages)?;
        if *slot == 0 {
            self.messages.push((id, Message::default()));
            *slot = u32::try_from(self.messages.len()).ok()?;
        }
        let place = usize::try_from(*slot).ok()?.checked_sub(1)?;
        self.messages.get_mut(place).map(|(_, message)| message)
    }
}

impl Places {
    /// The slot of a message: the one that has it, or an empty one.
    fn slot(&mut self, id: u64, messages: &[(u64, Message)]) -> Option<&mut u32> {
        let mask = self.slots.len().checked_sub(1)?;
        // The upper half of the product depends on all digits (Fibonacci hashing).
        let mut at = usize::try_from(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).ok()? & mask;
        loop {
            let place = usize::try_from(*self.slots.get(at)?).ok()?;
            let known = place.checked_sub(1).and_then(|place| messages.get(place));
            if known.is_none_or(|(other, _)| *other == id) {
                return self.slots.get_mut(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self, messages: &[(u64, Message)]) {
        self.slots = vec![0; (self.slots.len() * 2).max(1 << 10)];
        for (place, (id, _)) in (1..).zip(messages) {
            if let Some(slot) = self.slot(*id, messages) {
                *slot = place;
            }
        }
    }
}

impl Submission {
    fn of(submitted: &Submitted) -> Self {
        let Submitted { at, padded_bytes, ciphertext_bytes, prekey, .. } = *submitted;
        Self { at_us: at.as_micros(), padded_bytes, ciphertext_bytes, prekey }
    }
}

impl Message {
    /// When the message came to a stage, in microseconds.
    pub(crate) fn at(&self, stage: Stage) -> Option<u64> {
        self.stages.get(stage as usize).copied().flatten().map(NonZeroU64::get)
    }

    /// What became of it.
    pub(crate) fn status(&self) -> &'static str {
        let furthest = [
            (Stage::Failed, "failed"),
            (Stage::Read, "read"),
            (Stage::Delivered, "delivered"),
            (Stage::Shown, "shown"),
            (Stage::Relayed, "relayed"),
            (Stage::Accepted, "accepted"),
        ];
        furthest.into_iter().find(|(stage, _)| self.at(*stage).is_some()).map_or("made", |(_, name)| name)
    }

    /// The message's row; `None` if nobody knows who sent it.
    pub(crate) fn row<'a>(&self, id: u64, kind: &'a str, run: &Simulation) -> Option<tables::Message<'a>> {
        let sent = self.sent?;
        let business = [sent.from, sent.to].into_iter().find(|who| who.kind() == Kind::Business);
        let submitted = self.submitted.as_ref();
        Some(tables::Message {
            id,
            kind,
            from: u64::from(sent.from.index()),
            to: u64::from(sent.to.index()),
            business: business.map(|business| u64::from(business.index())),
            node: business.map(|business| u64::from(run.node_of(business).index())),
            relay: u64::from(run.relay_of(sent.from).index()),
            suite: run.suite(sent.from),
            direction: direction(sent.from, sent.to),
            size_text: u64::from(sent.bytes),
            size_padded: submitted.map(|submitted| u64::from(submitted.padded_bytes)),
            size_envelope: submitted.map(|submitted| u64::from(submitted.ciphertext_bytes)),
            begins_session: submitted.is_some_and(|submitted| submitted.prekey),
            created_us: sent.created.as_micros(),
            accepted_us: self.at(Stage::Accepted),
            submitted_us: submitted.map(|submitted| submitted.at_us),
            relay_us: self.at(Stage::Relayed),
            shown_us: self.at(Stage::Shown),
            delivered_us: self.at(Stage::Delivered),
            read_us: self.at(Stage::Read),
            status: self.status(),
        })
    }
}

fn direction(from: Who, to: Who) -> &'static str {
    match (from.kind(), to.kind()) {
        (Kind::Business, _) => "to-consumer",
        (_, Kind::Business) => "to-business",
        _ => "between-consumers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Time;
    use world::Progress;

    #[test]
    fn each_message_has_its_own_place_however_many_there_are() {
        let (mut messages, count) = (Messages::default(), 5_000_u64);
        // Names that differ in their upper or in their lower half, as modelled ones do, and 0.
        let name = |number: u64| if number.is_multiple_of(2) { number << 32 } else { number };
        for (turn, stage) in [(1, Stage::Accepted), (2, Stage::Shown), (3, Stage::Shown)] {
            let progress = |number| {
                let at = Time::from_micros(number * 10 + turn);
                Progress { at, message: name(number), stage }
            };
            let progress = (0..count).map(progress).collect();
            messages.add(&Observations { progress, ..Observations::default() });
        }
        assert_eq!((messages.len() as u64, messages.reached(Stage::Shown)), (count, count));
        for (number, (id, message)) in (0..).zip(messages.iter()) {
            assert_eq!((id, message.shown), (name(number), 2));
            assert_eq!(message.at(Stage::Accepted), Some(number * 10 + 1));
            assert_eq!(message.at(Stage::Shown), Some(number * 10 + 2), "the first time counts");
        }
    }
}
