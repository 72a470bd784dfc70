//! X25519 of AWS-LC, which is the fastest there is, and of the rest what is fastest: it needs a C
//! compiler.

use std::sync::Arc;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::bytes::{FixedBytes, Key, SharedSecret};
use super::primitives::{Curve, Symmetric};
use super::xeddsa::{self, CurveKey};
use super::{cbc, hmac, rust_crypto};

/// X25519 of AWS-LC; HMAC of this crate over SHA-256 of RustCrypto; the rest as in
/// [`RustCrypto`](super::RustCrypto).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AwsLc;

/// Its curve.
#[derive(Debug)]
pub enum X25519 {}

/// A key in the library's form, or in dalek's should the library have refused it, which it does for
/// want of memory only.
#[derive(Clone)]
pub enum Prepared {
    /// The library's.
    Own(Arc<PrivateKey>),
    /// Dalek's.
    Dalek(<rust_crypto::X25519 as Curve>::Prepared),
}

impl Curve for X25519 {
    type PrivateKey = CurveKey;
    type Prepared = Prepared;
    type Signature = [u8; 64];

    fn prepare(private: &CurveKey) -> (Prepared, [u8; 32]) {
        if let Ok(key) = PrivateKey::from_private_key(&agreement::X25519, private.as_bytes())
            && let Ok(public) = key.compute_public_key()
            && let Ok(public) = public.as_ref().try_into()
        {
            return (Prepared::Own(Arc::new(key)), public);
        }
        let (key, public) = rust_crypto::X25519::prepare(private);
        (Prepared::Dalek(key), public)
    }

    fn agree(ours: &Prepared, theirs: &[u8; 32]) -> Option<SharedSecret> {
        match ours {
            Prepared::Own(key) => {
                let theirs = UnparsedPublicKey::new(&agreement::X25519, theirs);
                // It refuses an all-zero result itself.
                agreement::agree(key, theirs, (), |shared| SharedSecret::from_bytes(shared).ok_or(())).ok()
            }
            Prepared::Dalek(key) => rust_crypto::X25519::agree(key, theirs),
        }
    }

    fn is_unique(public: &[u8; 32]) -> bool {
        xeddsa::is_canonical_and_torsion_free(public)
    }

    fn sign(private: &CurveKey, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
        xeddsa::sign(private, message, random)
    }

    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
        xeddsa::verify(public, signed)
    }
}

/// Its KDF, MAC and cipher.
#[derive(Debug)]
pub enum Fast {}

impl Symmetric for Fast {
    type Key = Key;
    type Tag = [u8; 32];

    fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
        *hmac::HmacKey::new(key).mac(parts)
    }

    fn step(key: &Key) -> (Key, Key) {
        let key = hmac::HmacKey::new(key);
        (key.mac(&[&[1]]), key.mac(&[&[2]]))
    }

    fn derive<const KEYS: usize>(salt: Option<&Key>, ikm: &[&[u8]], info: &[u8]) -> [Key; KEYS] {
        hmac::hkdf(salt, ikm, info)
    }

    fn encrypt(key: &Key, iv: &Key, plaintext: &[u8]) -> Vec<u8> {
        cbc::encrypt(key, iv, plaintext)
    }

    fn decrypt(key: &Key, iv: &Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        cbc::decrypt(key, iv, ciphertext)
    }
}
