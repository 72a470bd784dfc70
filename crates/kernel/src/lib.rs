//! What every pure machine shares.
//!
//! A party of Blindpost is a [`Machine`]: a value that takes one input at a time and answers with
//! [`Effects`]. It has no socket, disk, clock, thread or ambient randomness. Two shells drive the
//! same machines: `live` with sockets and a durable store, `world` in virtual time.
//!
//! The one rule that the shells keep is in the shape of [`Effects`]: its outputs are promises to
//! somebody, and they are released only after its transaction is durable.

mod effects;
mod machine;
mod rng;
mod step;
mod time;
mod transaction;

pub use effects::Effects;
pub use machine::{Machine, RestoreError};
pub use rng::{Rng, Seed};
pub use step::Step;
pub use time::Time;
pub use transaction::{Op, Row, Shape, Table, Transaction};
