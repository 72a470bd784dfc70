//! Curve25519 keys, and XEdDSA as deployed: Ed25519-like signatures made with them.
//!
//! One difference from the XEdDSA specification runs through both directions: instead of forcing
//! the sign of the Edwards public key to zero (section "XEdDSA", `calculate_key_pair`), the signer
//! sends the sign in the top bit of the signature.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use sha2::{Digest, Sha512};
use std::ops::Deref;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::bytes::{FixedBytes, Key, Wire};

/// A Curve25519 private key, always held clamped (RFC 7748, section 5). In a box: prekeys move about in the maps that they
/// are kept in, and what moves leaves a copy behind.
#[derive(Clone)]
pub struct CurveKey(Box<Key>);

impl FixedBytes for CurveKey {
    const LENGTH: usize = 32;

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <&[u8; 32]>::try_from(bytes).ok().map(Self::from_wire)
    }
}

impl Wire<32> for CurveKey {
    fn from_wire(bytes: &[u8; 32]) -> Self {
        Self(Box::new(Key::new(clamp_integer(*bytes))))
    }

    fn to_wire(&self) -> [u8; 32] {
        **self.0
    }
}

impl Deref for CurveKey {
    type Target = [u8; 32];

    fn deref(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether this is the canonical encoding of a point of the prime-order subgroup.
pub(super) fn is_canonical_and_torsion_free(public: &[u8; 32]) -> bool {
    is_canonical(public)
        && MontgomeryPoint(*public).to_edwards(0).is_some_and(|point| {
            // In the subgroup of order q, and only there, q - 1 times a point is its negative.
            // The key is public, so this need not be constant-time, which makes it faster than
            // the library's own test.
            let times = EdwardsPoint::vartime_double_scalar_mul_basepoint;
            times(&-Scalar::ONE, &point, &Scalar::ZERO) == -point
        })
}

/// Below p = 2^255 - 19, high bit included.
fn is_canonical(public: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = public;
    let at_least_p = *high == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed;
    *high <= 0x7f && !at_least_p
}

/// Signs (XEdDSA, section "XEdDSA", `xeddsa_sign`).
pub(super) fn sign(key: &CurveKey, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
    let a = Zeroizing::new(Scalar::from_bytes_mod_order(**key));
    let public = EdwardsPoint::mul_base(&a).compress();

    let r = Zeroizing::new(hash_to_scalar(
        // hash_1 of the specification: 2^256 - 1 - 1 as a little-endian prefix.
        Sha512::new().chain_update([0xfe]).chain_update([0xff; 31]),
        &[key.as_bytes(), message, random],
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
    signature
}

/// Verifies several signatures of one key, which is converted once (XEdDSA, section "XEdDSA",
/// `xeddsa_verify`), with the sign taken from the signature.
///
/// Deliberately as lenient as deployed verifiers: s is only bounded by 2^253 and then reduced, and
/// u is not required to be canonical. R is compared as bytes, never decompressed. But keys of small order, which verify
/// signatures that anybody can make, are refused; they could agree on nothing anyway.
pub(super) fn verify(key: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
    let mut converted: Option<(u8, EdwardsPoint, CompressedEdwardsY)> = None;
    for (message, signature) in signed {
        let (commitment, mut s) = halves(signature);
        let [.., top] = &mut s;
        let sign = *top >> 7;
        *top &= 0x7f;
        if *top & 0xe0 != 0 {
            return false;
        }
        let (point, compressed) = match converted {
            Some((converted_with, point, compressed)) if converted_with == sign => (point, compressed),
            _ => {
                let Some(point) = MontgomeryPoint(*key).to_edwards(sign) else { return false };
                if point.is_small_order() {
                    return false;
                }
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
            return false;
        }
    }
    true
}

fn halves(signature: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut r, mut s) = ([0; 32], [0; 32]);
    for (to, from) in r.iter_mut().chain(&mut s).zip(signature) {
        *to = *from;
    }
    (r, s)
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
    use curve25519_dalek::montgomery::MontgomeryPoint;

    use super::*;

    fn key(byte: u8) -> CurveKey {
        CurveKey::from_wire(&[byte; 32])
    }

    fn public(key: &CurveKey) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(**key).to_bytes()
    }

    #[test]
    fn own_signatures_verify_whatever_the_sign_of_the_key() {
        let mut signs = [0; 2];
        for n in 0..32 {
            let ours = key(n);
            let message = vec![n; usize::from(n) * 7];
            let signature = sign(&ours, &message, &[n ^ 0x55; 64]);
            signs[usize::from(signature[63] >> 7)] += 1;
            assert!(verify(&public(&ours), &[(&message, &signature)]));
            assert!(!verify(&public(&ours), &[(b"other", &signature)]));
            assert!(!verify(&public(&key(n + 100)), &[(&message, &signature)]));
            assert!(!verify(&public(&ours), &[(&message, &signature), (b"other", &signature)]));
        }
        assert!(signs[0] > 0 && signs[1] > 0, "both signs occur: {signs:?}");
    }

    #[test]
    fn every_bit_of_a_signature_matters() {
        let signature = sign(&key(3), b"message", &[2; 64]);
        for bit in 0..512 {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&public(&key(3)), &[(b"message", &flipped)]), "bit {bit}");
        }
    }

    /// s and s + n * order are the same scalar; only those below 2^253 may stand for it.
    #[test]
    fn an_unreduced_s_is_accepted_below_2_to_the_253_only() {
        let signature = sign(&key(3), b"message", &[2; 64]);
        // order - 1, low byte first; one is added below.
        let order_less_one = (-Scalar::ONE).to_bytes();
        let mut unreduced = signature;
        for times in 1..=7 {
            let mut carry = 1;
            for (byte, add) in unreduced[32..].iter_mut().zip(order_less_one) {
                // The sign bit stays on top: s is too small to reach it.
                let sum = u16::from(*byte) + u16::from(add) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
            let above = (unreduced[63] & 0x7f) >= 0x20;
            assert_eq!(!verify(&public(&key(3)), &[(b"message", &unreduced)]), above, "{times} orders");
            if times >= 2 {
                assert!(above);
            }
            if (unreduced[63] & 0x7f) >= 0x60 {
                break;
            }
        }
    }

    /// u = 0 and u = 1 are of order 2 and 4, in whichever form; without the check (R, s) = (B, 1) is valid under one of
    /// small order for a fraction of all messages, and (the neutral element, 0) for even more.
    #[test]
    fn keys_of_small_order_verify_nothing() {
        let mut p_and_more = [0xff; 32];
        p_and_more[31] = 0x7f;
        for low in [0, 1, 0xed, 0xee] {
            let mut key = if low < 2 { [0; 32] } else { p_and_more };
            key[0] = low;
            for sign in [0, 0x80] {
                let mut forged = [0; 64];
                forged[0] = 1;
                forged[63] = sign;
                for n in 0..=255 {
                    assert!(!verify(&key, &[(&[n], &forged)]), "{low:#x} {sign:#x} {n}");
                }
            }
        }
    }

    #[test]
    fn signing_is_randomised() {
        assert_ne!(sign(&key(3), b"m", &[1; 64]), sign(&key(3), b"m", &[2; 64]));
    }

    #[test]
    fn base_keys_outside_of_the_prime_order_subgroup_are_told_apart() {
        let good = public(&key(7));
        let with = |change: &dyn Fn(&mut [u8; 32])| {
            let mut raw = good;
            change(&mut raw);
            is_canonical_and_torsion_free(&raw)
        };
        assert!(with(&|_| {}));
        assert!(!with(&|raw| raw[31] |= 0x80), "high bit");
        assert!(!with(&|raw| *raw = [0; 32]), "the point of order two");
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        for above in 0..19 {
            let mut raw = p;
            raw[0] += above;
            assert!(!is_canonical(&raw), "p + {above}");
        }
        p[0] = 0xec;
        assert!(is_canonical(&p), "p - 1");

        // Adding a point of order two keeps all agreements (clamping clears the cofactor) but not
        // the torsion check.
        let point = MontgomeryPoint(good).to_edwards(0).unwrap();
        let order_two = MontgomeryPoint([0; 32]).to_edwards(0).unwrap();
        let twisted = (point + order_two).to_montgomery().to_bytes();
        let agree = |theirs| MontgomeryPoint(theirs).mul_clamped(*key(9)).to_bytes();
        assert_eq!(agree(twisted), agree(good));
        assert!(!is_canonical_and_torsion_free(&twisted));
    }

    #[test]
    fn private_keys_are_clamped() {
        let key = key(0xff);
        assert_eq!((key[0], key[31]), (0xf8, 0x7f));
        assert_eq!(CurveKey::from_bytes(&[0xff; 32]).unwrap().to_wire(), key.to_wire());
    }
}
