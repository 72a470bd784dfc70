//! That a consumer's message arrived: so that it can be marked as read, and is shown once only.

use crate::proto;
use crate::rows::{INBOUND, inbound_key};
use content::MessageId;
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use wire::Number;

/// Business, consumer, and the consumer's name for the message.
type Key = (Number, Number, MessageId);

/// All messages that arrived within the retention period.
#[derive(Default)]
pub(crate) struct Inbound {
    messages: BTreeMap<Key, Message>,
    by_age: BTreeSet<(Time, Key)>,
}

#[derive(Clone, Copy)]
struct Message {
    revision: u64,
    received: Time,
    read: bool,
    is_reaction: bool,
}

impl Inbound {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::InboundRow::decode(&*row.value).map_err(|e| RestoreError::new(row, e))?;
        let key = read_key(&stored).ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        let received = Time::from_micros(stored.received_us);
        self.by_age.insert((received, key.clone()));
        self.messages.insert(
            key,
            Message { revision: row.at, received, read: stored.read, is_reaction: stored.is_reaction },
        );
        Ok(())
    }

    /// True if a reaction can be at the message: it arrived within the retention period, and is none itself.
    pub(crate) fn takes_reactions(&self, key: &Key) -> bool {
        self.messages.get(key).is_some_and(|message| !message.is_reaction)
    }

    /// True if the message arrived within the retention period.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.messages.contains_key(key)
    }

    /// A message arrived; false if one of that name did before.
    pub(crate) fn add(
        &mut self,
        now: Time,
        key: Key,
        is_reaction: bool,
        transaction: &mut Transaction,
    ) -> bool {
        if self.contains(&key) {
            return false;
        }
        let mut message = Message { revision: 0, received: now, read: false, is_reaction };
        message.write(&key, transaction);
        self.by_age.insert((now, key.clone()));
        self.messages.insert(key, message);
        true
    }

    /// The business has seen this message, and all before it. Gives those that it had not seen before;
    /// `None` if there is no such message.
    pub(crate) fn mark_read(&mut self, key: &Key, transaction: &mut Transaction) -> Option<Vec<MessageId>> {
        let received = self.messages.get(key)?.received;
        let mut seen = Vec::new();
        let thread = self.messages.range_mut(first_of_thread(key)?..);
        for (other, message) in thread.take_while(|(other, _)| (other.0, other.1) == (key.0, key.1)) {
            if !message.read && (message.received < received || other == key) {
                message.read = true;
                message.write(other, transaction);
                seen.push((message.received, other.2.clone()));
            }
        }
        seen.sort();
        Some(seen.into_iter().map(|(_, id)| id).collect())
    }

    /// When the oldest message arrived.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.by_age.first().map(|(received, _)| *received)
    }

    /// Forgets what arrived at or before `time`.
    pub(crate) fn expire(&mut self, time: Time, transaction: &mut Transaction) {
        while let Some(oldest) = self.by_age.first().filter(|(received, _)| *received <= time).cloned() {
            self.by_age.remove(&oldest);
            let key = oldest.1;
            self.messages.remove(&key);
            transaction.remove_with(INBOUND, || inbound_key(key.0, key.1, &key.2));
        }
    }
}

impl Message {
    fn write(&mut self, key: &Key, transaction: &mut Transaction) {
        let row = || proto::InboundRow {
            business: key.0.as_integer(),
            consumer: key.1.as_integer(),
            message_id: key.2.as_str().to_owned(),
            received_us: self.received.as_micros(),
            read: self.read,
            is_reaction: self.is_reaction,
        };
        let revision = self.revision;
        self.revision = transaction
            .swap_with(INBOUND, revision, || (inbound_key(key.0, key.1, &key.2), row().encode_to_vec()));
    }
}

/// Before every name that a message of the thread can have: names are digits, and "0" is the first.
fn first_of_thread(key: &Key) -> Option<Key> {
    Some((key.0, key.1, "0".parse().ok()?))
}

fn read_key(row: &proto::InboundRow) -> Option<Key> {
    let (business, consumer) = (Number::from_integer(row.business), Number::from_integer(row.consumer));
    Some((business.ok()?, consumer.ok()?, row.message_id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(consumer: &str, name: &str) -> Key {
        ("15550783881".parse().unwrap(), consumer.parse().unwrap(), name.parse().unwrap())
    }

    #[test]
    fn reading_one_reads_those_before_it() {
        let (mut inbound, mut transaction) = (Inbound::default(), Transaction::default());
        let (alice, bob) = ("16505551234", "491512345678");
        for (at, key) in
            [(1, key(alice, "B1")), (2, key(alice, "A2")), (2, key(bob, "A0")), (3, key(alice, "00"))]
        {
            assert!(inbound.add(Time::from_secs(at), key.clone(), false, &mut transaction));
            assert!(!inbound.add(Time::from_secs(9), key, false, &mut transaction));
        }
        let mut read = |name| {
            let ids = inbound.mark_read(&key(alice, name), &mut transaction)?;
            Some(ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read("A2").unwrap(), ["B1", "A2"]);
        assert!(read("A2").unwrap().is_empty());
        assert_eq!(read("00").unwrap(), ["00"]);
        assert_eq!(read("FF"), None);
        inbound.expire(Time::from_secs(2), &mut transaction);
        assert_eq!(inbound.oldest(), Some(Time::from_secs(3)));
    }
}
