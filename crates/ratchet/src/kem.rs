//! Kyber-1024 of the third round, the KEM of PQXDH as deployed. It is not ML-KEM-1024 (FIPS 203):
//! random inputs and the shared secret are hashed differently.

use std::fmt;
use std::ops::IndexMut;

use libcrux_ml_kem::kyber1024;
use libcrux_ml_kem::mlkem1024::{MlKem1024Ciphertext, MlKem1024PrivateKey, MlKem1024PublicKey};
use zeroize::{Zeroize, Zeroizing};

use crate::curve::{KeyError, SharedSecret};

/// Leading byte of an encoded Kyber-1024 key or ciphertext.
const KYBER_1024_TYPE: u8 = 0x08;
const PUBLIC_LENGTH: usize = 1568;
const SECRET_LENGTH: usize = 3168;
const CIPHERTEXT_LENGTH: usize = 1568;
/// A secret key is: CPA secret key, then the public key, its hash, the rejection seed.
const PUBLIC_WITHIN_SECRET: usize = 1536;

/// A Kyber-1024 public key.
#[derive(Clone, PartialEq, Eq)]
pub struct KemPublicKey(Box<[u8; PUBLIC_LENGTH]>);

impl KemPublicKey {
    /// Length of the encoding: a type byte and the key.
    pub const LENGTH: usize = 1 + PUBLIC_LENGTH;

    /// Reads an encoded key. The coefficients are not checked, as deployed clients do not either: a
    /// bad key hurts only whoever published it, under their own signature.
    ///
    /// # Errors
    /// When the type byte is not that of Kyber-1024, or the length is not exact.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        parse_typed(bytes).map(|raw| Self(Box::new(*raw)))
    }

    /// The encoding: type byte, then the key.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        typed(self.0.as_ref())
    }

    pub(crate) fn encapsulate(&self, coins: &[u8; 32]) -> (KemCiphertext, SharedSecret) {
        let key = MlKem1024PublicKey::from(&*self.0);
        let (ciphertext, secret) = kyber1024::encapsulate(&key, *coins);
        (KemCiphertext(Box::new(ciphertext.into())), Zeroizing::new(secret))
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = *self.0;
        write!(f, "KemPublicKey({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// A Kyber-1024 ciphertext.
#[derive(Clone)]
pub(crate) struct KemCiphertext(Box<[u8; CIPHERTEXT_LENGTH]>);

impl KemCiphertext {
    pub(crate) const RAW_LENGTH: usize = CIPHERTEXT_LENGTH;

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        parse_typed(bytes).map(Self::from_raw)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        typed(self.0.as_ref())
    }

    pub(crate) fn from_raw(raw: &[u8; CIPHERTEXT_LENGTH]) -> Self {
        Self(Box::new(*raw))
    }

    pub(crate) fn as_raw(&self) -> &[u8; CIPHERTEXT_LENGTH] {
        &self.0
    }
}

/// A Kyber-1024 secret key.
pub(crate) struct KemSecretKey(Box<MlKem1024PrivateKey>);

impl KemSecretKey {
    pub(crate) const RAW_LENGTH: usize = SECRET_LENGTH;

    pub(crate) fn from_seed(seed: &[u8; 64]) -> Self {
        let (secret, _) = kyber1024::generate_key_pair(*seed).into_parts();
        Self(Box::new(secret))
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        parse_typed(bytes).map(Self::from_raw)
    }

    pub(crate) fn from_raw(raw: &[u8; SECRET_LENGTH]) -> Self {
        Self(Box::new(raw.into()))
    }

    pub(crate) fn as_raw(&self) -> &[u8; SECRET_LENGTH] {
        self.0.as_slice()
    }

    pub(crate) fn public(&self) -> KemPublicKey {
        let mut key = Box::new([0; PUBLIC_LENGTH]);
        for (to, from) in key.iter_mut().zip(self.as_raw().iter().skip(PUBLIC_WITHIN_SECRET)) {
            *to = *from;
        }
        KemPublicKey(key)
    }

    /// Never fails: a wrong ciphertext yields an unrelated secret (implicit rejection).
    pub(crate) fn decapsulate(&self, ciphertext: &KemCiphertext) -> SharedSecret {
        let ciphertext = MlKem1024Ciphertext::from(&*ciphertext.0);
        Zeroizing::new(kyber1024::decapsulate(&self.0, &ciphertext))
    }
}

impl Drop for KemSecretKey {
    fn drop(&mut self) {
        // The library's key type does not wipe itself, but lends its bytes as a slice.
        self.0.index_mut(0..SECRET_LENGTH).zeroize();
    }
}

fn typed(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + raw.len());
    bytes.push(KYBER_1024_TYPE);
    bytes.extend_from_slice(raw);
    bytes
}

fn parse_typed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], KeyError> {
    let (&kind, raw) = bytes.split_first().ok_or(KeyError::Empty)?;
    if kind != KYBER_1024_TYPE {
        return Err(KeyError::UnknownType { found: kind });
    }
    raw.try_into().map_err(|_| KeyError::WrongLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_share_the_secret_and_lengths_are_as_deployed() {
        let secret = KemSecretKey::from_seed(&[5; 64]);
        let public = secret.public();
        assert_eq!(public.to_bytes().len(), KemPublicKey::LENGTH);
        assert_eq!(KemPublicKey::parse(&public.to_bytes()).unwrap(), public);
        let (ciphertext, shared) = public.encapsulate(&[1; 32]);
        assert_eq!(*secret.decapsulate(&ciphertext), *shared);
        let mut wrong = ciphertext;
        wrong.0[9] ^= 1;
        assert_ne!(*secret.decapsulate(&wrong), *shared, "implicit rejection");
    }

    #[test]
    fn encodings_are_exact() {
        let bytes = KemSecretKey::from_seed(&[5; 64]).public().to_bytes();
        let mut long = bytes.clone();
        long.push(0);
        assert_eq!(KemPublicKey::parse(&long), Err(KeyError::WrongLength));
        assert_eq!(KemPublicKey::parse(&bytes[..1568]), Err(KeyError::WrongLength));
        assert_eq!(KemPublicKey::parse(&[]), Err(KeyError::Empty));
        let mut other = bytes;
        other[0] = 0x07;
        assert_eq!(KemPublicKey::parse(&other), Err(KeyError::UnknownType { found: 7 }));
    }
}
