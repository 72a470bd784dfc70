//! The node as its neighbours see it: businesses over HTTP, consumers through a relay, a store that
//! may stop between any two effects.

mod api;
mod conversation;
mod crash;
mod hooks;
mod shell;
mod subscriptions;
mod support;
mod tenants;
