//! What the commit thread asks of whatever keeps the rows: rounds of staging, then syncing, and loading in between.

use crate::error::{CommitError, LoadError, Trouble};
use kernel::{Row, Table, Transaction};
use std::time::Duration;

/// Keeps rows. Used by one thread, in rounds: [`ready`](Engine::ready), then any number of
/// [`stage`](Engine::stage)s and one [`sync`](Engine::sync), or one [`load`](Engine::load).
///
/// Every implementation passes `tests/conformance.rs`.
pub(crate) trait Engine: Send {
    /// Called at the start of a round: if an earlier failure left the engine unusable, it recovers to
    /// what is durable.
    fn ready(&mut self) -> Result<(), Trouble>;

    /// Takes a transaction whole, or refuses it and changes nothing. Later ones in the round see its
    /// effect.
    fn stage(&mut self, partition: &str, transaction: Transaction) -> Result<(), CommitError>;

    /// Makes what was staged durable. After a failure it isn't known which of it is, and the engine
    /// refuses everything until the next round.
    fn sync(&mut self) -> Result<(), Trouble>;

    /// All rows of a partition: in the order of `tables`, then by key, then ascending.
    fn load(&mut self, partition: &str, tables: &'static [Table]) -> Result<Vec<Row>, LoadError>;

    /// Does a little of the work that nobody waits for, between rounds. `now` is the time since the
    /// thread started; returns when to be called again even if no round comes.
    fn tend(&mut self, now: Duration) -> Option<Duration>;

    /// The last call: finishes the work that nobody waited for.
    fn close(&mut self);
}
