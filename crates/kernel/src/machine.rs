//! The contract of a pure party: restored from rows, handed one input at a time, woken when it asked to be.

use crate::{Effects, Rng, Row, Step, Table, Time};

/// A party as a pure state machine: the same inputs, times and random numbers give the same effects.
///
/// Its state lives in memory; the rows that its transactions write are the durable shadow of that
/// state, and [`restore`](Machine::restore) is the only reader of them (docs/decisions/0002).
pub trait Machine: Sized {
    /// The tables that this party writes. A store refuses rows of any other.
    const TABLES: &'static [Table];

    /// What the party is told by whoever starts it, and that is not in its rows.
    type Config;
    /// What can happen to the party.
    type Input;
    /// What the party says to the outside; a promise, released after its transaction is durable.
    type Output;

    /// The party as it was when the last durable transaction was written.
    ///
    /// # Errors
    /// A row that this version of the party can't read. Nothing is guessed or dropped.
    fn restore(config: Self::Config, rows: Vec<Row>) -> Result<Self, RestoreError>;

    /// One thing happens.
    fn on_input(&mut self, input: Self::Input, step: &mut Step<'_, Self::Output>);

    /// The time that the party waited for has come. Calling it early or twice is harmless.
    fn on_wake(&mut self, step: &mut Step<'_, Self::Output>);

    /// When the party next wants [`wake`](Machine::wake), if it waits for anything.
    fn wake_at(&self) -> Option<Time>;

    /// What follows from an input.
    fn handle(&mut self, now: Time, input: Self::Input, rng: &mut Rng) -> Effects<Self::Output> {
        Effects::of(now, rng, |step| self.on_input(input, step))
    }

    /// What follows from the time that has come.
    fn wake(&mut self, now: Time, rng: &mut Rng) -> Effects<Self::Output> {
        Effects::of(now, rng, |step| self.on_wake(step))
    }
}

/// A row could not be read back. Names the table and the reason, never the row's key or value:
/// those may be a person's number.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("can't restore a row of table `{table}`: {reason}; was it written by another version?")]
pub struct RestoreError {
    /// The table that the row is in.
    pub table: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl RestoreError {
    /// An error about `row`.
    pub fn new(row: &Row, reason: impl ToString) -> Self {
        Self { table: row.table.name(), reason: reason.to_string() }
    }
}
