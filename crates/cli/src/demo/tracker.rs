//! What became of every message, and when.

use crate::sink::Event;
use kernel::{Rng, Time};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The way of all messages of a demonstration.
pub(crate) struct Tracker {
    pub(crate) consumers: u32,
    pub(crate) messages: u32,
    /// One for each consumer: a text that is in all its messages, and nowhere else in the world.
    pub(crate) canaries: Vec<String>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) ways: Vec<Way>,
    pub(crate) statuses: BTreeMap<String, Statuses>,
    pub(crate) duplicates: u64,
    pub(crate) refused: u64,
    pub(crate) forged: u64,
    pub(crate) redelivered: u64,
    registered: u32,
    shown: u32,
    answered: u32,
    read: u32,
}

/// One message of a business, and its answer.
#[derive(Default, Clone)]
pub(crate) struct Way {
    pub(crate) posted: Option<Time>,
    pub(crate) accepted: Option<Time>,
    pub(crate) shown: Option<Time>,
    pub(crate) answered: Option<Time>,
    pub(crate) wamid: Option<String>,
    answer_wamid: Option<String>,
}

/// When the webhooks of one message's statuses arrived.
#[derive(Default, Clone)]
pub(crate) struct Statuses {
    pub(crate) sent: Option<Time>,
    pub(crate) delivered: Option<Time>,
    pub(crate) read: Option<Time>,
    pub(crate) failed: bool,
}

impl Tracker {
    pub(crate) fn new(consumers: u32, messages: u32, rng: &mut Rng) -> Self {
        let state = State { ways: vec![Way::default(); messages as usize], ..State::default() };
        let canaries = (0..consumers).map(|_| hex::encode_upper(rng.bytes::<12>())).collect();
        Self { consumers, messages, canaries, state: Mutex::new(state) }
    }

