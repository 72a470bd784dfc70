//! Who is writing to the person now. It is shown for a while, or until the next message; nothing of it is kept.

use kernel::Time;
use std::collections::BTreeMap;
use std::time::Duration;
use wire::Number;

/// As the Cloud API documents it ("Typing indicators").
const SHOWN_FOR: Duration = Duration::from_secs(25);

/// So many people at once; of more nothing is shown, whoever they are.
const MOST: usize = 64;

#[derive(Default)]
pub(crate) struct Typing {
    until: BTreeMap<Number, Time>,
}

impl Typing {
    /// Somebody said at `said_at_s` that they are writing: true if that is to be shown, and is not yet. What comes late, to
    /// an app that was offline, says nothing of now.
    pub(crate) fn begin(&mut self, from: Number, said_at_s: u64, now: Time) -> bool {
        let is_late = said_at_s.saturating_add(SHOWN_FOR.as_secs()) < now.as_secs();
        let is_shown = self.until.contains_key(&from);
        if is_late || (!is_shown && self.until.len() == MOST) {
            return false;
        }
        self.until.insert(from, now + SHOWN_FOR);
        !is_shown
    }

    /// Something came of somebody: true if it was shown that they are writing.
    pub(crate) fn end(&mut self, from: Number) -> bool {
        self.until.remove(&from).is_some()
    }

    /// When the next of them is over.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.until.values().min().copied()
    }

    /// Those of whom it has been shown for long enough.
    pub(crate) fn over(&mut self, now: Time) -> Vec<Number> {
        let over: Vec<_> =
            self.until.iter().filter(|(_, until)| **until <= now).map(|(from, _)| *from).collect();
        self.until.retain(|_, until| *until > now);
        over
    }
}
