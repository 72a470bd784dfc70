//! Where the records of an endpoint are.

use super::session::Record;
use crate::record::Who;
use std::collections::BTreeMap;

/// A record for each pair of an address and a peer.
#[derive(Clone)]
pub(crate) struct Sessions {
    records: Records,
    /// Sessions that this endpoint has begun.
    begun: u32,
}

#[derive(Clone)]
enum Records {
    /// Of a person, who knows a few.
    Few(Vec<(Who, Record)>),
    /// Of a node.
    Many(BTreeMap<(Who, Who), Record>),
}

impl Sessions {
    /// Of an endpoint with one address.
    pub(crate) const fn few() -> Self {
        Self { records: Records::Few(Vec::new()), begun: 0 }
    }

    /// Of an endpoint with any number of them.
    pub(crate) const fn many() -> Self {
        Self { records: Records::Many(BTreeMap::new()), begun: 0 }
    }

    /// A name for a new session that no other has.
    pub(crate) fn next_base(&mut self, account: Who) -> u64 {
        self.begun += 1;
        u64::from(account.as_u32()) << 32 | u64::from(self.begun)
    }

    /// The record of `account` with `peer`, empty if they never spoke.
    pub(crate) fn between(&mut self, account: Who, peer: Who) -> &mut Record {
        match &mut self.records {
            Records::Few(records) => {
                let at = records.iter().position(|(other, _)| *other == peer);
                let at = at.unwrap_or(records.len());
                if at == records.len() {
                    records.reserve_exact(1);
                    records.push((peer, Record::default()));
                }
                #[expect(clippy::indexing_slicing, reason = "the place was found or made just now")]
                &mut records[at].1
            }
            Records::Many(records) => records.entry((account, peer)).or_default(),
        }
    }

    /// The record of `account` with `peer`, if they ever spoke.
    pub(crate) fn get_mut(&mut self, account: Who, peer: Who) -> Option<&mut Record> {
        match &mut self.records {
            Records::Few(records) => {
                records.iter_mut().find(|(other, _)| *other == peer).map(|(_, record)| record)
            }
            Records::Many(records) => records.get_mut(&(account, peer)),
        }
    }
}
