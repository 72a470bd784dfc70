//! What there is to control.

use link::Connector;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use wire::{LinkKey, Number};

/// What there is to control: a relay, and a node beside it.
pub struct Stack {
    /// What `serve --json` printed.
    pub facts: Value,
    /// The numbers of businesses: no person can have one.
    pub businesses: Vec<Number>,
    /// How people's apps behave.
    pub policy: endpoint::Policy,
    /// What they connect with.
    pub connector: Arc<Connector>,
    /// Where the relay listens.
    pub relay: SocketAddr,
    /// The relay's key.
    pub relay_key: LinkKey,
}
