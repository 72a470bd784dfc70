//! ML-KEM-768 (FIPS 203) in pieces.

use libcrux_ml_kem::mlkem768::incremental::{
    Ciphertext1, Ciphertext2, KeyPairCompressedBytes, decapsulate_compressed_key, encapsulate1, encapsulate2,
    validate_pk_bytes,
};

use super::bytes::{Secret, SharedSecret};
use super::primitives::BraidKem;

/// ML-KEM-768 of libcrux.
#[derive(Debug)]
pub enum MlKem768 {}

const DK_LENGTH: usize = 2400;
/// A decapsulation key is: s, the vector, the seed, the hash, the rejection seed.
const VECTOR_WITHIN_DK: usize = 1152;
const HEADER_WITHIN_DK: usize = 2 * 1152;

const STATE_LENGTH: usize = 2080;

impl BraidKem for MlKem768 {
    /// The decapsulation key of FIPS 203, which contains the encapsulation key.
    type KeyPair = Box<Secret<DK_LENGTH>>;
    /// Seed of the matrix, then the hash of the encapsulation key (vector first, as FIPS 203 hashes it;
    /// digests of the specification have the seed first).
    type Header = [u8; 64];
    /// The vector of the encapsulation key.
    type Vector = [u8; 1152];
    /// Compressed u.
    type Ct1 = [u8; 960];
    /// Compressed v.
    type Ct2 = [u8; 128];
    /// The library's own state.
    type Encapsulation = Box<Secret<STATE_LENGTH>>;

    /// `ML-KEM.KeyGen_internal` of FIPS 203: d, then z.
    fn key_pair(seed: &[u8; 64]) -> Self::KeyPair {
        Box::new(Secret::new(*KeyPairCompressedBytes::from_seed(*seed).sk()))
    }

    fn header(keys: &Self::KeyPair) -> &[u8; 64] {
        part::<64, HEADER_WITHIN_DK>(keys)
    }

    fn vector(keys: &Self::KeyPair) -> &[u8; 1152] {
        part::<1152, VECTOR_WITHIN_DK>(keys)
    }

    fn begin(header: &[u8; 64], coins: &[u8; 32]) -> (Self::Encapsulation, [u8; 960], SharedSecret) {
        let mut state = Box::new(Secret::new([0; STATE_LENGTH]));
        let mut secret = SharedSecret::new([0; 32]);
        #[expect(clippy::expect_used, reason = "the only error is a length, and all lengths are types here")]
        let ct1 = encapsulate1(header, *coins, Secret::as_mut(&mut state), secret.as_mut()).expect("lengths");
        (state, ct1.value, secret)
    }

    fn check(header: &[u8; 64], vector: &[u8; 1152]) -> bool {
        validate_pk_bytes(header, vector).is_ok()
    }

    fn finish(encapsulation: &Self::Encapsulation, vector: &[u8; 1152]) -> [u8; 128] {
        encapsulate2(encapsulation, vector).value
    }

    fn decapsulate(keys: &Self::KeyPair, ct1: &[u8; 960], ct2: &[u8; 128]) -> SharedSecret {
        let (ct1, ct2) = (Ciphertext1 { value: *ct1 }, Ciphertext2 { value: *ct2 });
        SharedSecret::new(decapsulate_compressed_key(keys, &ct1, &ct2))
    }
}

fn part<const N: usize, const AT: usize>(keys: &Secret<DK_LENGTH>) -> &[u8; N] {
    const { assert!(AT + N <= DK_LENGTH, "part outside of the key") };
    #[expect(clippy::expect_used, reason = "checked at compile time")]
    keys.get(AT..).and_then(<[u8]>::first_chunk).expect("part within the key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_share_the_secret_through_the_parts() {
        let keys = MlKem768::key_pair(&[3; 64]);
        let (encapsulation, ct1, secret) = MlKem768::begin(MlKem768::header(&keys), &[4; 32]);
        assert!(MlKem768::check(MlKem768::header(&keys), MlKem768::vector(&keys)));
        let ct2 = MlKem768::finish(&encapsulation, MlKem768::vector(&keys));
        assert_eq!(*MlKem768::decapsulate(&keys, &ct1, &ct2), *secret);
        let mut other = ct2;
        other[0] ^= 1;
        assert_ne!(*MlKem768::decapsulate(&keys, &ct1, &other), *secret, "implicit rejection");
    }

    #[test]
    fn the_vector_must_be_the_one_of_the_header() {
        let (keys, other) = (MlKem768::key_pair(&[3; 64]), MlKem768::key_pair(&[5; 64]));
        assert!(!MlKem768::check(MlKem768::header(&keys), MlKem768::vector(&other)));
    }
}
