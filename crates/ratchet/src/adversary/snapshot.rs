//! What somebody takes who looks into a device at one moment: its identity, its prekeys and its sessions.

use std::fmt;

use crate::curve::KeyPair;
use crate::identity::{IdentityKey, IdentityKeyPair};
use crate::prekeys::{KemPrekey, OneTimePrekey, SignedPrekey};
use crate::provider::{KemSecretKeyOf, Native};
use crate::record::SessionRecord;
use crate::session::Session;

/// Secrets stolen from one device at one moment. The device goes on without noticing.
///
/// Session state and long-term keys are separate because they leak separately: a backup of a
/// message store is not the key store, and a key in hardware may leak without either.
#[derive(Default)]
pub struct Snapshot {
    records: Vec<SessionRecord>,
    identity: Option<IdentityKeyPair>,
    pub(super) signed_prekeys: Vec<(u32, KeyPair)>,
    pub(super) one_time_prekeys: Vec<(u32, KeyPair)>,
    pub(super) kem_prekeys: Vec<(u32, KemSecretKeyOf<Native>)>,
}

impl Snapshot {
    /// Everything stored for one peer: the current session and the archived ones, with their root,
    /// chain and ratchet keys, the keys of messages passed over, and the post-quantum ratchet.
    #[must_use]
    pub fn of_session(record: &SessionRecord) -> Self {
        Self::default().with_session(record)
    }

    /// Adds what is stored for another peer.
    #[must_use]
    pub fn with_session(mut self, record: &SessionRecord) -> Self {
        self.records.push(record.clone());
        self
    }

    /// Adds the device's long-term key pair.
    #[must_use]
    pub fn with_identity(mut self, key_pair: &IdentityKeyPair) -> Self {
        self.identity = Some(key_pair.clone());
        self
    }

    /// Adds a signed prekey's private half.
    #[must_use]
    pub fn with_signed_prekey(mut self, prekey: &SignedPrekey) -> Self {
        self.signed_prekeys.push((prekey.id(), prekey.key.clone()));
        self
    }

    /// Adds a one-time prekey's private half.
    #[must_use]
    pub fn with_one_time_prekey(mut self, prekey: &OneTimePrekey) -> Self {
        self.one_time_prekeys.push((prekey.id(), prekey.key.clone()));
        self
    }

    /// Adds a KEM prekey's secret half.
    #[must_use]
    pub fn with_kem_prekey(mut self, prekey: &KemPrekey) -> Self {
        self.kem_prekeys.push((prekey.id(), prekey.key().clone()));
        self
    }

    /// Whose it is, as far as it says.
    pub(super) fn owner(&self) -> Option<IdentityKey> {
        let identity = self.identity.as_ref().map(IdentityKeyPair::public);
        identity.or_else(|| self.sessions().next().map(|session| session.local_identity))
    }

    /// The sessions in it.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.records.iter().flat_map(SessionRecord::sessions)
    }

    /// The Curve25519 key pairs in it.
    pub(super) fn key_pairs(&self) -> impl Iterator<Item = &KeyPair> {
        let prekeys = self.signed_prekeys.iter().chain(&self.one_time_prekeys).map(|(_, key)| key);
        let ratchet_keys = self.sessions().map(|session| &session.sending.ratchet);
        self.identity.iter().map(IdentityKeyPair::keys).chain(prekeys).chain(ratchet_keys)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("sessions", &self.sessions().count())
            .field("identity", &self.identity.is_some())
            .field("signed_prekeys", &self.signed_prekeys.len())
            .field("one_time_prekeys", &self.one_time_prekeys.len())
            .field("kem_prekeys", &self.kem_prekeys.len())
            .finish()
    }
}
