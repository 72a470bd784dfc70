//! The ratchet sessions, one record for each pair of addresses.

use crate::rows::{SESSIONS, session_key};
use kernel::{RestoreError, Row, Transaction};
use ratchet::Provider;
use ratchet::generic::SessionRecord;
use std::collections::BTreeMap;
use wire::Address;

/// A record, and the revision that it has in the store.
#[derive(Default)]
pub(crate) struct Session<P: Provider> {
    pub(crate) record: SessionRecord<P>,
    revision: u64,
}

/// All records of the endpoint.
#[derive(Default)]
pub(crate) struct Sessions<P: Provider> {
    by_pair: BTreeMap<(Address, Address), Box<Session<P>>>,
}

impl<P: Provider> Sessions<P> {
    pub(crate) fn restore(&mut self, row: &Row, pair: (Address, Address)) -> Result<(), RestoreError> {
        let record = SessionRecord::from_bytes(&row.value).map_err(|e| RestoreError::new(row, e))?;
        self.by_pair.insert(pair, Box::new(Session { record, revision: row.at }));
        Ok(())
    }

    /// The record of `account` with `peer`, empty if they never spoke.
    pub(crate) fn between(&mut self, account: Address, peer: Address) -> &mut Session<P> {
        self.by_pair.entry((account, peer)).or_default()
    }

    /// The record of `account` with `peer`, if they ever spoke.
    pub(crate) fn get(&self, account: Address, peer: Address) -> Option<&Session<P>> {
        self.by_pair.get(&(account, peer)).map(Box::as_ref)
    }

    /// Destroys all keys of all sessions. Who the peers are is still known.
    pub(crate) fn destroy(&mut self, transaction: &mut Transaction) {
        for (&(account, peer), session) in &mut self.by_pair {
            let identity = session.record.remote_identity();
            session.record = SessionRecord::default();
            if let Some(identity) = identity {
                session.record.trust(identity);
                session.write(account, peer, transaction);
            }
        }
    }

    /// Keeps nothing of a pair that has nothing: else whoever sends garbage from ever other numbers takes memory.
    pub(crate) fn drop_unused(&mut self, account: Address, peer: Address) {
        if self.get(account, peer).is_some_and(|session| session.revision == 0) {
            self.by_pair.remove(&(account, peer));
        }
    }

    /// True of a pair of which only the peer's identity is left, because [`destroy`](Self::destroy) has taken the rest.
    pub(crate) fn have_started_over(&self, account: Address, peer: Address) -> bool {
        self.get(account, peer).is_some_and(|Session { record, .. }| {
            record.remote_identity().is_some() && record.status().is_none() && record.archived_sessions() == 0
        })
    }

    /// Destroys all sessions of an account.
    pub(crate) fn forget(&mut self, account: Address, transaction: &mut Transaction) {
        for ((_, peer), _) in self.by_pair.extract_if(.., |(of, _), _| *of == account) {
            transaction.remove_with(SESSIONS, || session_key(account, peer));
        }
    }

    /// How many pairs have spoken.
    pub(crate) fn len(&self) -> usize {
        self.by_pair.len()
    }
}

impl<P: Provider> Session<P> {
    /// Makes the ratchet's new state durable: whatever leaves with the same effects, or after them,
    /// can't be encrypted again from the old one. The revision refuses a state that was turned back.
    pub(crate) fn write(&mut self, account: Address, peer: Address, transaction: &mut Transaction) {
        let row = || (session_key(account, peer), self.record.to_bytes().to_vec());
        self.revision = transaction.swap_with(SESSIONS, self.revision, row);
    }
}
