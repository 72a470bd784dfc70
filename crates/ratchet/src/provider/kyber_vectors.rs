//! Kyber-1024 of the third round against ML-KEM-1024 of another library.
//!
//! No other library at hand has Kyber, but its encryption is that of ML-KEM: only what is hashed
//! before and after differs, and that is written out here (CRYSTALS-Kyber, third round, section
//! "CCA-secure KEM").

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::ml_kem_1024::{DecapsulationKey, EncapsulationKey};
use proptest::prelude::*;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Sha3_512, Shake256};

use super::bytes::{FixedBytes, Wire};
use super::kyber::Kyber1024;
use super::primitives::Kem;

fn kdf(pre_key: &[u8], ciphertext: &[u8]) -> [u8; 32] {
    let mut hash = Shake256::default();
    hash.update(pre_key);
    hash.update(&Sha3_256::digest(ciphertext));
    let mut secret = [0; 32];
    hash.finalize_xof().read(&mut secret);
    secret
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kyber_is_ml_kem_but_for_its_hashes(
        seed: [u8; 64],
        coins: [u8; 32],
        garbage in prop::collection::vec(any::<u8>(), 1568),
        flipped in any::<prop::sample::Index>(),
    ) {
        let ours = Kyber1024::secret_key(&Wire::from_wire(&seed));
        let public = Kyber1024::public_key(&ours);

        // Key generation: the seed of the matrix is hashed without the rank that FIPS 203 adds, and
        // the rejection seed is as drawn.
        prop_assert_eq!(&public[1536..], &Sha3_512::digest(&seed[..32])[..32]);
        prop_assert_eq!(&ours.as_bytes()[3136..], &seed[32..]);
        #[expect(deprecated, reason = "the seed of a Kyber key is not that of an ML-KEM key")]
        let theirs = DecapsulationKey::from_expanded(ours.as_bytes().try_into().unwrap());
        let theirs = theirs.expect("a key pair of ML-KEM: secret, public half and hash belong together");
        prop_assert_eq!(&theirs.encapsulation_key().to_bytes()[..], &public[..]);

        // Encapsulation.
        let (ciphertext, secret) = Kyber1024::encapsulate(&public, &coins);
        let their_public = EncapsulationKey::new((&public[..]).try_into().unwrap()).unwrap();
        let coins = <[u8; 32]>::from(Sha3_256::digest(coins));
        let (their_ciphertext, pre_key) = their_public.encapsulate_deterministic(&coins.into());
        prop_assert_eq!(ciphertext.as_slice(), &their_ciphertext[..]);
        prop_assert_eq!(*secret, kdf(&pre_key, &their_ciphertext));

        // Decapsulation, of what it made and of what it did not.
        prop_assert_eq!(&*Kyber1024::decapsulate(&ours, &ciphertext), &*secret);
        prop_assert_eq!(theirs.decapsulate(&their_ciphertext), pre_key);
        let mut damaged = *ciphertext;
        damaged[flipped.index(damaged.len())] ^= 1;
        let garbage: [u8; 1568] = garbage.try_into().unwrap();
        for wrong in [damaged, garbage] {
            // Implicit rejection. Kyber hashes the rejection seed as it does a secret; libcrux gives
            // it what ML-KEM would answer instead. Nobody but the key's owner can tell: either way the
            // secret follows from seed and ciphertext, and is nobody else's.
            let rejected = Kyber1024::decapsulate(&ours, &Box::new(wrong));
            let answer = theirs.decapsulate(wrong.as_slice().try_into().unwrap());
            prop_assert_eq!(*rejected, kdf(&answer, &wrong));
            prop_assert_ne!(&*rejected, &*secret);
        }
    }
}
