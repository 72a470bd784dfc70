//! The world: the same machines that the live shell drives, in one deterministic loop with virtual
//! time, modelled disks and links, and crashes between any two effects.
//!
//! A run is a function of its [`Setup`], and its [`trace hash`](World::trace_hash) says whether two runs
//! were the same (invariant 8, `same_seed_same_trace`).

mod business;
mod host;
mod network;
mod trace;
mod world;

pub use business::{Business, Event as BusinessEvent};
pub use host::Fault;
pub use world::{Party, Setup, World};
