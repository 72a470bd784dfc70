//! One endpoint as the relay knows it: what it submitted, and what waits for it.

use crate::addresses::Addresses;
use crate::proto;
use crate::rows::{ENDPOINTS, INBOX, link_key};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use smallvec::SmallVec;
use std::collections::VecDeque;
use wire::{Address, ConnectionId, InboxItem, LinkKey};

/// A device or gateway.
pub(crate) struct Endpoint {
    pub(crate) key: LinkKey,
    revision: u64,
    pub(crate) gateway: bool,
    pub(crate) accepted_through: u64,
    acknowledged_through: u64,
    inbox: VecDeque<Waiting>,
    pub(crate) addresses: Addresses,
    /// A gateway's totals have changed since it heard them.
    pub(crate) metering_due: bool,
    pub(crate) connection: Option<ConnectionId>,
    /// Whose keys it has asked for on this connection, where another shard has to answer.
    pub(crate) questions: Vec<Address>,
    /// Up to here the inbox has gone out on this connection.
    pushed_through: u64,
}

/// What was in an inbox, by its sequence: most acknowledgements are for one item.
pub(crate) type Gone = SmallVec<[(u64, InboxItem); 1]>;

struct Waiting {
    sequence: u64,
    accepted: Time,
    item: InboxItem,
}

impl Endpoint {
    pub(crate) fn new(key: LinkKey) -> Self {
        Self {
            key,
            revision: 0,
            gateway: false,
            accepted_through: 0,
            acknowledged_through: 0,
            inbox: VecDeque::new(),
            addresses: Addresses::default(),
            metering_due: false,
            connection: None,
            questions: Vec::new(),
            pushed_through: 0,
        }
    }

    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::EndpointRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        self.revision = row.at;
        self.gateway = stored.gateway;
        self.accepted_through = stored.accepted_through;
        self.acknowledged_through = stored.acknowledged_through;
        Ok(())
    }

    pub(crate) fn restore_item(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::InboxRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let item = InboxItem::from_bytes(stored.item).map_err(|e| RestoreError::new(row, e))?;
        let accepted = Time::from_micros(stored.accepted_us);
        self.inbox.push_back(Waiting { sequence: row.at, accepted, item });
        Ok(())
    }

    /// Makes what is known of the endpoint durable.
    pub(crate) fn write(&mut self, transaction: &mut Transaction) {
        let row = proto::EndpointRow {
            gateway: self.gateway,
            accepted_through: self.accepted_through,
            acknowledged_through: self.acknowledged_through,
        };
        self.revision =
            transaction.swap_with(ENDPOINTS, self.revision, || (link_key(self.key), row.encode_to_vec()));
    }

    /// Keeps an item until the endpoint has it.
    pub(crate) fn append(&mut self, now: Time, item: InboxItem, transaction: &mut Transaction) {
        let sequence = self.inbox.back().map_or(self.acknowledged_through, |last| last.sequence) + 1;
        let row = || proto::InboxRow { accepted_us: now.as_micros(), item: item.to_bytes() };
        transaction.append_with(INBOX, sequence, || (link_key(self.key), row().encode_to_vec()));
        self.inbox.push_back(Waiting { sequence, accepted: now, item });
    }

    /// The endpoint has everything up to `through`: deletes it, and says what it was.
    pub(crate) fn acknowledge(&mut self, through: u64, transaction: &mut Transaction) -> Gone {
        let mut gone = Gone::new();
        while let Some(waiting) = self.inbox.pop_front_if(|waiting| waiting.sequence <= through) {
            self.acknowledged_through = waiting.sequence;
            gone.push((waiting.sequence, waiting.item));
        }
        if !gone.is_empty() {
            transaction.trim_with(INBOX, self.acknowledged_through, || link_key(self.key));
            self.write(transaction);
        }
        gone
    }

    /// Deletes what was accepted at or before `time`.
    pub(crate) fn expire(&mut self, time: Time, transaction: &mut Transaction) {
        let last = self.inbox.iter().take_while(|waiting| waiting.accepted <= time).last();
        if let Some(through) = last.map(|waiting| waiting.sequence) {
            self.acknowledge(through, transaction);
        }
    }

    /// When the oldest item was accepted.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.inbox.front().map(|waiting| waiting.accepted)
    }

    /// A new connection: everything goes out again that it has not acknowledged.
    pub(crate) fn connected(&mut self, connection: ConnectionId, delivered_through: u64) {
        self.connection = Some(connection);
        self.pushed_through = delivered_through;
        self.questions.clear();
    }

    /// The connection is gone, and with it what was asked on it either way.
    pub(crate) fn disconnected(&mut self) {
        self.connection = None;
        self.questions.clear();
        self.addresses.forget_questions();
    }

    /// True if the endpoint waits for these keys; then no longer.
    pub(crate) fn take_question(&mut self, address: Address) -> bool {
        let place = self.questions.iter().position(|question| *question == address);
        place.map(|place| self.questions.remove(place)).is_some()
    }

    /// Says what may go out now, so that at most `window` items are unacknowledged.
    pub(crate) fn push(&mut self, window: u64, mut say: impl FnMut(u64, InboxItem)) {
        let until = self.acknowledged_through.saturating_add(window);
        let unsent = self.inbox.partition_point(|waiting| waiting.sequence <= self.pushed_through);
        let unsent = self.inbox.iter().skip(unsent);
        for waiting in unsent.take_while(|waiting| waiting.sequence <= until) {
            say(waiting.sequence, waiting.item.clone());
            self.pushed_through = waiting.sequence;
        }
    }
}
