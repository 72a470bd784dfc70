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

use crate::kem::{KemCiphertext, KemSecretKey};

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
        garbage in prop::collection::vec(any::<u8>(), KemCiphertext::RAW_LENGTH),
        flipped in any::<prop::sample::Index>(),
    ) {
        let ours = KemSecretKey::from_seed(&seed);
        let public = ours.public().to_bytes()[1..].to_vec();

        // Key generation: the seed of the matrix is hashed without the rank that FIPS 203 adds, and
        // the rejection seed is as drawn.
        prop_assert_eq!(&public[1536..], &Sha3_512::digest(&seed[..32])[..32]);
        prop_assert_eq!(&ours.as_raw()[3136..], &seed[32..]);
        #[expect(deprecated, reason = "the seed of a Kyber key is not that of an ML-KEM key")]
        let theirs = DecapsulationKey::from_expanded(ours.as_raw().into());
        let theirs = theirs.expect("a key pair of ML-KEM: secret, public half and hash belong together");
        prop_assert_eq!(&theirs.encapsulation_key().to_bytes()[..], &public[..]);

        // Encapsulation.
        let (ciphertext, secret) = ours.public().encapsulate(&coins);
        let their_public = EncapsulationKey::new(public.as_slice().try_into().unwrap()).unwrap();
        let coins = <[u8; 32]>::from(Sha3_256::digest(coins));
        let (their_ciphertext, pre_key) = their_public.encapsulate_deterministic(&coins.into());
        prop_assert_eq!(ciphertext.as_raw().as_slice(), &their_ciphertext[..]);
        prop_assert_eq!(*secret, kdf(&pre_key, &their_ciphertext));

        // Decapsulation, of what it made and of what it did not.
        prop_assert_eq!(&*ours.decapsulate(&ciphertext), &*secret);
        prop_assert_eq!(theirs.decapsulate(&their_ciphertext), pre_key);
        let mut damaged = *ciphertext.as_raw();
        damaged[flipped.index(damaged.len())] ^= 1;
        let garbage = garbage.try_into().unwrap();
        for wrong in [damaged, garbage] {
            // Implicit rejection. Kyber hashes the rejection seed as it does a secret; libcrux gives
            // it what ML-KEM would answer instead. Nobody but the key's owner can tell: either way the
            // secret follows from seed and ciphertext, and is nobody else's.
            let rejected = ours.decapsulate(&KemCiphertext::from_raw(&wrong));
            let answer = theirs.decapsulate(wrong.as_slice().try_into().unwrap());
            prop_assert_eq!(*rejected, kdf(&answer, &wrong));
            prop_assert_ne!(&*rejected, &*secret);
        }
    }
}
