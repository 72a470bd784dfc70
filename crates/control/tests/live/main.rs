//! The control interface over HTTP, against a live stack: what is promised of each call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod conversations;
mod description;
mod faults;
mod stack;
mod strange;
