//! A store of the strictest kind: it refuses what a real one would refuse.

use bytes::Bytes;
use kernel::{Op, Row, Table, Transaction};
use std::collections::BTreeMap;

#[derive(Default, Clone, PartialEq, Debug)]
pub(crate) struct Rows(BTreeMap<(Table, Bytes, u64), (u64, Bytes)>);

impl Rows {
    pub(crate) fn commit(&mut self, transaction: Transaction) {
        for op in transaction.into_ops() {
            match op {
                Op::Swap { table, key, revision, value } => {
                    let stored = self.0.get(&(table, key.clone(), 0)).map_or(0, |(at, _)| *at);
                    assert_eq!(stored, revision, "stale revision of {table:?}");
                    self.0.insert((table, key, 0), (revision + 1, value));
                }
                Op::Remove { table, key } => drop(self.0.remove(&(table, key, 0))),
                Op::Append { table, key, sequence, value } => {
                    self.0.insert((table, key, sequence), (sequence, value));
                }
                Op::Trim { table, key, through } => {
                    self.0.retain(|(t, k, at), _| *t != table || *k != key || *at > through);
                }
            }
        }
    }

    pub(crate) fn load(&self) -> Vec<Row> {
        let row = |((table, key, _), (at, value)): (&(Table, Bytes, u64), &(u64, Bytes))| Row {
            table: *table,
            key: key.clone(),
            at: *at,
            value: value.clone(),
        };
        self.0.iter().map(row).collect()
    }

    /// Only those that `is` says it of: table, key and value.
    pub(crate) fn of(&self, is: impl Fn(&str, &[u8], &[u8]) -> bool) -> Self {
        let rows = self.0.iter().filter(|((table, key, _), (_, value))| is(table.name(), key, value));
        Self(rows.map(|(place, row)| (place.clone(), row.clone())).collect())
    }

    /// How many rows of these tables there are.
    pub(crate) fn count(&self, tables: &[&str]) -> usize {
        self.0.keys().filter(|(table, ..)| tables.contains(&table.name())).count()
    }

    /// True if some key or value holds these bytes.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let holds = |text: &[u8]| text.windows(bytes.len()).any(|window| window == bytes);
        self.0.iter().any(|((_, key, _), (_, value))| holds(key) || holds(value))
    }
}
