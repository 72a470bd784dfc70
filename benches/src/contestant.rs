//! Who takes part in the comparison: a ratchet that can do each operation so many times and says how long it took.

use std::time::Duration;

use crate::operation::Operation;

/// An implementation of a ratchet.
pub trait Contestant {
    /// The name in reports.
    fn name(&self) -> String;

    /// Does `operation` so many times, each time with a fresh ciphertext, session or message, and returns how long
    /// only the operation took.
    fn run(&mut self, operation: Operation, iterations: u32) -> Duration;

    /// The size of a session on a chain that [`Operation::Serialize`] makes bytes of.
    fn serialized_size(&mut self) -> usize;
}
