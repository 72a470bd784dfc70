//! One endpoint as the relay knows it: what it submitted, and what waits for it.

use crate::addresses::Addresses;
use crate::proto;
use crate::rows::{ENDPOINTS, INBOX, link_key};
use kernel::{RestoreError, Rng, Row, Time, Transaction};
use prost::Message as _;
use smallvec::SmallVec;
use std::collections::VecDeque;
use wire::{Address, ConnectionId, InboxItem, LinkKey, Position};

/// A device or gateway.
pub(crate) struct Endpoint {
    pub(crate) key: LinkKey,
    revision: u64,
    pub(crate) gateway: bool,
    pub(crate) accepted: Position,
    acknowledged: Position,
    /// The name of what it published last.
    pub(crate) published: u64,
    /// Up to here the inbox has been dropped, too old; never acknowledged, if it is more than `acknowledged`.
    dropped_through: u64,
    /// The names of what was dropped, from the first that was not acknowledged on: an endpoint may have got those.
    dropped: Vec<u64>,
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
    position: Position,
    accepted: Time,
    item: InboxItem,
}

impl Endpoint {
    pub(crate) fn new(key: LinkKey) -> Self {
        Self {
            key,
            revision: 0,
            gateway: false,
            accepted: Position::default(),
            acknowledged: Position::default(),
            published: 0,
            dropped_through: 0,
            dropped: Vec::new(),
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
        self.accepted = Position { sequence: stored.accepted_through, name: stored.accepted_name };
        self.acknowledged =
            Position { sequence: stored.acknowledged_through, name: stored.acknowledged_name };
        self.published = stored.published_name;
        self.dropped_through = stored.dropped_through;
        let names = stored.dropped_names.as_chunks::<8>().0.iter();
        self.dropped = names.map(|name| u64::from_be_bytes(*name)).collect();
        Ok(())
    }

    pub(crate) fn restore_item(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::InboxRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let item = InboxItem::from_bytes(stored.item).map_err(|e| RestoreError::new(row, e))?;
        let accepted = Time::from_micros(stored.accepted_us);
        let position = Position { sequence: row.at, name: stored.name };
        self.inbox.push_back(Waiting { position, accepted, item });
        Ok(())
    }

    /// Makes what is known of the endpoint durable.
    pub(crate) fn write(&mut self, transaction: &mut Transaction) {
        let row = || proto::EndpointRow {
            gateway: self.gateway,
            accepted_through: self.accepted.sequence,
            acknowledged_through: self.acknowledged.sequence,
            accepted_name: self.accepted.name,
            acknowledged_name: self.acknowledged.name,
            published_name: self.published,
            dropped_through: self.dropped_through,
            dropped_names: self.dropped.iter().flat_map(|name| name.to_be_bytes()).collect(),
        };
        let revision = self.revision;
        self.revision =
            transaction.swap_with(ENDPOINTS, revision, || (link_key(self.key), row().encode_to_vec()));
    }

    /// The endpoint says hello for the first time: its queues get names that no other relay has for them, and this one not
    /// either once it has been emptied.
    pub(crate) fn meet(&mut self, rng: &mut Rng, transaction: &mut Transaction) {
        if (self.accepted, self.acknowledged) == Default::default() {
            let [accepted, acknowledged] = [rng.bytes(), rng.bytes()].map(u64::from_be_bytes);
            (self.accepted, self.acknowledged) = (Position::start(accepted), Position::start(acknowledged));
            self.write(transaction);
        }
    }

    /// Keeps an item until the endpoint has it.
    pub(crate) fn append(&mut self, now: Time, item: InboxItem, transaction: &mut Transaction) {
        let position = item.behind(self.last());
        let row =
            || proto::InboxRow { accepted_us: now.as_micros(), item: item.to_bytes(), name: position.name };
        transaction.append_with(INBOX, position.sequence, || (link_key(self.key), row().encode_to_vec()));
        self.inbox.push_back(Waiting { position, accepted: now, item });
    }

    /// Behind everything that was ever in the inbox.
    fn last(&self) -> Position {
        self.inbox.back().map_or_else(
            || Position {
                sequence: self.acknowledged.sequence.max(self.dropped_through),
                name: self.dropped.last().copied().unwrap_or(self.acknowledged.name),
            },
            |last| last.position,
        )
    }

    /// The endpoint has everything up to `through`: deletes it, and says what it was.
    pub(crate) fn acknowledge(&mut self, through: u64, transaction: &mut Transaction) -> Gone {
        let before = self.acknowledged;
        let ahead = usize::try_from(through.saturating_sub(before.sequence)).unwrap_or(usize::MAX);
        for name in self.dropped.drain(..ahead.min(self.dropped.len())) {
            self.acknowledged = Position { sequence: self.acknowledged.sequence + 1, name };
        }
        let mut gone = Gone::new();
        while let Some(waiting) = self.inbox.pop_front_if(|waiting| waiting.position.sequence <= through) {
            self.acknowledged = waiting.position;
            self.dropped.clear();
            gone.push((waiting.position.sequence, waiting.item));
        }
        if !gone.is_empty() {
            transaction.trim_with(INBOX, self.acknowledged.sequence, || link_key(self.key));
        }
        if self.acknowledged != before {
            self.write(transaction);
        }
        gone
    }

    /// Deletes what was accepted at or before `time`. The endpoint may have got it, as far as a window of `window` items
    /// goes, and be away since: it is still one that fits.
    pub(crate) fn expire(&mut self, time: Time, window: u64, transaction: &mut Transaction) {
        let before = self.dropped_through;
        while let Some(waiting) = self.inbox.pop_front_if(|waiting| waiting.accepted <= time) {
            let Position { sequence, name } = waiting.position;
            self.dropped_through = sequence;
            let ahead = sequence - self.acknowledged.sequence;
            if ahead <= window && usize::try_from(ahead).is_ok_and(|ahead| ahead == self.dropped.len() + 1) {
                self.dropped.push(name);
            }
        }
        if self.dropped_through != before {
            transaction.trim_with(INBOX, self.dropped_through, || link_key(self.key));
            self.write(transaction);
        }
    }

    /// When the oldest item was accepted.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.inbox.front().map(|waiting| waiting.accepted)
    }

