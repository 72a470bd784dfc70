//! Kyber-1024 of the third round, the KEM of PQXDH as deployed. It is not ML-KEM-1024 (FIPS 203):
//! random inputs and the shared secret are hashed differently.

use std::ops::IndexMut;

use libcrux_ml_kem::kyber1024;
use libcrux_ml_kem::mlkem1024::{MlKem1024Ciphertext, MlKem1024PrivateKey, MlKem1024PublicKey};
use zeroize::Zeroize;

use super::bytes::{FixedBytes, Secret, SharedSecret};
use super::primitives::Kem;

/// Kyber-1024 of libcrux.
#[derive(Debug)]
pub enum Kyber1024 {}

const SECRET_LENGTH: usize = 3168;
/// A secret key is: CPA secret key, then the public key, its hash, the rejection seed.
const PUBLIC_WITHIN_SECRET: usize = 1536;

/// A Kyber-1024 secret key.
pub struct KyberSecretKey(Box<MlKem1024PrivateKey>);

impl Kem for Kyber1024 {
    type Seed = Box<Secret<64>>;
    type SecretKey = KyberSecretKey;
    type Ciphertext = Box<[u8; 1568]>;

    fn secret_key(seed: &Box<Secret<64>>) -> KyberSecretKey {
        let (secret, _) = kyber1024::generate_key_pair(***seed).into_parts();
        KyberSecretKey(Box::new(secret))
    }

    fn public_key(secret: &KyberSecretKey) -> [u8; 1568] {
        let mut key = [0; 1568];
        for (to, from) in key.iter_mut().zip(secret.as_bytes().iter().skip(PUBLIC_WITHIN_SECRET)) {
            *to = *from;
        }
        key
    }

    fn encapsulate(public: &[u8; 1568], coins: &[u8; 32]) -> (Box<[u8; 1568]>, SharedSecret) {
        let (ciphertext, secret) = kyber1024::encapsulate(&MlKem1024PublicKey::from(public), *coins);
        (Box::new(ciphertext.into()), SharedSecret::new(secret))
    }

    fn decapsulate(secret: &KyberSecretKey, ciphertext: &Box<[u8; 1568]>) -> SharedSecret {
        let ciphertext = MlKem1024Ciphertext::from(&**ciphertext);
        SharedSecret::new(kyber1024::decapsulate(&secret.0, &ciphertext))
    }
}

impl FixedBytes for KyberSecretKey {
    const LENGTH: usize = SECRET_LENGTH;

    fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <&[u8; SECRET_LENGTH]>::try_from(bytes).ok().map(|bytes| Self(Box::new(bytes.into())))
    }
}

impl Clone for KyberSecretKey {
    fn clone(&self) -> Self {
        Self(Box::new(self.0.as_slice().into()))
    }
}

impl Drop for KyberSecretKey {
    fn drop(&mut self) {
        // The library's key type does not wipe itself, but lends its bytes as a slice.
        self.0.index_mut(0..SECRET_LENGTH).zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::super::bytes::Wire;
    use super::*;

    #[test]
    fn both_ends_share_the_secret() {
        let secret = Kyber1024::secret_key(&Wire::from_wire(&[5; 64]));
        let (ciphertext, shared) = Kyber1024::encapsulate(&Kyber1024::public_key(&secret), &[1; 32]);
        assert_eq!(*Kyber1024::decapsulate(&secret, &ciphertext), *shared);
        assert_eq!(*Kyber1024::decapsulate(&secret.clone(), &ciphertext), *shared);
        let mut wrong = ciphertext;
        wrong[9] ^= 1;
        assert_ne!(*Kyber1024::decapsulate(&secret, &wrong), *shared, "implicit rejection");
    }
}
