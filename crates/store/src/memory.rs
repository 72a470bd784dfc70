//! Rows in memory only: for tests and demonstrations.

use crate::engine::Engine;
use crate::error::{CommitError, LoadError, Trouble};
use crate::index::Index;
use bytes::Bytes;
use kernel::{Row, Table, Transaction};
use std::time::Duration;

/// Keeps each value in the index itself.
#[derive(Default, Clone)]
pub(crate) struct Memory {
    index: Index<Bytes>,
}

impl Engine for Memory {
    fn ready(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    fn stage(&mut self, partition: &str, transaction: Transaction) -> Result<(), CommitError> {
        self.index.apply(partition, transaction, Bytes::clone).map(drop)
    }

    fn sync(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    fn load(&mut self, partition: &str, tables: &'static [Table]) -> Result<Vec<Row>, LoadError> {
        let rows = self.index.rows(partition, tables)?.into_iter();
        Ok(rows.map(|(table, key, at, value)| Row { table, key, at, value: value.clone() }).collect())
    }

    fn tend(&mut self, _now: Duration) -> Option<Duration> {
        None
    }

    fn close(&mut self) {}
}
