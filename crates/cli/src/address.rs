//! Addresses as people name them: a host by its number or its name, and a port.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::net::{SocketAddr, ToSocketAddrs as _};

/// The address that `text` names. A name is looked up, once; of several addresses the first of IPv4 is taken, on which
/// parties listen unless they are told otherwise.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let is_named = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains([':', '/', ' ']) && port.parse::<u16>().is_ok()
    });
    if !is_named {
        return Err("it is no host with a port, such as 127.0.0.1:4433 or localhost:4433".into());
    }
    let found = text.to_socket_addrs().map_err(|error| format!("its host can't be found: {error}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let of_ipv4 = found.iter().find(|address| address.is_ipv4());
    of_ipv4.or(found.first()).copied().ok_or_else(|| "its host has no address".into())
}

/// An address of the settings file.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    address(&text).map(Some).map_err(|error| D::Error::custom(format!("address {text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_may_be_named() {
        assert_eq!(address("localhost:4433"), Ok(SocketAddr::from(([127, 0, 0, 1], 4433))));
        assert_eq!(address("127.0.0.1:0"), Ok(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert_eq!(address("[::1]:9").unwrap().port(), 9);
    }

    #[test]
    fn what_is_no_address_says_what_one_looks_like() {
        for wrong in [
            "",
            "localhost",
            ":4433",
            "localhost:",
            "localhost:65536",
            "http://localhost:80",
            "::1:80",
            "a b:1",
        ] {
            let error = address(wrong).unwrap_err();
            assert!(error.contains("localhost:4433"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_host_that_is_not_there_is_said_so() {
        // RFC 6761, section 6.4: nothing is ever called that.
        let error = address("relay.invalid:4433").unwrap_err();
        assert!(error.starts_with("its host can't be found: "), "{error}");
    }
}
