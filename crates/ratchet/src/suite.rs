//! The three protocol suites, and which of them a device offers and accepts.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A protocol suite: a key agreement and a ratchet. Ordered from oldest to newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Suite {
    /// X3DH followed by the Double Ratchet; message version 3.
    X3dh,
    /// PQXDH (curve and KEM prekeys) followed by the Double Ratchet; message version 4.
    Pqxdh,
    /// PQXDH followed by the Triple Ratchet: the Double Ratchet beside the provider's
    /// [`SecondRatchet`](crate::SecondRatchet), which is the sparse post-quantum ratchet (SPQR) in those of deployed
    /// clients; message version 4.
    Triple,
}

impl Suite {
    /// All suites, oldest first.
    pub const ALL: [Self; 3] = [Self::X3dh, Self::Pqxdh, Self::Triple];

    /// The name on command lines and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X3dh => "x3dh",
            Self::Pqxdh => "pqxdh",
            Self::Triple => "triple",
        }
    }

    pub(crate) const fn version(self) -> Version {
        match self {
            Self::X3dh => Version::V3,
            Self::Pqxdh | Self::Triple => Version::V4,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Suite {
    type Err = UnknownSuite;

    fn from_str(name: &str) -> Result<Self, UnknownSuite> {
        Self::ALL.into_iter().find(|suite| suite.name() == name).ok_or(UnknownSuite)
    }
}

/// A name that is no suite's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("unknown suite: use `x3dh`, `pqxdh` or `triple`")]
pub struct UnknownSuite;

/// The suites that a device speaks.
///
/// As initiator it offers `newest`, and X3DH only to a peer whose bundle has no KEM prekey. As
/// responder it takes what comes, down to `oldest`. With `Triple` as the newest and an older
/// oldest, a session starts with the post-quantum ratchet and gives it up when the peer's first
/// answer shows that it has none; with `Triple` as the oldest such an answer is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suites {
    /// What is offered.
    pub newest: Suite,
    /// What is still accepted.
    pub oldest: Suite,
}

impl Suites {
    /// One suite and no other.
    #[must_use]
    pub const fn only(suite: Suite) -> Self {
        Self { newest: suite, oldest: suite }
    }

    /// The suite of a session that this device initiates, or `None` if there is no KEM prekey and
    /// going without is not accepted.
    pub(crate) fn to_initiate(self, bundle_has_kem_prekey: bool) -> Option<Suite> {
        if bundle_has_kem_prekey {
            Some(self.newest)
        } else {
            (self.oldest == Suite::X3dh).then_some(Suite::X3dh)
        }
    }

    /// The suite in which a first message of this version is answered: at version 4 it is not known
    /// yet whether the initiator has a post-quantum ratchet.
    pub(crate) fn to_respond(self, version: Version) -> Option<Suite> {
        match version {
            Version::V3 => (self.oldest == Suite::X3dh).then_some(Suite::X3dh),
            Version::V4 => (self.newest > Suite::X3dh).then_some(self.newest),
        }
    }
}

impl Default for Suites {
    /// The newest suite and no other.
    fn default() -> Self {
        Self::only(Suite::Triple)
    }
}

/// A message version: which key agreement a session began with. It is the high nibble of the first
/// byte of every message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Version {
    V3,
    V4,
}

impl Version {
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            3 => Some(Self::V3),
            4 => Some(Self::V4),
            _ => None,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    /// First byte of a message. The low nibble is the newest version that the sender knows, and readers of both versions
    /// ignore it; those that know version 3 only want to see a 3 there, as what spoke only that wrote. Deployed clients
    /// that know version 4 write 4 whatever the session speaks.
    pub(crate) const fn byte(self) -> u8 {
        (self.number() << 4) | self.number()
    }

    /// Whether a first message must carry a KEM prekey id and ciphertext.
    pub(crate) const fn needs_kem(self) -> bool {
        matches!(self, Self::V4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for suite in Suite::ALL {
            assert_eq!(suite.to_string().parse(), Ok(suite));
        }
        assert_eq!("X3DH".parse::<Suite>(), Err(UnknownSuite));
    }

    #[test]
    fn a_device_initiates_what_it_offers_and_the_bundle_allows() {
        let fallback = Suites { newest: Suite::Triple, oldest: Suite::Pqxdh };
        let anything = Suites { newest: Suite::Triple, oldest: Suite::X3dh };
        assert_eq!(fallback.to_initiate(true), Some(Suite::Triple));
        assert_eq!(fallback.to_initiate(false), None);
        assert_eq!(anything.to_initiate(false), Some(Suite::X3dh));
        assert_eq!(Suites::only(Suite::X3dh).to_initiate(true), Some(Suite::X3dh));
    }

    #[test]
    fn a_device_answers_what_it_accepts() {
        for (suites, v3, v4) in [
            (Suites::only(Suite::X3dh), Some(Suite::X3dh), None),
            (Suites::only(Suite::Pqxdh), None, Some(Suite::Pqxdh)),
            (Suites::only(Suite::Triple), None, Some(Suite::Triple)),
            (Suites { newest: Suite::Pqxdh, oldest: Suite::X3dh }, Some(Suite::X3dh), Some(Suite::Pqxdh)),
        ] {
            assert_eq!(suites.to_respond(Version::V3), v3, "{suites:?}");
            assert_eq!(suites.to_respond(Version::V4), v4, "{suites:?}");
        }
    }
}
