//! The live shell: what drives a pure machine in the real world.
//!
//! The wall clock and the operating system's entropy enter the program here and nowhere else, and
//! [`drive`] is the one loop that turns effects into commits and promises, in that order. [`recover`] is
//! what follows when the store fails.

mod clock;
mod drive;
mod entropy;
mod recover;

pub use clock::now;
pub use drive::{StartError, drive, restore};
pub use entropy::entropy;
pub use recover::recover;
