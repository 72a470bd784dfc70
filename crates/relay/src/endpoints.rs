//! All endpoints, by slot: a link key is looked up once for a connection, and a number's entry in the directory knows its
//! owner's slot. Here is also whose inbox is the oldest.

use crate::inbox::{Endpoint, Gone};
use crate::rows::{read_claim, read_link_key};
use crate::shards::Shards;
use kernel::{RestoreError, Row, Time, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Index, IndexMut};
use wire::{InboxItem, LinkKey};

/// Where an endpoint is found at once. It says nothing of the endpoint, and is another one after a restart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(usize);

/// An endpoint, wherever it lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// In this shard.
    Here(Slot),
    /// In another one.
    There(LinkKey),
}

/// Every endpoint of this shard that has ever said hello.
pub(crate) struct Endpoints {
    shards: Shards,
    all: Vec<Endpoint>,
    slots: BTreeMap<LinkKey, Slot>,
    /// The endpoints whose inbox is not empty, by the age of its oldest item.
    by_age: BTreeSet<(Time, Slot)>,
}

impl Endpoints {
    pub(crate) fn new(shards: Shards) -> Self {
        Self { shards, all: Vec::new(), slots: BTreeMap::new(), by_age: BTreeSet::new() }
    }

    /// The endpoint that a row is of, by its key.
    pub(crate) fn restore(&mut self, row: &Row) -> Result<&mut Endpoint, RestoreError> {
        let slot = self.restored(read_link_key(row)?, row)?;
        Ok(&mut self[slot])
    }

    pub(crate) fn restore_claim(&mut self, row: &Row) -> Result<(), RestoreError> {
        let (key, address) = read_claim(row)?;
        let slot = self.restored(key, row)?;
        self[slot].addresses.restore_claim(address, row)
    }

    fn restored(&mut self, key: LinkKey, row: &Row) -> Result<Slot, RestoreError> {
        match self.party(key) {
            Party::Here(slot) => Ok(slot),
            Party::There(_) => {
                Err(RestoreError::new(row, "of another shard, or of a relay with another number of them"))
            }
        }
    }

    /// Whoever has this key: in its slot, from now on if it is new, or in another shard.
    pub(crate) fn party(&mut self, key: LinkKey) -> Party {
        if self.shards.of_endpoint(key) == self.shards.this() {
            Party::Here(self.slot(key))
        } else {
            Party::There(key)
        }
    }

    pub(crate) fn key_of(&self, party: Party) -> LinkKey {
        match party {
            Party::Here(slot) => self[slot].key,
            Party::There(key) => key,
        }
    }

    /// The slot of an endpoint that is known here.
    pub(crate) fn find(&self, key: LinkKey) -> Option<Slot> {
        self.slots.get(&key).copied()
    }

    /// The slot of an endpoint, from now on if it is new.
    pub(crate) fn slot(&mut self, key: LinkKey) -> Slot {
        *self.slots.entry(key).or_insert_with(|| {
            self.all.push(Endpoint::new(key));
            Slot(self.all.len() - 1)
        })
    }

    /// Those that speak for businesses.
    pub(crate) fn gateways(&self) -> impl Iterator<Item = Slot> {
        self.all.iter().enumerate().filter(|(_, endpoint)| endpoint.gateway).map(|(slot, _)| Slot(slot))
    }

    /// All inboxes have been restored.
    pub(crate) fn sort_by_age(&mut self) {
        let inboxes = self.all.iter().enumerate();
        self.by_age = inboxes.filter_map(|(slot, endpoint)| Some((endpoint.oldest()?, Slot(slot)))).collect();
    }

    /// Since when the oldest item of any inbox has been waiting.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.by_age.first().map(|(oldest, _)| *oldest)
    }

    /// Keeps an item until the endpoint has it.
    pub(crate) fn append(&mut self, slot: Slot, now: Time, item: InboxItem, transaction: &mut Transaction) {
        self.change(slot, |endpoint| endpoint.append(now, item, transaction));
    }

    /// The endpoint has everything up to `through`: deletes it, and says what it was.
    pub(crate) fn acknowledge(&mut self, slot: Slot, through: u64, transaction: &mut Transaction) -> Gone {
        self.change(slot, |endpoint| endpoint.acknowledge(through, transaction))
    }

    /// Deletes what was accepted at or before `time`.
    pub(crate) fn expire(&mut self, time: Time, window: u64, transaction: &mut Transaction) {
        while let Some((_, slot)) = self.by_age.first().copied().filter(|(oldest, _)| *oldest <= time) {
            self.change(slot, |endpoint| endpoint.expire(time, window, transaction));
        }
    }

    /// Changes an endpoint's inbox, and where that stands by its age.
    fn change<R>(&mut self, slot: Slot, change: impl FnOnce(&mut Endpoint) -> R) -> R {
        let endpoint = &mut self[slot];
        let before = endpoint.oldest();
        let changed = change(endpoint);
        let after = endpoint.oldest();
        if before != after {
            if let Some(before) = before {
                self.by_age.remove(&(before, slot));
            }
            self.by_age.extend(after.map(|after| (after, slot)));
        }
        changed
    }
}

impl Index<Slot> for Endpoints {
    type Output = Endpoint;

    #[expect(clippy::indexing_slicing, reason = "slots are dealt here, and no endpoint is ever taken away")]
    fn index(&self, Slot(slot): Slot) -> &Endpoint {
        &self.all[slot]
    }
}

impl IndexMut<Slot> for Endpoints {
    #[expect(clippy::indexing_slicing, reason = "slots are dealt here, and no endpoint is ever taken away")]
    fn index_mut(&mut self, Slot(slot): Slot) -> &mut Endpoint {
        &mut self.all[slot]
    }
}
