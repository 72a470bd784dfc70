//! The node as its neighbours see it: businesses over HTTP, consumers through a relay, a store that
//! may stop between any two effects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod api;
mod batches;
mod behind;
mod control;
mod conversation;
mod crash;
mod fields;
mod hooks;
mod kinds;
mod media;
mod nulls;
mod outgoing;
mod portfolio;
mod receivers;
mod request;
mod seed;
mod shell;
mod subscriptions;
mod support;
mod templates;
mod tenants;
mod tls;
mod tokens;
