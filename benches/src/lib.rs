//! What the ratchet costs, beside its peers and the primitives that it can't do without.
//!
//! `cargo bench -p blindpost-benches --bench ratchet` prints the comparison. Everything in it is measured in one
//! run, in rounds that take turns: whatever else the machine does at the time, it does to all of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic"
)]

pub mod comparison;
pub mod contestant;
pub mod floor;
pub mod memory;
pub mod official;
pub mod olm;
pub mod operation;
pub mod ours;
pub mod pair;
pub mod primitive;
pub mod report;
pub mod sizes;
pub mod stopwatch;
pub mod world;
