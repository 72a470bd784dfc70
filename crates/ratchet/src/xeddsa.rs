//! XEdDSA as deployed: Ed25519-like signatures made with a Curve25519 key.
//!
//! One difference from the XEdDSA specification runs through both directions: instead of forcing
//! the sign of the Edwards public key to zero (section "XEdDSA", `calculate_key_pair`), the signer
//! sends the sign in the top bit of the signature.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::curve::{PrivateKey, PublicKey};

/// An XEdDSA signature: R, then s with the signer's sign bit on top.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes.
    pub const LENGTH: usize = 64;

    /// Reads a signature.
    ///
    /// # Errors
    /// When there are not exactly 64 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        bytes.try_into().map(Self).map_err(|_| SignatureError::WrongLength)
    }

    /// The 64 bytes.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.0
    }

    fn halves(&self) -> ([u8; 32], [u8; 32]) {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        for (to, from) in r.iter_mut().chain(&mut s).zip(&self.0) {
            *to = *from;
        }
        (r, s)
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not 64 bytes.
    #[error("a signature has 64 bytes")]
    WrongLength,
    /// It was not made by this key over this message.
    #[error("invalid signature")]
    Invalid,
}

/// Signs (XEdDSA, section "XEdDSA", `xeddsa_sign`); takes 64 bytes of `rng`.
pub(crate) fn sign(key: &PrivateKey, message: &[u8], rng: &mut impl CryptoRng) -> Signature {
    let a = Zeroizing::new(Scalar::from_bytes_mod_order(*key.as_bytes()));
    let public = EdwardsPoint::mul_base(&a).compress();
    let mut random = Zeroizing::new([0; 64]);
    rng.fill_bytes(random.as_mut());

    let r = Zeroizing::new(hash_to_scalar(
        // hash_1 of the specification: 2^256 - 1 - 1 as a little-endian prefix.
        Sha512::new().chain_update([0xfe]).chain_update([0xff; 31]),
        &[key.as_bytes(), message, random.as_ref()],
    ));
    let commitment = EdwardsPoint::mul_base(&r).compress();
    let h = hash_to_scalar(Sha512::new(), &[commitment.as_bytes(), public.as_bytes(), message]);
    let s = *r + h * *a;

    let mut signature = [0; 64];
    for (to, from) in signature.iter_mut().zip(commitment.as_bytes().iter().chain(s.as_bytes())) {
        *to = *from;
    }
    let ([.., last], [.., sign_byte]) = (&mut signature, public.as_bytes());
    *last = (*last & 0x7f) | (sign_byte & 0x80);
    Signature(signature)
}

/// Verifies (XEdDSA, section "XEdDSA", `xeddsa_verify`), with the sign taken from the signature.
///
/// Deliberately as lenient as deployed verifiers: s is only bounded by 2^253 and then reduced, and
/// u is not required to be canonical. R is compared as bytes, never decompressed.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    verify_all(key, [(message, signature)])
}

/// Verifies several signatures of one key, which is converted once.
pub(crate) fn verify_all<'a>(
    key: &PublicKey,
    signed: impl IntoIterator<Item = (&'a [u8], &'a Signature)>,
) -> Result<(), SignatureError> {
    let mut converted: Option<(u8, EdwardsPoint, CompressedEdwardsY)> = None;
    for (message, signature) in signed {
        let (commitment, mut s) = signature.halves();
        let [.., top] = &mut s;
        let sign = *top >> 7;
        *top &= 0x7f;
        if *top & 0xe0 != 0 {
            return Err(SignatureError::Invalid);
        }
        let (point, compressed) = match converted {
            Some((converted_with, point, compressed)) if converted_with == sign => (point, compressed),
            _ => {
                let point = MontgomeryPoint(*key.as_raw()).to_edwards(sign).ok_or(SignatureError::Invalid)?;
                let compressed = point.compress();
                converted = Some((sign, point, compressed));
                (point, compressed)
            }
        };
        let s = Scalar::from_bytes_mod_order(s);
        let h = hash_to_scalar(Sha512::new(), &[&commitment, compressed.as_bytes(), message]);
        let expected: CompressedEdwardsY =
            EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, &-point, &s).compress();
        if !bool::from(expected.as_bytes().ct_eq(&commitment)) {
            return Err(SignatureError::Invalid);
        }
    }
    Ok(())
}

fn hash_to_scalar(mut hash: Sha512, parts: &[&[u8]]) -> Scalar {
    for part in parts {
        hash.update(part);
    }
    let digest = Zeroizing::new(<[u8; 64]>::from(hash.finalize()));
    Scalar::from_bytes_mod_order_wide(&digest)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn own_signatures_verify_whatever_the_sign_of_the_key() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut signs = [0; 2];
        for n in 0..32 {
            let key = PrivateKey::from_bytes([n; 32]);
            let message = vec![n; usize::from(n) * 7];
            let signature = sign(&key, &message, &mut rng);
            signs[usize::from(signature.0[63] >> 7)] += 1;
            verify(&key.public(), &message, &signature).unwrap();
            assert_eq!(verify(&key.public(), b"other", &signature), Err(SignatureError::Invalid));
            let other = PrivateKey::from_bytes([n + 100; 32]).public();
            assert_eq!(verify(&other, &message, &signature), Err(SignatureError::Invalid));
        }
        assert!(signs[0] > 0 && signs[1] > 0, "both signs occur: {signs:?}");
    }

    #[test]
    fn every_bit_of_a_signature_matters() {
        let key = PrivateKey::from_bytes([3; 32]);
        let signature = sign(&key, b"message", &mut ChaCha8Rng::seed_from_u64(2));
        for bit in 0..512 {
            let mut flipped = signature;
            flipped.0[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&key.public(), b"message", &flipped).is_err(), "bit {bit}");
        }
    }

    /// s and s + n * order are the same scalar; only those below 2^253 may stand for it.
    #[test]
    fn an_unreduced_s_is_accepted_below_2_to_the_253_only() {
        let key = PrivateKey::from_bytes([3; 32]);
        let signature = sign(&key, b"message", &mut ChaCha8Rng::seed_from_u64(2));
        // order - 1, low byte first; one is added below.
        let order_less_one = (-Scalar::ONE).to_bytes();
        let mut unreduced = signature;
        for times in 1..=7 {
            let mut carry = 1;
            for (byte, add) in unreduced.0[32..].iter_mut().zip(order_less_one) {
                // The sign bit stays on top: s is too small to reach it.
                let sum = u16::from(*byte) + u16::from(add) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
            let above = (unreduced.0[63] & 0x7f) >= 0x20;
            assert_eq!(verify(&key.public(), b"message", &unreduced).is_err(), above, "{times} orders");
            if times >= 2 {
                assert!(above);
            }
            if (unreduced.0[63] & 0x7f) >= 0x60 {
                break;
            }
        }
    }

    #[test]
    fn signing_is_randomised() {
        let key = PrivateKey::from_bytes([3; 32]);
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        assert_ne!(sign(&key, b"m", &mut rng), sign(&key, b"m", &mut rng));
    }
}
