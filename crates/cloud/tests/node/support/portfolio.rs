//! Whose a row is: each belongs to one portfolio (here: one tenant), or to the node's connection to the relay.

use kernel::{Op, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use wire::Envelope;

/// Whose a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// The tenant with this position, from 1.
    Tenant(u64),
    /// The connection's: how far the two queues between node and relay have come.
    Connection,
}

impl Owner {
    /// The owner of what `op` changes, by its key; what waits to be submitted is its sender's.
    pub(crate) fn of(op: &Op) -> Self {
        let (table, key, value) = match op {
            Op::Swap { table, key, value, .. } | Op::Append { table, key, value, .. } => {
                (table, key, Some(value))
            }
            Op::Remove { table, key } | Op::Trim { table, key, .. } => (table, key, None),
        };
        Self::of_row(table.name(), key, value.map(|value| &**value))
    }

    pub(crate) fn of_row(table: &str, key: &[u8], value: Option<&[u8]>) -> Self {
        match (table, value) {
            (
                "accounts" | "prekeys" | "sessions" | "unconfirmed" | "outbound" | "inbound"
                | "conversations" | "media" | "sending",
                _,
            ) => Self::with_number(u64::from_be_bytes(key[..8].try_into().unwrap())),
            ("portfolios" | "apps" | "wabas" | "numbers", _) => {
                Self::with_id(std::str::from_utf8(key).unwrap())
            }
            ("webhooks", _) => {
                let (account, _) = key.split_at(key.len() - 16);
                Self::with_id(std::str::from_utf8(account).unwrap().trim_end_matches('\0'))
            }
            ("tokens", _) => {
                let (app, _) = key.split_at(key.len() - 1 - 32);
                Self::with_id(std::str::from_utf8(app).unwrap())
            }
            ("templates", _) => {
                let (account, _) = std::str::from_utf8(key).unwrap().split_once('/').unwrap();
                Self::with_id(account)
            }
            ("callbacks", _) => {
                let slot = std::str::from_utf8(key).unwrap();
                Self::with_id(slot.split('/').find(|part| part.parse::<u64>().is_ok()).unwrap())
            }
            ("outbox", Some(envelope)) => {
                let envelope = Envelope::from_bytes(envelope.to_vec().into()).unwrap();
                Self::with_number(envelope.from.number.as_integer())
            }
            ("outbox" | "post", _) => Self::Connection,
            _ => panic!("whose are the rows of table {table}? Their keys must say it, and this function too"),
        }
    }

    fn with_number(number: u64) -> Self {
        Self::Tenant(number - 15_550_783_880)
    }

    /// Ids of the two tenants of these tests differ by one.
    fn with_id(id: &str) -> Self {
        let first = [600_000_000_000_001, 700_000_000_000_001, 102_290_129_340_398, 106_540_352_242_922];
        let id: u64 = id.parse().unwrap();
        Self::Tenant(
            1 + first.into_iter().find_map(|first| id.checked_sub(first).filter(|at| *at < 2)).unwrap(),
        )
    }
}

/// The tenants whose rows a transaction changes.
pub(crate) fn tenants(transaction: &Transaction) -> BTreeSet<Owner> {
    transaction.ops().iter().map(Owner::of).filter(|owner| *owner != Owner::Connection).collect()
}

/// A transaction for each tenant, and the connection's behind them: as if each tenant were on a machine of its own. What
/// concerns one tenant only stays whole.
pub(crate) fn split(transaction: Transaction) -> Vec<Transaction> {
    if tenants(&transaction).len() < 2 {
        return vec![transaction];
    }
    let mut parts: BTreeMap<Owner, Transaction> = BTreeMap::new();
    for op in transaction.into_ops() {
        let part = parts.entry(Owner::of(&op)).or_default();
        match op {
            Op::Swap { table, key, revision, value } => drop(part.swap(table, key, revision, value)),
            Op::Remove { table, key } => part.remove(table, key),
            Op::Append { table, key, sequence, value } => part.append(table, key, sequence, value),
            Op::Trim { table, key, through } => part.trim(table, key, through),
        }
    }
    parts.into_values().collect()
}