    /// A new connection: everything goes out again that the endpoint doesn't have, as it says; if what it says is none of
    /// this inbox's history, that it has not acknowledged. Returns from where.
    pub(crate) fn connected(&mut self, connection: ConnectionId, delivered: Position) -> Position {
        let resumes = if self.knows(delivered) { delivered } else { self.acknowledged };
        self.connection = Some(connection);
        self.pushed_through = resumes.sequence;
        self.questions.clear();
        resumes
    }

    /// True of a position that an endpoint may be at, which has had this inbox and no other.
    fn knows(&self, Position { sequence, name }: Position) -> bool {
        let Some(ahead) = sequence.checked_sub(self.acknowledged.sequence) else { return false };
        let Some(ahead) = ahead.checked_sub(1) else { return name == self.acknowledged.name };
        let dropped = usize::try_from(ahead).ok().and_then(|place| self.dropped.get(place));
        let waiting = || {
            let place = self.inbox.binary_search_by_key(&sequence, |waiting| waiting.position.sequence);
            self.inbox.get(place.ok()?).map(|waiting| &waiting.position.name)
        };
        dropped.or_else(waiting) == Some(&name)
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
    pub(crate) fn push(&mut self, window: u64, mut say: impl FnMut(Position, InboxItem)) {
        let from = self.acknowledged.sequence.max(self.dropped_through);
        let until = from.saturating_add(window);
        let unsent = self.inbox.partition_point(|waiting| waiting.position.sequence <= self.pushed_through);
        let unsent = self.inbox.iter().skip(unsent);
        for waiting in unsent.take_while(|waiting| waiting.position.sequence <= until) {
            say(waiting.position, waiting.item.clone());
            self.pushed_through = waiting.position.sequence;
        }
    }
}
