//! What the app promises to the person who has it, driven by hand: two apps, a relay, disks that outlive them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod habits;
mod kinds;
mod messages;
mod screen;
mod stage;
mod start;
mod strange;
mod typing;
