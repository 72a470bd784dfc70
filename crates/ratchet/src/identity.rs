//! Long-term identity keys: they agree (X25519) and sign (XEdDSA).

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::curve::{KeyError, KeyPair, PublicKey};
use crate::fresh_keys::draw;
use crate::provider::{Curve, Native, Provider, SignatureOf, Wire};
use crate::signature::{Signature, SignatureError};
use crate::suite::Suites;

/// A device's long-term key pair.
#[derive(Clone)]
pub struct IdentityKeyPair<P: Provider = Native>(KeyPair<P>);

impl<P: Provider> IdentityKeyPair<P> {
    /// A fresh key pair; takes 32 bytes of `rng`.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(KeyPair::generate(rng))
    }

    /// The key pair of a stored private key, clamped if it was not.
    #[must_use]
    pub fn from_private_bytes(bytes: [u8; 32]) -> Self {
        Self(KeyPair::from_private_bytes(&bytes))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> IdentityKey {
        IdentityKey(self.0.public)
    }

    /// The private key for storage: 32 bytes, clamped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.private.to_wire())
    }

    /// Signs a message; takes 64 bytes of `rng`.
    #[must_use]
    pub fn sign(&self, message: &[u8], rng: &mut impl CryptoRng) -> Signature {
        Signature::from(self.sign_to_keep(message, rng).to_wire())
    }

    pub(crate) fn sign_to_keep(&self, message: &[u8], rng: &mut impl CryptoRng) -> SignatureOf<P> {
        P::Curve::sign(&self.0.private, message, &draw(rng))
    }

    pub(crate) const fn keys(&self) -> &KeyPair<P> {
        &self.0
    }
}

impl<P: Provider> fmt::Debug for IdentityKeyPair<P> {
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

    /// Verifies a signature made by this identity (XEdDSA, section "XEdDSA", `xeddsa_verify`).
    ///
    /// As lenient as deployed clients in two things: s needs to be below 2^253 only, so of one signature there can be a
    /// second form; and a key need not be canonical (u below 2^255 - 19, the high bit clear), so that a few keys have
    /// two forms under which the same signatures verify. Whoever compares keys or signatures must not take two that
    /// differ for two that have nothing to do with each other. A key of small order verifies nothing.
    ///
    /// # Errors
    /// When the signature is not this key's over this message.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        self.verify_with::<Native>(message, signature)
    }

    /// [`IdentityKey::verify`] by another provider.
    ///
    /// # Errors
    /// The same.
    pub fn verify_with<P: Provider>(
        &self,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        self.verify_all::<P>(&[(message, signature.as_raw())])
    }

    pub(crate) fn verify_all<P: Provider>(
        &self,
        signed: &[(&[u8], &[u8; 64])],
    ) -> Result<(), SignatureError> {
        if P::Curve::verify(self.0.as_raw(), signed) { Ok(()) } else { Err(SignatureError::Invalid) }
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
pub struct LocalIdentity<P: Provider = Native> {
    /// Its long-term key pair.
    pub key_pair: IdentityKeyPair<P>,
    /// A number drawn at installation: it changes when the app is reinstalled under the same
    /// address.
    pub registration_id: u32,
    /// Which protocol suites it speaks.
    pub suites: Suites,
}
