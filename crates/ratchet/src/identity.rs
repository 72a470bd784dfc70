//! Long-term identity keys: they agree (X25519) and sign (XEdDSA).

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::curve::{KeyError, KeyPair, PublicKey};
use crate::suite::Suites;
use crate::xeddsa::{self, Signature, SignatureError};

/// A device's long-term key pair.
#[derive(Clone)]
pub struct IdentityKeyPair(KeyPair);

impl IdentityKeyPair {
    /// A fresh key pair; takes 32 bytes of `rng`.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(KeyPair::generate(rng))
    }

    /// The key pair of a stored private key, clamped if it was not.
    #[must_use]
    pub fn from_private_bytes(bytes: [u8; 32]) -> Self {
        Self(KeyPair::from_private_bytes(bytes))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> IdentityKey {
        IdentityKey(self.0.public)
    }

    /// The private key for storage: 32 bytes, clamped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.private.as_bytes())
    }

    /// Signs a message; takes 64 bytes of `rng`.
    #[must_use]
    pub fn sign(&self, message: &[u8], rng: &mut impl CryptoRng) -> Signature {
        xeddsa::sign(&self.0.private, message, rng)
    }

    pub(crate) const fn keys(&self) -> &KeyPair {
        &self.0
    }
}

impl fmt::Debug for IdentityKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKeyPair").field("public", &self.0.public).finish_non_exhaustive()
    }
}

/// A device's long-term public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityKey(PublicKey);

impl IdentityKey {
    /// Reads the 33-byte encoding.
    ///
    /// # Errors
    /// As for [`PublicKey::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        PublicKey::parse(bytes).map(Self)
    }

    /// The 33-byte encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; PublicKey::LENGTH] {
        self.0.to_bytes()
    }

    /// Verifies a signature made by this identity.
    ///
    /// # Errors
    /// When the signature is not this key's over this message.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        xeddsa::verify(&self.0, message, signature)
    }

    /// The same key as a key to agree with.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.0
    }
}

impl From<PublicKey> for IdentityKey {
    fn from(key: PublicKey) -> Self {
        Self(key)
    }
}

/// What a device says about itself when it opens a session.
#[derive(Clone, Debug)]
pub struct LocalIdentity {
    /// Its long-term key pair.
    pub key_pair: IdentityKeyPair,
    /// A number drawn at installation: it changes when the app is reinstalled under the same
    /// address.
    pub registration_id: u32,
    /// Which protocol suites it speaks.
    pub suites: Suites,
}
