//! The live shell: what drives a pure machine in the real world.
//!
//! The wall clock and the operating system's entropy enter the program here and nowhere else, and
//! [`drive`] is the one loop that turns effects into commits and promises, in that order. [`recover`] is
//! what follows when the store fails. [`quiet_panics`] and [`no_memory_in_core_dumps`] see to it that a process
//! that dies says nothing of what it held, and [`wiping_allocator`] that one that lives holds nothing it has dropped.

mod accept;
mod clock;
mod drive;
mod entropy;
mod memory;
mod panics;
mod recover;
mod seldom;

pub use accept::Acceptor;
pub use clock::{advance, now};
pub use drive::{StartError, drive, restore};
pub use entropy::entropy;
pub use memory::{WipingAllocator, wiping_allocator};
pub use panics::{no_memory_in_core_dumps, quiet_panics};
pub use recover::recover;
pub use seldom::Seldom;
