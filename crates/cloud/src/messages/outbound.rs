//! How far each message to a consumer has come. What it says is the endpoint's.

use crate::proto;
use crate::rows::{OUTBOUND, outbound_key};
use content::MessageId;
use graph::TemplateId;
use graph::webhook::StatusKind as Status;
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use wire::{BillingClass, Number};

type Key = (Number, MessageId);

/// All messages to consumers that can still change.
#[derive(Default)]
pub(crate) struct Outbound {
    messages: BTreeMap<Key, Message>,
    by_age: BTreeSet<(Time, Key)>,
}

struct Message {
    revision: u64,
    consumer: Number,
    progress: proto::Status,
    callback_data: String,
    billing_class: BillingClass,
    is_reaction: bool,
    template: Option<TemplateId>,
    created: Time,
    updated: Time,
}

/// A new message.
pub(crate) struct Started {
    pub(crate) consumer: Number,
    pub(crate) callback_data: String,
    /// Of a reaction the business hears only that it was sent, or has failed.
    pub(crate) is_reaction: bool,
    pub(crate) billing_class: BillingClass,
    /// What it is a message of.
    pub(crate) template: Option<TemplateId>,
}

/// What the business has not heard yet.
pub(crate) struct News {
    pub(crate) consumer: Number,
    pub(crate) callback_data: String,
    /// In order.
    pub(crate) statuses: Vec<Status>,
}

impl Outbound {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::OutboundRow::decode(&*row.value).map_err(|e| RestoreError::new(row, e))?;
        let (key, message) =
            read(row.at, stored).ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        self.by_age.insert((message.updated, key.clone()));
        self.messages.insert(key, message);
        Ok(())
    }

    /// A new message, accepted by this node.
    pub(crate) fn add(&mut self, now: Time, key: Key, started: Started, transaction: &mut Transaction) {
        let Started { consumer, callback_data, is_reaction, billing_class, template } = started;
        let mut message = Message {
            revision: 0,
            consumer,
            progress: proto::Status::Accepted,
            callback_data,
            billing_class,
            is_reaction,
            template,
            created: now,
            updated: now,
        };
        message.write(&key, transaction);
        self.by_age.insert((message.updated, key.clone()));
        self.messages.insert(key, message);
    }

    /// A message came as far as `status`, and so through all before it. `None` if that is no news, or
    /// it is no message to `consumer`.
    pub(crate) fn advance(
        &mut self,
        now: Time,
        key: &Key,
        consumer: Option<Number>,
        status: Status,
        transaction: &mut Transaction,
    ) -> Option<News> {
        let message = self.messages.get_mut(key)?;
        if consumer.is_some_and(|consumer| consumer != message.consumer) {
            return None;
        }
        let mut statuses = missing(message.progress, status);
        if message.is_reaction && matches!(status, Status::Delivered | Status::Read) {
            statuses.retain(|status| *status == Status::Sent);
            let news = message.news(statuses);
            self.forget(key, transaction);
            return news;
        }
        let news = message.news(statuses)?;
        message.progress = match status {
            Status::Sent => proto::Status::Sent,
            Status::Delivered => proto::Status::Delivered,
            Status::Read | Status::Failed => {
                self.forget(key, transaction);
                return Some(news);
            }
        };
        let before = std::mem::replace(&mut message.updated, now);
        message.write(key, transaction);
        if before != now {
            self.by_age.remove(&(before, key.clone()));
            self.by_age.insert((now, key.clone()));
        }
        Some(news)
    }

    /// True if a reaction can be at the message: it is one to `consumer` that is known, and no reaction itself.
    pub(crate) fn takes_reactions(&self, key: &Key, consumer: Number) -> bool {
        self.messages.get(key).is_some_and(|message| message.consumer == consumer && !message.is_reaction)
    }

    /// Forgets a message of which nothing more will be said.
    pub(crate) fn forget(&mut self, key: &Key, transaction: &mut Transaction) {
        if let Some(message) = self.messages.remove(key) {
            self.by_age.remove(&(message.updated, key.clone()));
            transaction.remove_with(OUTBOUND, || outbound_key(key.0, &key.1));
        }
    }

    /// When the message that has not changed for longest did.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.by_age.first().map(|(updated, _)| *updated)
    }

    /// Forgets what has not changed since `time`.
    pub(crate) fn expire(&mut self, time: Time, transaction: &mut Transaction) {
        while let Some((_, key)) = self.by_age.first().filter(|(updated, _)| *updated <= time).cloned() {
            self.forget(&key, transaction);
        }
    }

    /// True if a message of a template has not arrived yet.
    pub(crate) fn awaits_template(&self, template: TemplateId) -> bool {
        let is_on_its_way = |message: &Message| {
            message.template == Some(template) && message.progress != proto::Status::Delivered
        };
        self.messages.values().any(is_on_its_way)
    }

    /// How many messages can still change.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

impl Message {
    fn news(&self, statuses: Vec<Status>) -> Option<News> {
        let (consumer, callback_data) = (self.consumer, self.callback_data.clone());
        (!statuses.is_empty()).then_some(News { consumer, callback_data, statuses })
    }