    /// The text of a message: it names itself, and carries its conversation's canary.
    pub(crate) fn text(&self, message: u32) -> String {
        let consumer = message.checked_rem(self.consumers).unwrap_or_default();
        let canary = self.canaries.get(consumer as usize).map_or("", String::as_str);
        format!("Message {message} to you alone: {canary}")
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn registered(&self) {
        self.lock().registered += 1;
    }

    pub(crate) fn all_registered(&self) -> bool {
        self.lock().registered >= self.consumers
    }

    pub(crate) fn posted(&self, message: u32, now: Time) {
        if let Some(way) = self.lock().ways.get_mut(message as usize) {
            way.posted = Some(now);
        }
    }

    pub(crate) fn accepted(&self, message: u32, wamid: Option<String>, now: Time) {
        let mut state = self.lock();
        match (state.ways.get_mut(message as usize), wamid) {
            (Some(way), Some(wamid)) => {
                way.accepted = Some(now);
                way.wamid = Some(wamid);
            }
            _ => state.refused += 1,
        }
    }

    /// A consumer's screen showed a text.
    pub(crate) fn shown(&self, text: &str, now: Time) {
        let mut state = self.lock();
        let State { ways, shown, duplicates, .. } = &mut *state;
        match message_of(text).and_then(|message| ways.get_mut(message as usize)) {
            Some(way) if way.shown.is_none() => {
                way.shown = Some(now);
                *shown += 1;
            }
            _ => *duplicates += 1,
        }
    }

    /// A webhook event arrived at the business.
    pub(crate) fn webhook(&self, event: Event, now: Time) {
        let mut state = self.lock();
        let State { ways, statuses, duplicates, redelivered, answered, read, .. } = &mut *state;
        match event {
            Event::Status { id, status } => {
                let statuses = statuses.entry(id).or_default();
                let slot = match status.as_str() {
                    "sent" => &mut statuses.sent,
                    "delivered" => &mut statuses.delivered,
                    "read" => &mut statuses.read,
                    _ => return statuses.failed = true,
                };
                let first = slot.is_none();
                slot.get_or_insert(now);
                match (first, status.as_str()) {
                    (false, _) => *redelivered += 1,
                    (true, "read") => *read += 1,
                    _ => {}
                }
            }
            Event::Message { id, text, .. } => {
                let way = message_of(&text).and_then(|message| ways.get_mut(message as usize));
                match way {
                    Some(way) if way.answered.is_none() => {
                        way.answered = Some(now);
                        way.answer_wamid = Some(id);
                        *answered += 1;
                    }
                    // The same event again is what "at least once" allows; another with this text is not.
                    Some(way) if way.answer_wamid.as_ref() == Some(&id) => *redelivered += 1,
                    _ => *duplicates += 1,
                }
            }
            Event::Other(_) => {}
        }
    }

    pub(crate) fn forged(&self) {
        self.lock().forged += 1;
    }

    /// Messages that arrived, both ways.
    pub(crate) fn arrived(&self) -> u64 {
        let state = self.lock();
        u64::from(state.shown) + u64::from(state.answered)
    }

    /// True once all have arrived, and the businesses know it.
    pub(crate) fn is_complete(&self) -> bool {
        let state = self.lock();
        state.shown >= self.messages && state.answered >= self.messages && state.read >= self.messages
    }
}

/// Which message a text is.
fn message_of(text: &str) -> Option<u32> {
    text.strip_prefix("Message ")?.split_once(' ')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use kernel::Seed;

    fn tracker(consumers: u32, messages: u32) -> Tracker {
        Tracker::new(consumers, messages, &mut Rng::for_entity(&Seed::from_number(1), "test"))
    }

    const NOW: Time = Time::from_secs(5);

    fn answer(id: &str, tracker: &Tracker, message: u32) -> Event {
        Event::Message { id: id.into(), from: "49".into(), text: tracker.text(message) }
    }

    fn status(id: &str, status: &str) -> Event {
        Event::Status { id: id.into(), status: status.into() }
    }

    #[test]
    fn a_text_names_its_message_and_carries_its_conversations_canary() {
        let tracker = tracker(3, 7);
        assert_eq!(message_of(&tracker.text(6)), Some(6));
        assert!(tracker.text(4).ends_with(&tracker.canaries[1]));
        assert_ne!(tracker.canaries[0], tracker.canaries[1]);
        assert_eq!(message_of("Message x to you"), None);
    }

    #[test]
    fn all_is_over_when_everything_was_shown_answered_and_read() {
        let tracker = tracker(1, 1);
        tracker.posted(0, NOW);
        tracker.accepted(0, Some("w1".into()), NOW);
        tracker.shown(&tracker.text(0), NOW);
        tracker.webhook(answer("w2", &tracker, 0), NOW);
        assert!(!tracker.is_complete());
        tracker.webhook(status("w1", "read"), NOW);
        assert!(tracker.is_complete());
        assert_eq!(tracker.arrived(), 2);
    }

    #[test]
    fn the_same_webhook_again_is_redelivered_and_another_with_its_text_a_duplicate() {
        let tracker = tracker(1, 2);
        tracker.webhook(answer("w", &tracker, 0), NOW);
        tracker.webhook(answer("w", &tracker, 0), NOW);
        tracker.webhook(status("w", "sent"), NOW);
        tracker.webhook(status("w", "sent"), NOW);
        let counted = || {
            let state = tracker.lock();
            (state.redelivered, state.duplicates)
        };
        assert_eq!(counted(), (2, 0));
        tracker.webhook(answer("other", &tracker, 0), NOW);
        tracker.shown(&tracker.text(1), NOW);
        tracker.shown(&tracker.text(1), NOW);
        tracker.shown("what nobody sent", NOW);
        assert_eq!(counted(), (2, 3));
    }

    #[test]
    fn a_call_that_was_not_accepted_is_counted_as_refused() {
        let tracker = tracker(1, 1);
        tracker.accepted(0, None, NOW);
        tracker.accepted(9, Some("w".into()), NOW);
        assert_eq!(tracker.lock().refused, 2);
        tracker.webhook(status("w", "failed"), NOW);
        assert!(tracker.lock().statuses["w"].failed);
    }
}
