//! Prekeys with their private halves, as the responder keeps them (X3DH and PQXDH, section
//! "Publishing keys").
//!
//! The stored form is this crate's own: a kind byte, the id, the private part, the signature. It is
//! not for the wire.

use std::fmt;
use std::sync::OnceLock;

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::bundle::{PublicKemPrekey, PublicOneTimePrekey, PublicSignedPrekey};
use crate::curve::{KeyPair, PublicKey};
use crate::fresh_keys::draw;
use crate::identity::IdentityKeyPair;
use crate::kem::{self, KemPublicKey};
use crate::provider::{
    FixedBytes, Kem, KemSecretKeyOf, KemSeedOf, Native, PrivateKeyOf, Provider, SignatureOf, Wire,
};
use crate::signature::Signature;

const SIGNED: u8 = 1;
const ONE_TIME: u8 = 2;
const KEM_SEED: u8 = 3;
const KEM_EXPANDED: u8 = 4;

/// Where the responder finds the private halves that a first message refers to.
///
/// Deleting a one-time prekey after use is the caller's step: see
/// [`Established`](crate::Established).
pub trait PrekeySource<P: Provider = Native> {
    /// The signed prekey with this id, if it is still kept.
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey<P>>;
    /// The one-time prekey with this id, if it was not used yet.
    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey<P>>;
    /// The KEM prekey with this id, one-time or last-resort.
    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey<P>>;
}

/// The prekeys that one first message names, for a caller that keeps them on a disk: it asks the message
/// ([`PrekeyMessage`](crate::PrekeyMessage)) for their ids, and loads these and no others.
#[derive(Debug)]
pub struct NamedPrekeys<P: Provider = Native> {
    /// The signed prekey, if it is still kept.
    pub signed: Option<SignedPrekey<P>>,
    /// The one-time prekey, if one is named and was not used yet.
    pub one_time: Option<OneTimePrekey<P>>,
    /// The KEM prekey, if one is named and still kept.
    pub kem: Option<KemPrekey<P>>,
}

impl<P: Provider> Default for NamedPrekeys<P> {
    /// None of them: what messages of sessions that are known need.
    fn default() -> Self {
        Self { signed: None, one_time: None, kem: None }
    }
}

impl<P: Provider> PrekeySource<P> for NamedPrekeys<P> {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey<P>> {
        self.signed.as_ref().filter(|prekey| prekey.id == id)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey<P>> {
        self.one_time.as_ref().filter(|prekey| prekey.id == id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey<P>> {
        self.kem.as_ref().filter(|prekey| prekey.id == id)
    }
}

/// Stored bytes that are not a prekey of the expected kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not a stored prekey of this kind")]
pub struct PrekeyError;

/// A medium-term curve prekey, signed by the identity key.
pub struct SignedPrekey<P: Provider = Native> {
    id: u32,
    pub(crate) key: KeyPair<P>,
    signature: SignatureOf<P>,
}

impl<P: Provider> SignedPrekey<P> {
    /// A fresh prekey; takes 32 and then 64 bytes of `rng`.
    #[must_use]
    pub fn generate(id: u32, identity: &IdentityKeyPair<P>, rng: &mut impl CryptoRng) -> Self {
        let key = KeyPair::generate(rng);
        let signature = identity.sign_to_keep(&key.public.to_bytes(), rng);
        Self { id, key, signature }
    }

    /// A prekey made elsewhere, from its private key and the signature it was published with.
    #[must_use]
    pub fn from_private_bytes(id: u32, private: [u8; 32], signature: Signature) -> Self {
        let signature = Wire::from_wire(signature.as_raw());
        Self { id, key: KeyPair::from_private_bytes(&private), signature }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.key.public
    }

    /// The identity key's signature over the encoded public half.
    #[must_use]
    pub fn signature(&self) -> Signature {
        Signature::from(self.signature.to_wire())
    }

    /// What goes into a bundle.
    #[must_use]
    pub fn to_public(&self) -> PublicSignedPrekey {
        PublicSignedPrekey { id: self.id, key: self.key.public, signature: self.signature() }
    }

    /// The stored form: of a real one 101 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        stored(SIGNED, self.id, &[self.key.private.as_bytes(), self.signature.as_bytes()])
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let (SIGNED, id, rest) = opened(bytes)? else { return Err(PrekeyError) };
        let (private, signature) = fixed::<PrivateKeyOf<P>>(rest)?;
        let signature = FixedBytes::from_bytes(signature).ok_or(PrekeyError)?;
        Ok(Self { id, key: KeyPair::from_private(private), signature })
    }
}

impl<P: Provider> fmt::Debug for SignedPrekey<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPrekey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A curve prekey that serves one session and is then deleted. Unsigned: its holder proves
/// itself by the other keys.
pub struct OneTimePrekey<P: Provider = Native> {
    id: u32,
    pub(crate) key: KeyPair<P>,
}

impl<P: Provider> OneTimePrekey<P> {
    /// A fresh prekey; takes 32 bytes of `rng`.
    #[must_use]
    pub fn generate(id: u32, rng: &mut impl CryptoRng) -> Self {
        Self { id, key: KeyPair::generate(rng).at_rest() }
    }

    /// A prekey made elsewhere.
    #[must_use]
    pub fn from_private_bytes(id: u32, private: [u8; 32]) -> Self {
        Self { id, key: KeyPair::from_private_bytes(&private).at_rest() }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.key.public
    }

