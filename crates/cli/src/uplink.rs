//! The way to the relay: where it listens unless somebody says otherwise, and the key that it must have.

use crate::data::Data;
use link::{Connector, Limits, Pin, Uplink};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::net::SocketAddr;
use std::sync::Arc;
use wire::LinkKey;

/// The way from the party that owns `data` to the relay at `relay`, which must have the key `key`; if not given, the
/// first one seen is the one, and is written down.
pub(crate) fn uplink(data: &Data, relay: Option<SocketAddr>, key: Option<String>) -> miette::Result<Uplink> {
    let pin = match key {
        Some(key) => Pin::Key(parse_key(&key)?),
        None => Pin::FirstSeen(data.dir.join("relay.key")),
    };
    Ok(Uplink {
        connector: Arc::new(Connector::new(Limits::default())),
        identity: data.identity.clone(),
        relay: relay.unwrap_or_else(default_relay),
        pin,
    })
}

/// Where a relay listens unless it is told otherwise.
pub(crate) fn default_relay() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4433))
}

/// A link key on the command line.
pub(crate) fn parse_key(text: &str) -> miette::Result<LinkKey> {
    text.parse().into_diagnostic().wrap_err_with(|| format!("\"{text}\" is not a link key"))
}
