//! X25519 key pairs and agreement (RFC 7748), and the 33-byte public key encoding of X3DH.
//!
//! The one place that knows which implementation of X25519 is used.

use std::fmt;
use std::sync::{Arc, OnceLock};

#[cfg(feature = "aws-lc")]
use aws_lc_rs::agreement::X25519;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::fresh_keys::FreshKeys;
#[cfg(feature = "aws-lc")]
use crate::provider::Provider;

/// Leading byte of an encoded curve key (X3DH, section "Cryptographic notation", leaves it to the
/// application).
const CURVE_KEY_TYPE: u8 = 0x05;

/// What two parties share after a Diffie-Hellman or KEM operation.
pub(crate) type SharedSecret = Zeroizing<[u8; 32]>;

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

    /// Whether this is the canonical encoding of a point of the prime-order subgroup.
    ///
    /// A responder demands it of the initiator's base key: the base key identifies the session, so
    /// one agreement must not be reachable under several encodings of it.
    pub(crate) fn is_canonical_and_torsion_free(&self) -> bool {
        self.is_canonical()
            && MontgomeryPoint(self.0).to_edwards(0).is_some_and(|point| {
                // In the subgroup of order q, and only there, q - 1 times a point is its negative.
                // The key is public, so this need not be constant-time, which makes it faster than
                // the library's own test.
                let times = EdwardsPoint::vartime_double_scalar_mul_basepoint;
                times(&-Scalar::ONE, &point, &Scalar::ZERO) == -point
            })
    }

    /// Below p = 2^255 - 19, high bit included.
    fn is_canonical(&self) -> bool {
        let [low, middle @ .., high] = &self.0;
        let at_least_p = *high == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed;
        *high <= 0x7f && !at_least_p
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

/// A Curve25519 private key, always held clamped (RFC 7748, section 5).
#[derive(Clone)]
pub(crate) struct PrivateKey(Zeroizing<[u8; 32]>);

impl PrivateKey {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(clamp_integer(bytes)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key in the installed provider's form.
    pub(crate) fn prepare(&self) -> PreparedKey {
        #[cfg(feature = "aws-lc")]
        if Provider::installed() == Provider::AwsLc
            && let Ok(key) = aws_lc_rs::agreement::PrivateKey::from_private_key(&X25519, self.as_bytes())
            && let Ok(public) = key.compute_public_key()
            && let Ok(public) = public.as_ref().try_into()
        {
            return PreparedKey { public: PublicKey(public), form: Form::AwsLc(key) };
        }
        let public = PublicKey(MontgomeryPoint::mul_base_clamped(*self.0).to_bytes());
        PreparedKey { public, form: Form::Dalek(self.clone()) }
    }
}

/// A private key with its public half in the form that a provider computes with: making it costs a
/// multiplication of the base point, so it pays off for a key that agrees more than once.
pub(crate) struct PreparedKey {
    public: PublicKey,
    form: Form,
}

enum Form {
    #[cfg(feature = "aws-lc")]
    AwsLc(aws_lc_rs::agreement::PrivateKey),
    Dalek(PrivateKey),
}

impl PreparedKey {
    pub(crate) const fn public(&self) -> PublicKey {
        self.public
    }

    /// X25519. An all-zero result means that the peer contributed a point of small order.
    pub(crate) fn agree(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidAgreement> {
        match &self.form {
            #[cfg(feature = "aws-lc")]
            Form::AwsLc(key) => {
                let theirs = aws_lc_rs::agreement::UnparsedPublicKey::new(&X25519, &theirs.0);
                // It refuses an all-zero result itself.
                aws_lc_rs::agreement::agree(key, theirs, InvalidAgreement, |shared| {
                    shared.try_into().map(Zeroizing::new).map_err(|_| InvalidAgreement)
                })
            }
            Form::Dalek(key) => {
                let shared = Zeroizing::new(MontgomeryPoint(theirs.0).mul_clamped(*key.0).to_bytes());
                if bool::from(shared.ct_eq(&[0; 32])) { Err(InvalidAgreement) } else { Ok(shared) }
            }
        }
    }
}

/// A Diffie-Hellman result that carries nothing of our private key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("invalid key agreement")]
pub(crate) struct InvalidAgreement;

/// A private key with its public half. While it is live it keeps the provider's form, which is not
/// stored.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) private: PrivateKey,
    pub(crate) public: PublicKey,
    prepared: OnceLock<Arc<PreparedKey>>,
}

impl KeyPair {
    pub(crate) fn generate(fresh: &mut impl FreshKeys) -> Self {
        Self::from_private_bytes(*fresh.curve_private_key())
    }

    pub(crate) fn from_private_bytes(bytes: [u8; 32]) -> Self {
        let private = PrivateKey::from_bytes(bytes);
        let prepared = private.prepare();
        Self { private, public: prepared.public(), prepared: OnceLock::from(Arc::new(prepared)) }
    }

    /// From storage, with the public key that was stored beside it.
    pub(crate) const fn stored(private: PrivateKey, public: PublicKey) -> Self {
        Self { private, public, prepared: OnceLock::new() }
    }

    /// Without the provider's form, for a key that agrees once if ever.
    pub(crate) fn at_rest(self) -> Self {
        Self::stored(self.private, self.public)
    }

    pub(crate) fn agree(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidAgreement> {
        self.prepared.get_or_init(|| Arc::new(self.private.prepare())).agree(theirs)
    }
}

#[cfg(test)]
impl PrivateKey {
    pub(crate) fn public(&self) -> PublicKey {
        self.prepare().public()
    }

    pub(crate) fn agree(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidAgreement> {
        self.prepare().agree(theirs)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

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
        let private = PrivateKey::from_bytes(hex::decode(&case.a).unwrap().try_into().unwrap());
        private.agree(&PublicKey::parse(&hex::decode(&case.b).unwrap()).unwrap())
    }

    #[test]
    fn agrees_with_the_recorded_secrets() {
        let recorded: Primitives =
            serde_json::from_str(include_str!("../tests/vectors/primitives.json")).unwrap();
        assert_eq!(recorded.agree.len(), 4);
        for provider in crate::provider::Provider::ALL {
            provider.install();
            for case in &recorded.agree {
                assert_eq!(Some(hex::encode(*agree(case).unwrap())), case.shared);
            }
            assert_eq!(agree(&recorded.agree_zero).unwrap_err(), InvalidAgreement);
        }
    }

    #[test]
    fn all_providers_compute_the_same() {
        let mut scalar = [3; 32];
        let mut point = [5; 32];
        for round in 0..64u8 {
            let results: Vec<_> = crate::provider::Provider::ALL
                .iter()
                .map(|provider| {
                    provider.install();
                    let private = PrivateKey::from_bytes(scalar);
                    // Non-canonical keys and such with their high bit set included.
                    (private.public(), private.agree(&PublicKey(point)).ok().map(|shared| *shared))
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
    fn generated_keys_are_clamped_and_consistent() {
        let pair = KeyPair::from_private_bytes([0xff; 32]);
        assert_eq!(pair.private.as_bytes()[0], 0xf8);
        assert_eq!(pair.private.as_bytes()[31], 0x7f);
        assert_eq!(pair.public, pair.private.public());
        assert!(pair.public.is_canonical_and_torsion_free());
    }

    #[test]
    fn base_keys_outside_of_the_prime_order_subgroup_are_told_apart() {
        let good = KeyPair::from_private_bytes([7; 32]).public;
        let with = |change: &dyn Fn(&mut [u8; 32])| {
            let mut raw = *good.as_raw();
            change(&mut raw);
            PublicKey(raw).is_canonical_and_torsion_free()
        };
        assert!(with(&|_| {}));
        assert!(!with(&|raw| raw[31] |= 0x80), "high bit");
        assert!(!with(&|raw| *raw = [0; 32]), "the point of order two");
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        for above in 0..19 {
            let mut raw = p;
            raw[0] += above;
            assert!(!PublicKey(raw).is_canonical(), "p + {above}");
        }
        p[0] = 0xec;
        assert!(PublicKey(p).is_canonical(), "p - 1");

        // Adding a point of order two keeps all agreements (clamping clears the cofactor) but not
        // the torsion check.
        let point = MontgomeryPoint(*good.as_raw()).to_edwards(0).unwrap();
        let order_two = MontgomeryPoint([0; 32]).to_edwards(0).unwrap();
        let twisted = PublicKey((point + order_two).to_montgomery().to_bytes());
        let peer = PrivateKey::from_bytes([9; 32]);
        assert_eq!(*peer.agree(&twisted).unwrap(), *peer.agree(&good).unwrap());
        assert!(!twisted.is_canonical_and_torsion_free());
    }

    #[test]
    fn debug_shows_four_bytes_of_a_public_key() {
        assert_eq!(format!("{:?}", PublicKey([0xab; 32])), "PublicKey(abababab..)");
    }
}