    /// What goes into a bundle.
    #[must_use]
    pub const fn to_public(&self) -> PublicOneTimePrekey {
        PublicOneTimePrekey { id: self.id, key: self.key.public }
    }

    /// The stored form: of a real one 37 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        stored(ONE_TIME, self.id, &[self.key.private.as_bytes()])
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let (ONE_TIME, id, rest) = opened(bytes)? else { return Err(PrekeyError) };
        let private = FixedBytes::from_bytes(rest).ok_or(PrekeyError)?;
        Ok(Self { id, key: KeyPair::from_private(private).at_rest() })
    }
}

impl<P: Provider> fmt::Debug for OneTimePrekey<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimePrekey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A Kyber-1024 prekey, signed by the identity key. Whether it serves one session or many (last
/// resort) is the caller's policy; the protocol does not tell them apart.
pub struct KemPrekey<P: Provider = Native> {
    id: u32,
    secret: Secret<P>,
    signature: SignatureOf<P>,
}

pub(crate) enum Secret<P: Provider = Native> {
    /// Made here: 64 bytes to store instead of 3168, and the key that they make while it is in use.
    Made {
        seed: KemSeedOf<P>,
        key: OnceLock<KemSecretKeyOf<P>>,
    },
    Imported(KemSecretKeyOf<P>),
}

impl<P: Provider> KemPrekey<P> {
    /// A fresh prekey; takes 64 and then 64 bytes of `rng`.
    #[must_use]
    pub fn generate(id: u32, identity: &IdentityKeyPair<P>, rng: &mut impl CryptoRng) -> Self {
        let seed = KemSeedOf::<P>::from_wire(&draw(rng));
        let key = P::Kem::secret_key(&seed);
        let public = KemPublicKey::from_raw(&P::Kem::public_key(&key));
        let signature = identity.sign_to_keep(&public.to_bytes(), rng);
        Self { id, secret: Secret::Made { seed, key: OnceLock::from(key) }, signature }
    }

    /// A prekey made elsewhere, from its encoded secret key (type byte and, of a real one, 3168 bytes).
    ///
    /// # Errors
    /// When the key is not an encoded Kyber-1024 secret key.
    pub fn from_secret_bytes(id: u32, secret: &[u8], signature: Signature) -> Result<Self, PrekeyError> {
        let raw = kem::untyped(secret).map_err(|_| PrekeyError)?;
        let key = FixedBytes::from_bytes(raw).ok_or(PrekeyError)?;
        Ok(Self { id, secret: Secret::Imported(key), signature: Wire::from_wire(signature.as_raw()) })
    }

    /// Keeps the seed only, if it was made here, until the key is asked for again: for a key that is
    /// used once if ever.
    pub fn rest(&mut self) {
        if let Secret::Made { key, .. } = &mut self.secret {
            key.take();
        }
    }

    pub(crate) fn key(&self) -> &KemSecretKeyOf<P> {
        match &self.secret {
            Secret::Made { seed, key } => key.get_or_init(|| P::Kem::secret_key(seed)),
            Secret::Imported(key) => key,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> KemPublicKey {
        KemPublicKey::from_raw(&P::Kem::public_key(self.key()))
    }

    /// The identity key's signature over the encoded public half.
    #[must_use]
    pub fn signature(&self) -> Signature {
        Signature::from(self.signature.to_wire())
    }

    /// What goes into a bundle.
    #[must_use]
    pub fn to_public(&self) -> PublicKemPrekey {
        PublicKemPrekey { id: self.id, key: self.public(), signature: self.signature() }
    }

    /// The stored form: of a real one 133 bytes for a key made here, 3237 for an imported one.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (kind, secret): (_, &[u8]) = match &self.secret {
            Secret::Made { seed, .. } => (KEM_SEED, seed.as_bytes()),
            Secret::Imported(key) => (KEM_EXPANDED, key.as_bytes()),
        };
        stored(kind, self.id, &[secret, self.signature.as_bytes()])
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let (kind, id, rest) = opened(bytes)?;
        let (secret, signature) = match kind {
            KEM_SEED => {
                let (seed, signature) = fixed(rest)?;
                (Secret::Made { seed, key: OnceLock::new() }, signature)
            }
            KEM_EXPANDED => {
                let (key, signature) = fixed(rest)?;
                (Secret::Imported(key), signature)
            }
            _ => return Err(PrekeyError),
        };
        let signature = FixedBytes::from_bytes(signature).ok_or(PrekeyError)?;
        Ok(Self { id, secret, signature })
    }
}

impl<P: Provider> fmt::Debug for KemPrekey<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KemPrekey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn stored(kind: u8, id: u32, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = 5 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.push(kind);
    bytes.extend_from_slice(&id.to_be_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A value from the front of the bytes, and the rest of them.
fn fixed<T: FixedBytes>(bytes: &[u8]) -> Result<(T, &[u8]), PrekeyError> {
    let (value, rest) = bytes.split_at_checked(T::LENGTH).ok_or(PrekeyError)?;
    Ok((T::from_bytes(value).ok_or(PrekeyError)?, rest))
}

fn opened(bytes: &[u8]) -> Result<(u8, u32, &[u8]), PrekeyError> {
    let (&kind, rest) = bytes.split_first().ok_or(PrekeyError)?;
    let (id, rest) = rest.split_first_chunk().ok_or(PrekeyError)?;
    Ok((kind, u32::from_be_bytes(*id), rest))
}
