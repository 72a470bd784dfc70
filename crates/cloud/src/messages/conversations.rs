//! When each consumer wrote last to each business: what opens the window in which the business may answer freely. A row for each
//! pair, until it has been silent for longer than any window is open.

use crate::proto;
use crate::rows::{CONVERSATIONS, conversation_key, read_conversation_key};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Number;

/// No window is longer: that of a free entry point is open for three days (Cloud API documentation, "Pricing").
pub(crate) const REMEMBERED: Duration = Duration::from_secs(72 * 3600);

/// Business and consumer.
type Pair = (Number, Number);

/// All pairs of which the consumer has written lately.
#[derive(Default)]
pub(crate) struct Conversations {
    heard: BTreeMap<Pair, Heard>,
    by_age: BTreeSet<(Time, Pair)>,
}

#[derive(Clone, Copy)]
struct Heard {
    revision: u64,
    at: Time,
}

impl Conversations {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::ConversationRow::decode(&*row.value).map_err(|e| RestoreError::new(row, e))?;
        let pair =
            read_conversation_key(&row.key).ok_or_else(|| RestoreError::new(row, "not a pair of numbers"))?;
        let at = Time::from_micros(stored.heard_us);
        self.heard.insert(pair, Heard { revision: row.at, at });
        self.by_age.insert((at, pair));
        Ok(())
    }

    /// The consumer wrote to the business.
    pub(crate) fn hear(&mut self, now: Time, pair: Pair, transaction: &mut Transaction) {
        let heard = self.heard.entry(pair).or_insert(Heard { revision: 0, at: now });
        self.by_age.remove(&(heard.at, pair));
        self.by_age.insert((now, pair));
        heard.at = now;
        let row = || proto::ConversationRow { heard_us: now.as_micros() };
        heard.revision = transaction.swap_with(CONVERSATIONS, heard.revision, || {
            (conversation_key(pair.0, pair.1), row().encode_to_vec())
        });
    }

    /// When the consumer wrote to the business last; `None` if that is longer ago than is [`REMEMBERED`], or never was.
    pub(crate) fn last_heard(&self, business: Number, consumer: Number) -> Option<Time> {
        self.heard.get(&(business, consumer)).map(|heard| heard.at)
    }

    /// When the pair that has been silent for longest was heard.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.by_age.first().map(|(at, _)| *at)
    }

    /// Forgets those that were heard at or before `time`.
    pub(crate) fn expire(&mut self, time: Time, transaction: &mut Transaction) {
        while let Some((at, pair)) = self.by_age.first().filter(|(at, _)| *at <= time).copied() {
            self.by_age.remove(&(at, pair));
            self.heard.remove(&pair);
            transaction.remove_with(CONVERSATIONS, || conversation_key(pair.0, pair.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_counts_and_is_forgotten_after_every_window() {
        let number = |digits: &str| digits.parse::<Number>().unwrap();
        let (shop, alice, bob) = (number("15550783881"), number("16505551234"), number("491512345678"));
        let (mut conversations, mut transaction) = (Conversations::default(), Transaction::default());
        for (at, consumer) in [(1, alice), (2, bob), (5, alice)] {
            conversations.hear(Time::from_secs(at), (shop, consumer), &mut transaction);
        }
        assert_eq!(conversations.last_heard(shop, alice), Some(Time::from_secs(5)));
        assert_eq!(conversations.last_heard(alice, shop), None);
        assert_eq!(conversations.oldest(), Some(Time::from_secs(2)));
        conversations.expire(Time::from_secs(2), &mut transaction);
        assert_eq!(conversations.last_heard(shop, bob), None);
        assert_eq!(conversations.oldest(), Some(Time::from_secs(5)));
    }
}
