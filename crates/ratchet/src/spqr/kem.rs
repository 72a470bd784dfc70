//! ML-KEM-768 (FIPS 203) in pieces: the encapsulation key as a header and a vector, the ciphertext
//! as two parts, of which the first needs only the header (ML-KEM Braid, section "ML-KEM as an
//! incremental KEM").

use libcrux_ml_kem::mlkem768::incremental::{
    Ciphertext1, Ciphertext2, KeyPairCompressedBytes, decapsulate_compressed_key, encapsulate1, encapsulate2,
    validate_pk_bytes,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::SpqrError;

/// Seed of the matrix, then the hash of the encapsulation key (vector first, as FIPS 203 hashes it;
/// digests of the specification have the seed first).
pub(crate) type Header = [u8; 64];
/// The vector of the encapsulation key.
pub(crate) type EkVector = [u8; 1152];
/// Compressed u.
pub(crate) type Ct1 = [u8; 960];
/// Compressed v.
pub(crate) type Ct2 = [u8; 128];
/// The secret that was encapsulated.
pub(crate) type KemSecret = Zeroizing<[u8; 32]>;

const DK_LENGTH: usize = 2400;
/// A decapsulation key is: s, the vector, the seed, the hash, the rejection seed.
const VECTOR_WITHIN_DK: usize = 1152;
const HEADER_WITHIN_DK: usize = 2 * 1152;

/// The key pair of one epoch of the post-quantum ratchet.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BraidKeyPair(Box<[u8; DK_LENGTH]>);

impl BraidKeyPair {
    /// Length of the decapsulation key of FIPS 203.
    pub const LENGTH: usize = DK_LENGTH;

    /// `ML-KEM.KeyGen_internal` of FIPS 203: d, then z.
    #[must_use]
    pub fn from_seed(seed: &[u8; 64]) -> Self {
        Self(Box::new(*KeyPairCompressedBytes::from_seed(*seed).sk()))
    }

    /// A key pair made elsewhere, from the decapsulation key of FIPS 203, which contains the
    /// encapsulation key.
    #[must_use]
    pub fn from_decapsulation_key(key: &[u8; DK_LENGTH]) -> Self {
        Self(Box::new(*key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; DK_LENGTH] {
        &self.0
    }

    pub(crate) fn header(&self) -> &Header {
        self.part::<64, HEADER_WITHIN_DK>()
    }

    pub(crate) fn vector(&self) -> &EkVector {
        self.part::<1152, VECTOR_WITHIN_DK>()
    }

    pub(crate) fn decapsulate(&self, ct1: &Ct1, ct2: &Ct2) -> KemSecret {
        let (ct1, ct2) = (Ciphertext1 { value: *ct1 }, Ciphertext2 { value: *ct2 });
        Zeroizing::new(decapsulate_compressed_key(&self.0, &ct1, &ct2))
    }

    fn part<const N: usize, const AT: usize>(&self) -> &[u8; N] {
        const { assert!(AT + N <= DK_LENGTH, "part outside of the key") };
        #[expect(clippy::expect_used, reason = "checked at compile time")]
        self.0.get(AT..).and_then(<[u8]>::first_chunk).expect("part within the key")
    }
}

/// What the encapsulating side keeps between the two parts.
#[derive(Clone)]
pub(crate) struct Encapsulation {
    pub(super) state: Box<Zeroizing<[u8; Encapsulation::STATE_LENGTH]>>,
    pub(super) ct1: Box<Ct1>,
}

impl Encapsulation {
    pub(super) const STATE_LENGTH: usize = 2080;

    /// The first part of the ciphertext; the secret is known with it.
    pub(super) fn begin(header: &Header, coins: &[u8; 32]) -> (Self, KemSecret) {
        let mut state = Box::new(Zeroizing::new([0; Self::STATE_LENGTH]));
        let mut secret = Zeroizing::new([0; 32]);
        #[expect(clippy::expect_used, reason = "the only error is a length, and all lengths are types here")]
        let ct1 = encapsulate1(header, *coins, state.as_mut().as_mut(), secret.as_mut()).expect("lengths");
        (Self { state, ct1: Box::new(ct1.value) }, secret)
    }

    /// The second part, from a checked vector.
    pub(super) fn finish(&self, vector: &EkVector) -> Ct2 {
        encapsulate2(&self.state, vector).value
    }
}

/// Whether the vector is the one that the header promised, and well-formed.
pub(super) fn check(header: &Header, vector: &EkVector) -> Result<(), SpqrError> {
    validate_pk_bytes(header, vector).map_err(|_| SpqrError::WrongEncapsulationKey)
}

#[cfg(test)]
impl BraidKeyPair {
    /// A ciphertext for this key.
    pub(crate) fn encapsulated_to(&self, coins: &[u8; 32]) -> (Ct1, Ct2) {
        let (encapsulation, _) = Encapsulation::begin(self.header(), coins);
        let ct2 = encapsulation.finish(self.vector());
        (*encapsulation.ct1, ct2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_share_the_secret_through_the_parts() {
        let keys = BraidKeyPair::from_seed(&[3; 64]);
        let (encapsulation, secret) = Encapsulation::begin(keys.header(), &[4; 32]);
        check(keys.header(), keys.vector()).unwrap();
        let ct2 = encapsulation.finish(keys.vector());
        assert_eq!(*keys.decapsulate(&encapsulation.ct1, &ct2), *secret);
        let mut other = ct2;
        other[0] ^= 1;
        assert_ne!(*keys.decapsulate(&encapsulation.ct1, &other), *secret, "implicit rejection");
    }

    #[test]
    fn the_vector_must_be_the_one_of_the_header() {
        let (keys, other) = (BraidKeyPair::from_seed(&[3; 64]), BraidKeyPair::from_seed(&[5; 64]));
        assert_eq!(check(keys.header(), other.vector()), Err(SpqrError::WrongEncapsulationKey));
    }
}
