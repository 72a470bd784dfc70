//! Rows without a thread or a disk: the durable shadow of one party, as data.

use crate::CommitError;
use crate::engine::Engine as _;
use crate::error::LoadError;
use crate::memory::Memory;
use kernel::{Row, Table, Transaction};

/// What a store holds of one party. The world's disks are made of these: what a transaction does is
/// the same code as in every engine.
#[derive(Default, Clone)]
pub struct Shadow(Memory);

impl Shadow {
    /// Applies a transaction whole, or refuses it and changes nothing.
    ///
    /// # Errors
    /// A stale revision, or a sequence out of order.
    pub fn apply(&mut self, transaction: Transaction) -> Result<(), CommitError> {
        self.0.stage("", transaction)
    }

    /// All rows, as [`crate::Partition::load`] gives them.
    ///
    /// # Errors
    /// Rows of a table that isn't among `tables`.
    pub fn load(&mut self, tables: &'static [Table]) -> Result<Vec<Row>, LoadError> {
        self.0.load("", tables)
    }
}
