//! What whoever runs an endpoint decides.

use content::Padding;
use ratchet::Suites;
use std::time::Duration;

/// What whoever runs the endpoint decides.
#[derive(Debug, Clone)]
pub struct Policy {
    /// One-time prekeys of each kind that an address starts with, and that are made when they run low.
    pub one_time_prekeys: u32,
    /// How long an undelivered message is kept for retransmission, unless its [terms](crate::Terms) say less.
    pub retention: Duration,
    /// How long the signed prekey and the KEM prekey of last resort of an address are in use before others take their
    /// place: the first ones between half of it and the whole, so that addresses made at once don't change them at once.
    pub key_rotation: Duration,
    /// How long their private halves are kept after the relay has had the next ones: first messages that were encrypted to
    /// them are still under way, in a relay's inbox for as long as its own retention.
    pub former_keys_kept: Duration,
    /// What happens when a peer has another identity key than before.
    pub identity_changes: IdentityChanges,
    /// Speaks for businesses: a node, not a consumer's device.
    pub gateway: bool,
    /// The protocol suites that sessions are opened in and accepted in.
    pub suites: Suites,
    /// How much messages are padded.
    pub padding: Padding,
}

/// What happens when a peer has another identity key than before: a new device, or somebody in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityChanges {
    /// The new identity is the peer's from now on, and the owner is told.
    #[default]
    Accept,
    /// The owner is told, and nothing is sent to the new identity or read of it until they say that it is the peer's.
    Refuse,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            one_time_prekeys: 20,
            retention: Duration::from_secs(30 * 24 * 3600),
            key_rotation: Duration::from_secs(2 * 24 * 3600),
            former_keys_kept: Duration::from_secs(30 * 24 * 3600),
            identity_changes: IdentityChanges::default(),
            gateway: false,
            suites: Suites::default(),
            padding: Padding::default(),
        }
    }
}
