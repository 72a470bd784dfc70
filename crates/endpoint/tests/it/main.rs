//! Two endpoints and a relay between them that may tamper, replay and lose.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

mod conversation;
mod identities;
mod keys;
mod net;
mod start_over;
mod strangers;
