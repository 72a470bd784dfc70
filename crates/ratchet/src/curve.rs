//! Public keys with the 33-byte encoding of X3DH, and key pairs that agree.

use std::fmt;
use std::sync::OnceLock;

use thiserror::Error;

use crate::fresh_keys::FreshKeys;
use crate::provider::{Curve, Native, PreparedOf, PrivateKeyOf, Provider, SharedSecret, Wire};

/// Leading byte of an encoded curve key (X3DH, section "Cryptographic notation", leaves it to the
/// application).
const CURVE_KEY_TYPE: u8 = 0x05;

/// A Curve25519 public key: the Montgomery u-coordinate, kept exactly as received.
///
/// Two keys are equal when their bytes are: encodings are not made canonical.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Length of the encoding: a type byte and the key.
    pub const LENGTH: usize = 33;

    /// Reads an encoded key. Bytes after the 33rd are dropped, as deployed clients do.
    ///
    /// # Errors
    /// When the type byte is missing or unknown, or the key is too short.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let (&kind, rest) = bytes.split_first().ok_or(KeyError::Empty)?;
        if kind != CURVE_KEY_TYPE {
            return Err(KeyError::UnknownType { found: kind });
        }
        let (key, _) = rest.split_first_chunk().ok_or(KeyError::WrongLength)?;
        Ok(Self(*key))
    }

    /// The 33-byte encoding: type byte, then the u-coordinate in little-endian order.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [CURVE_KEY_TYPE; Self::LENGTH];
        for (to, from) in bytes.iter_mut().skip(1).zip(&self.0) {
            *to = *from;
        }
        bytes
    }

    pub(crate) const fn from_raw(raw: [u8; 32]) -> Self {
        Self(raw)
    }

    pub(crate) const fn as_raw(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "PublicKey({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// Why bytes are not a public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No bytes at all.
    #[error("empty key")]
    Empty,
    /// The type byte names no kind of key that is accepted here.
    #[error("unknown key type {found:#04x}")]
    UnknownType {
        /// The type byte.
        found: u8,
    },
    /// Too few bytes, or for a KEM key too many.
    #[error("wrong key length")]
    WrongLength,
}

/// A Diffie-Hellman result that carries nothing of our private key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("invalid key agreement")]
pub(crate) struct InvalidAgreement;

/// A private key with its public half. While it is live it keeps the provider's form, which is not
/// stored.
#[derive(Clone)]
pub(crate) struct KeyPair<P: Provider = Native> {
    pub(crate) private: PrivateKeyOf<P>,
    pub(crate) public: PublicKey,
    /// Making it costs a multiplication of the base point, so it pays off for a key that agrees more
    /// than once.
    prepared: OnceLock<PreparedOf<P>>,
}

impl<P: Provider> KeyPair<P> {
    pub(crate) fn generate(fresh: &mut impl FreshKeys<P>) -> Self {
        Self::from_private_bytes(&fresh.curve_private_key())
    }

    pub(crate) fn from_private_bytes(bytes: &[u8; 32]) -> Self {
        Self::from_private(PrivateKeyOf::<P>::from_wire(bytes))
    }

    pub(crate) fn from_private(private: PrivateKeyOf<P>) -> Self {
        let (prepared, public) = P::Curve::prepare(&private);
        Self { private, public: PublicKey::from_raw(public), prepared: OnceLock::from(prepared) }
    }

    /// From storage, with the public key that was stored beside it.
    pub(crate) const fn stored(private: PrivateKeyOf<P>, public: PublicKey) -> Self {
        Self { private, public, prepared: OnceLock::new() }
    }

    /// Without the provider's form, for a key that agrees once if ever.
    pub(crate) fn at_rest(self) -> Self {
        Self::stored(self.private, self.public)
    }

    /// An all-zero result means that the peer contributed a point of small order.
    pub(crate) fn agree(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidAgreement> {
        let prepared = self.prepared.get_or_init(|| P::Curve::prepare(&self.private).0);
        P::Curve::agree(prepared, theirs.as_raw()).ok_or(InvalidAgreement)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::provider::Backend;

    #[derive(Deserialize)]
    struct Agree {
        a: String,
        b: String,
        shared: Option<String>,
    }

    #[derive(Deserialize)]
    struct Primitives {
        agree: Vec<Agree>,
        #[serde(rename = "agreeZero")]
        agree_zero: Agree,
    }

    fn agree(case: &Agree) -> Result<SharedSecret, InvalidAgreement> {
        let pair: KeyPair = KeyPair::from_private_bytes(&hex::decode(&case.a).unwrap().try_into().unwrap());
        pair.agree(&PublicKey::parse(&hex::decode(&case.b).unwrap()).unwrap())
    }

    #[test]
    fn agrees_with_the_recorded_secrets() {
        let recorded: Primitives =
            serde_json::from_str(include_str!("../tests/vectors/primitives.json")).unwrap();
        assert_eq!(recorded.agree.len(), 4);
        for backend in Backend::ALL {
            backend.install();
            for case in &recorded.agree {
                assert_eq!(
                    Some(hex::encode(*agree(case).unwrap_or_else(|_| panic!("{backend}")))),
                    case.shared
                );
            }
            assert_eq!(agree(&recorded.agree_zero).err(), Some(InvalidAgreement));
        }
    }

    #[test]
    fn all_providers_compute_the_same() {
        let mut scalar = [3; 32];
        let mut point = [5; 32];
        for round in 0..64u8 {
            let results: Vec<_> = Backend::ALL
                .iter()
                .map(|backend| {
                    backend.install();
                    let pair: KeyPair = KeyPair::from_private_bytes(&scalar);
                    // Non-canonical keys and such with their high bit set included.
                    (pair.public, pair.agree(&PublicKey(point)).ok().map(|shared| *shared))
                })
                .collect();
            assert!(results.iter().all(|result| *result == results[0]), "round {round}");
            scalar = *results[0].0.as_raw();
            point = if round % 3 == 0 {
                [round.wrapping_sub(1) | 0x80; 32]
            } else {
                results[0].1.unwrap_or([9; 32])
            };
        }
    }

    #[test]
    fn generated_keys_are_consistent() {
        let pair: KeyPair = KeyPair::from_private_bytes(&[0xff; 32]);
        assert_eq!(pair.public, KeyPair::<Native>::from_private(pair.private.clone()).public);
        assert!(<Native as Provider>::Curve::is_unique(pair.public.as_raw()));
    }

    #[test]
    fn debug_shows_four_bytes_of_a_public_key() {
        assert_eq!(format!("{:?}", PublicKey([0xab; 32])), "PublicKey(abababab..)");
    }
}
