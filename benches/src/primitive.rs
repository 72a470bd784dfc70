//! The primitives that the operations can't do without, measured in the same rounds.

use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7};
use aws_lc_rs::agreement;
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar, scalar::clamp_integer};
use hmac::{Hmac, KeyInit as _, Mac as _};
use libcrux_ml_kem::{kyber1024, mlkem768::incremental};
use ratchet::Backend;
use sha2::{Digest as _, Sha256, Sha512};
use std::{array, hint::black_box};

/// One primitive, over the lengths that the protocol has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Primitive {
    /// X25519 with a private key that the provider has in its own form already.
    Agree,
    /// X25519 with a private key as it comes from storage.
    AgreeFromBytes,
    /// Private key to public key, and to the provider's own form.
    PublicKey,
    /// The Edwards form of a public key, compressed: once per verifying key.
    VerifyingKey,
    /// An XEdDSA signature of 33 bytes, a curve key, with the Edwards form at hand.
    Verify33,
    /// An XEdDSA signature of 1569 bytes, a Kyber key.
    Verify1569,
    /// That a public key is of the prime-order subgroup.
    PrimeOrder,
    /// Kyber-1024, round 3.
    KyberEncapsulate,
    /// Kyber-1024, round 3.
    KyberDecapsulate,
    /// All of an epoch of the post-quantum ratchet at both ends: ML-KEM-768 key pair, both parts of the
    /// encapsulation, check of the key, decapsulation; without its chunks.
    Braid,
    /// Chain key to message seed and next chain key: two HMACs with one key schedule.
    ChainStep,
    /// HKDF with salt, 64 bytes: root key.
    Hkdf64,
    /// HKDF without salt, 64 bytes.
    Hkdf64NoSalt,
    /// HKDF with salt, 80 bytes: message keys with the post-quantum key mixed in.
    Hkdf80,
    /// HKDF without salt, 80 bytes: message keys.
    Hkdf80NoSalt,
    /// HKDF without salt, 96 bytes, of 192: PQXDH.
    Hkdf96NoSalt,
    /// The MAC over a message of 256 B, both identity keys in front.
    Mac256,
    /// The same with 4 KiB.
    Mac4096,
    /// AES-256-CBC.
    AesEncrypt256,
    /// AES-256-CBC.
    AesDecrypt256,
    /// AES-256-CBC.
    AesEncrypt4096,
    /// AES-256-CBC.
    AesDecrypt4096,
}

impl Primitive {
    /// All.
    pub const ALL: [Self; 22] = [
        Self::Agree,
        Self::AgreeFromBytes,
        Self::PublicKey,
        Self::VerifyingKey,
        Self::Verify33,
        Self::Verify1569,
        Self::PrimeOrder,
        Self::KyberEncapsulate,
        Self::KyberDecapsulate,
        Self::Braid,
        Self::ChainStep,
        Self::Hkdf64,
        Self::Hkdf64NoSalt,
        Self::Hkdf80,
        Self::Hkdf80NoSalt,
        Self::Hkdf96NoSalt,
        Self::Mac256,
        Self::Mac4096,
        Self::AesEncrypt256,
        Self::AesDecrypt256,
        Self::AesEncrypt4096,
        Self::AesDecrypt4096,
    ];

    /// Whether the providers differ in it.
    #[must_use]
    pub const fn depends_on_provider(self) -> bool {
        matches!(self, Self::Agree | Self::AgreeFromBytes | Self::PublicKey)
    }