    fn write(&mut self, key: &Key, transaction: &mut Transaction) {
        let row = || proto::OutboundRow {
            business: key.0.as_integer(),
            consumer: self.consumer.as_integer(),
            message_id: key.1.as_str().to_owned(),
            status: self.progress.into(),
            callback_data: self.callback_data.clone(),
            billing_class: u32::try_from(i32::from(self.billing_class)).unwrap_or_default(),
            created_us: self.created.as_micros(),
            updated_us: self.updated.as_micros(),
            is_reaction: self.is_reaction,
            template_id: self.template.map(|id| id.as_str().to_owned()).unwrap_or_default(),
        };
        let revision = self.revision;
        self.revision = transaction
            .swap_with(OUTBOUND, revision, || (outbound_key(key.0, &key.1), row().encode_to_vec()));
    }
}

/// The statuses that a message has behind it when it has `status`, without those that are known.
fn missing(progress: proto::Status, status: Status) -> Vec<Status> {
    let known = match progress {
        proto::Status::Accepted => None,
        proto::Status::Sent => Some(Status::Sent),
        proto::Status::Delivered => Some(Status::Delivered),
    };
    if status == Status::Failed {
        // What the device has can't fail any more.
        return if known == Some(Status::Delivered) { Vec::new() } else { vec![Status::Failed] };
    }
    let way = [Status::Sent, Status::Delivered, Status::Read];
    way.into_iter().filter(|step| Some(*step) > known && *step <= status).collect()
}

fn read(revision: u64, row: proto::OutboundRow) -> Option<(Key, Message)> {
    let progress = row.status();
    let message = Message {
        revision,
        consumer: Number::from_integer(row.consumer).ok()?,
        progress,
        callback_data: row.callback_data,
        billing_class: BillingClass::try_from(i32::try_from(row.billing_class).ok()?).ok()?,
        is_reaction: row.is_reaction,
        template: row.template_id.parse().ok(),
        created: Time::from_micros(row.created_us),
        updated: Time::from_micros(row.updated_us),
    };
    Some(((Number::from_integer(row.business).ok()?, row.message_id.parse().ok()?), message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(digits: &str) -> Number {
        digits.parse().unwrap()
    }

    fn started(is_reaction: bool) -> Started {
        Started {
            consumer: number("16505551234"),
            callback_data: String::new(),
            is_reaction,
            billing_class: BillingClass::Service,
            template: None,
        }
    }

    proptest! {
        /// Whatever comes in whatever order and however often: each status once, in order, none after the end.
        #[test]
        fn each_status_once_and_in_order(arriving in prop::collection::vec(0usize..4, 0..12)) {
            let all = [Status::Sent, Status::Delivered, Status::Read, Status::Failed];
            let (mut outbound, mut transaction) = (Outbound::default(), Transaction::default());
            let key = (number("15550783881"), MessageId::from_random(&[1; 9]));
            outbound.add(Time::EPOCH, key.clone(), started(false), &mut transaction);
            let mut heard = Vec::new();
            for arrives in arriving {
                let news = outbound.advance(Time::EPOCH, &key, None, all[arrives], &mut transaction);
                heard.extend(news.into_iter().flat_map(|news| news.statuses));
            }
            prop_assert!(heard.is_sorted() && heard.windows(2).all(|pair| pair[0] != pair[1]));
            if heard.contains(&Status::Read) {
                prop_assert_eq!(heard, &all[..3]);
                prop_assert_eq!(outbound.len(), 0);
            }
        }
    }

    proptest! {
        /// Of a reaction the business hears that it was sent, once, and no more.
        #[test]
        fn of_a_reaction_nothing_is_said_after_it_was_sent(arriving in prop::collection::vec(0usize..3, 0..6)) {
            let all = [Status::Sent, Status::Delivered, Status::Read];
            let (mut outbound, mut transaction) = (Outbound::default(), Transaction::default());
            let key = (number("15550783881"), MessageId::from_random(&[1; 9]));
            outbound.add(Time::EPOCH, key.clone(), started(true), &mut transaction);
            prop_assert!(!outbound.takes_reactions(&key, number("16505551234")));
            let mut heard = Vec::new();
            for arrives in &arriving {
                let news = outbound.advance(Time::EPOCH, &key, None, all[*arrives], &mut transaction);
                heard.extend(news.into_iter().flat_map(|news| news.statuses));
            }
            let sent = [Status::Sent];
            prop_assert_eq!(&heard[..], if arriving.is_empty() { &[][..] } else { &sent });
            prop_assert_eq!(outbound.len(), usize::from(arriving.iter().all(|arrives| *arrives == 0)));
        }
    }

    #[test]
    fn a_stranger_can_not_read_it() {
        let (mut outbound, mut transaction) = (Outbound::default(), Transaction::default());
        let key = (number("15550783881"), MessageId::from_random(&[1; 9]));
        outbound.add(Time::EPOCH, key.clone(), started(false), &mut transaction);
        let stranger = Some(number("491512345678"));
        assert!(outbound.advance(Time::EPOCH, &key, stranger, Status::Read, &mut transaction).is_none());
        assert_eq!(outbound.len(), 1);
    }
}
