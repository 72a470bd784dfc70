//! The way to the relay: where it listens unless somebody says otherwise, and the key that it must have.

use crate::data::{Data, RELAY_KEY};
use link::{Connector, Limits, Pin, Uplink, UplinkTransfers};
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::net::SocketAddr;
use std::sync::Arc;
use wire::LinkKey;

/// The way from the party that owns `data` to the relay at `relay`, which must have the key `key`; if not given, the
/// first one seen is the one, and is written down.
pub(crate) fn uplink(data: &Data, relay: Option<SocketAddr>, key: Option<String>) -> miette::Result<Uplink> {
    let relay = relay.unwrap_or_else(default_relay);
    if relay.port() == 0 {
        return Err(miette::miette!(
            help = "a relay prints where it listens",
            "--relay {relay}: port 0 is nobody's"
        ));
    }
    let pin = match key {
        Some(key) => Pin::Key(parse_key(&key)?),
        None => Pin::FirstSeen(data.dir.join(RELAY_KEY)),
    };
    Ok(Uplink {
        connector: Arc::new(Connector::new(Limits::default())),
        identity: data.identity.clone(),
        relay,
        pin,
        switch: link::Switch::default(),
        transfers: UplinkTransfers::default(),
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;
    use crate::manifest::Party;
    use std::time::Duration;

    #[test]
    fn a_link_key_is_read_back_as_it_is_printed() {
        let key = LinkKey([0xa5; 32]);
        assert_eq!(parse_key(&key.to_string()).unwrap(), key);
        for wrong in ["", "a5", &"a5".repeat(33), &"g5".repeat(32)] {
            let error = explain(&parse_key(wrong).unwrap_err());
            assert!(error.contains("is not a link key") && error.contains("64 hex digits"), "{error}");
        }
    }

    #[test]
    fn without_a_key_the_first_one_seen_is_kept_beside_the_partys_own() {
        let dir = tempfile::tempdir().unwrap();
        let data = Data::open(dir.path(), Party::Node, Duration::from_secs(1)).unwrap();
        let way = uplink(&data, None, None).unwrap();
        assert_eq!(way.relay, default_relay());
        assert!(matches!(way.pin, Pin::FirstSeen(file) if file == dir.path().join("relay.key")));
        assert_eq!(way.identity.public(), data.identity.public());

        let (relay, key) = ("127.0.0.1:9".parse().unwrap(), LinkKey([1; 32]));
        let way = uplink(&data, Some(relay), Some(key.to_string())).unwrap();
        assert_eq!(way.relay, relay);
        assert!(matches!(way.pin, Pin::Key(pinned) if pinned == key));
        assert!(uplink(&data, None, Some("abc".into())).is_err());
    }
}