    /// How often it is done in one round.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        match self {
            Self::Agree
            | Self::AgreeFromBytes
            | Self::PublicKey
            | Self::VerifyingKey
            | Self::Verify33
            | Self::Verify1569
            | Self::PrimeOrder
            | Self::KyberEncapsulate
            | Self::KyberDecapsulate
            | Self::Braid => 60,
            _ => 3000,
        }
    }

    /// It, to be repeated, as `provider` has it.
    #[must_use]
    pub fn prepare(self, provider: Backend) -> Box<dyn FnMut()> {
        match (self, provider) {
            (Self::Agree | Self::AgreeFromBytes, Backend::RustCrypto) => Box::new(|| {
                black_box(black_box(MontgomeryPoint(PEER)).mul_clamped(black_box(SECRET)));
            }),
            (Self::PublicKey, Backend::RustCrypto) => Box::new(|| {
                black_box(MontgomeryPoint::mul_base_clamped(black_box(SECRET)));
            }),
            (Self::Agree, _) => {
                let key = aws_lc_key();
                Box::new(move || agree(&key))
            }
            (Self::AgreeFromBytes, _) => Box::new(|| agree(&aws_lc_key())),
            (Self::PublicKey, _) => Box::new(|| {
                black_box(aws_lc_key().compute_public_key()).unwrap();
            }),
            (Self::VerifyingKey | Self::Verify33 | Self::Verify1569 | Self::PrimeOrder, _) => self.edwards(),
            (Self::KyberEncapsulate | Self::KyberDecapsulate | Self::Braid, _) => self.kem(),
            _ => self.symmetric(),
        }
    }

    fn edwards(self) -> Box<dyn FnMut()> {
        let point = EdwardsPoint::mul_base(&Scalar::from_bytes_mod_order(clamp_integer(SECRET)));
        match self {
            Self::VerifyingKey => {
                let key = point.to_montgomery();
                Box::new(move || {
                    black_box(black_box(key).to_edwards(0).unwrap().compress());
                })
            }
            Self::PrimeOrder => {
                let key = point.to_montgomery();
                Box::new(move || {
                    let point = black_box(key).to_edwards(0).unwrap();
                    let negated = EdwardsPoint::vartime_double_scalar_mul_basepoint(
                        &-Scalar::ONE,
                        &point,
                        &Scalar::ZERO,
                    );
                    assert_eq!(negated, -point);
                })
            }
            _ => {
                let message = vec![5; if self == Self::Verify33 { 33 } else { 1569 }];
                let (compressed, s) = (point.compress(), Scalar::from_bytes_mod_order(PEER));
                Box::new(move || {
                    let hash = Sha512::new()
                        .chain_update(PEER)
                        .chain_update(compressed.as_bytes())
                        .chain_update(black_box(&message));
                    let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
                    let r = EdwardsPoint::vartime_double_scalar_mul_basepoint(&h, &-point, &s);
                    black_box(r.compress());
                })
            }
        }
    }

    fn kem(self) -> Box<dyn FnMut()> {
        let pair = kyber1024::generate_key_pair([1; 64]);
        match self {
            Self::KyberEncapsulate => Box::new(move || {
                black_box(kyber1024::encapsulate(pair.public_key(), black_box([2; 32])));
            }),
            Self::KyberDecapsulate => {
                let (ciphertext, _) = kyber1024::encapsulate(pair.public_key(), [2; 32]);
                Box::new(move || {
                    black_box(kyber1024::decapsulate(pair.private_key(), black_box(&ciphertext)));
                })
            }
            _ => Box::new(|| {
                let pair = incremental::KeyPairCompressedBytes::from_seed(black_box([4; 64]));
                let (mut state, mut secret) = ([0; incremental::encaps_state_len()], [0; 32]);
                let ct1 = incremental::encapsulate1(pair.pk1(), [5; 32], &mut state, &mut secret).unwrap();
                incremental::validate_pk_bytes(pair.pk1(), pair.pk2()).unwrap();
                let ct2 = incremental::encapsulate2(&state, pair.pk2());
                black_box(incremental::decapsulate_compressed_key(pair.sk(), &ct1, &ct2));
            }),
        }
    }

    fn symmetric(self) -> Box<dyn FnMut()> {
        match self {
            Self::ChainStep => Box::new(|| {
                let mac = keyed(black_box(&SECRET));
                black_box((mac.clone().chain_update([1]).finalize(), mac.chain_update([2]).finalize()));
            }),
            Self::Hkdf64 => hkdf::<64, 32>(true),
            Self::Hkdf64NoSalt => hkdf::<64, 36>(false),
            Self::Hkdf80 => hkdf::<80, 32>(true),
            Self::Hkdf80NoSalt => hkdf::<80, 32>(false),
            Self::Hkdf96NoSalt => hkdf::<96, 192>(false),
            // Two identity keys of 33 bytes, then 45 bytes of framing with the padded text.
            Self::Mac256 => mac::<{ 66 + 45 + 272 }>(),
            Self::Mac4096 => mac::<{ 66 + 46 + 4112 }>(),
            Self::AesEncrypt256 => encrypt::<256>(),
            Self::AesEncrypt4096 => encrypt::<4096>(),
            Self::AesDecrypt256 => decrypt::<256>(),
            _ => decrypt::<4096>(),
        }
    }
}

const SECRET: [u8; 32] = [7; 32];
/// The base point.
const PEER: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

fn aws_lc_key() -> agreement::PrivateKey {
    agreement::PrivateKey::from_private_key(&agreement::X25519, black_box(&SECRET)).unwrap()
}

fn agree(key: &agreement::PrivateKey) {
    let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, black_box(&PEER));
    let shared: [u8; 32] =
        agreement::agree(key, peer, (), |shared| shared.try_into().map_err(|_| ())).unwrap();
    black_box(shared);
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new((&block).into())
}

/// Without salt the key schedule of the first HMAC is the same every time.
fn hkdf<const N: usize, const IKM: usize>(salt: bool) -> Box<dyn FnMut()> {
    let without = keyed(&[0; 32]);
    Box::new(move || {
        let extract = if salt { keyed(black_box(&SECRET)) } else { without.clone() };
        let prk = extract.chain_update(black_box([3; IKM])).finalize().into_bytes();
        let mut okm = [0; N];
        hkdf::Hkdf::<Sha256>::from_prk(&prk).unwrap().expand(b"WhisperMessageKeys", &mut okm).unwrap();
        black_box(okm);
    })
}

fn mac<const N: usize>() -> Box<dyn FnMut()> {
    let message: [u8; N] = array::from_fn(|at| at as u8);
    Box::new(move || {
        black_box(keyed(black_box(&SECRET)).chain_update(black_box(&message)).finalize());
    })
}

fn encrypt<const N: usize>() -> Box<dyn FnMut()> {
    let plaintext = [3; N];
    Box::new(move || {
        let cipher = cbc::Encryptor::<aes::Aes256>::new(black_box(&SECRET).into(), &[1; 16].into());
        black_box(cipher.encrypt_padded_vec::<Pkcs7>(black_box(&plaintext)));
    })
}

fn decrypt<const N: usize>() -> Box<dyn FnMut()> {
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&SECRET.into(), &[1; 16].into());
    let ciphertext = cipher.encrypt_padded_vec::<Pkcs7>(&[3; N]);
    Box::new(move || {
        let cipher = cbc::Decryptor::<aes::Aes256>::new(black_box(&SECRET).into(), &[1; 16].into());
        black_box(cipher.decrypt_padded_vec::<Pkcs7>(black_box(&ciphertext)).unwrap());
    })
}
