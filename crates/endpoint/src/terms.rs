//! On which terms a message is delivered.

use ratchet::IdentityKey;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use wire::BillingClass;

/// On which terms a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What the relay bills it as.
    pub billing_class: BillingClass,
    /// How long it is kept for retransmission if it is not delivered; at most, and by default, as long as the
    /// [policy](crate::Policy::retention) says.
    pub time_to_live: Option<Duration>,
    /// It is encrypted for this identity key of the recipient's and for no other.
    pub only_for: Option<IdentityDigest>,
}

/// The first bytes of the SHA-256 of an identity key: what a key is called by those who only compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityDigest(pub [u8; 8]);

impl From<BillingClass> for Terms {
    /// No other terms.
    fn from(billing_class: BillingClass) -> Self {
        Self { billing_class, time_to_live: None, only_for: None }
    }
}

impl IdentityDigest {
    /// That of a key.
    pub fn of(identity: &IdentityKey) -> Self {
        let digest = Sha256::digest(identity.to_bytes());
        Self(digest.first_chunk().copied().unwrap_or_default())
    }
}
