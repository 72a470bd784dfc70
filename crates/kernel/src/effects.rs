//! What a machine answers to an input: one transaction, and what it says once that is durable. The order is in the type.

use crate::Transaction;

/// First what must become durable, then what may be said.
///
/// There is no way to put an output before the transaction that makes it true, so no shell can
/// release a promise early by mistake (invariant 3, `persist_before_promise`). An output with an
/// empty transaction still waits for the transactions before it, because it may depend on them.
#[derive(Debug)]
#[must_use = "effects do nothing until a shell commits and releases them"]
pub struct Effects<O> {
    /// Written atomically, before anything else happens.
    pub transaction: Transaction,
    /// Released in this order once the transaction is durable; never if it fails.
    pub outputs: Vec<O>,
}

impl<O> Effects<O> {
    /// Nothing to write and nothing to say.
    pub fn none() -> Self {
        Self { transaction: Transaction::default(), outputs: Vec::new() }
    }

    /// Says `output` once the transaction is durable.
    pub fn say(&mut self, output: O) {
        self.outputs.push(output);
    }

    /// Joins what follows from a later input: one transaction, then all outputs in order.
    pub fn absorb(&mut self, later: Self) {
        self.transaction.absorb(later.transaction);
        self.outputs.extend(later.outputs);
    }

    /// True if there is nothing to write and nothing to say.
    pub fn is_empty(&self) -> bool {
        self.transaction.is_empty() && self.outputs.is_empty()
    }
}

impl<O> Default for Effects<O> {
    fn default() -> Self {
        Self::none()
    }
}
