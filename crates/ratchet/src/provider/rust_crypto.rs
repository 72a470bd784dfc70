//! Rust only, of the crates that the field knows: x25519-dalek, curve25519-dalek where XEdDSA needs it,
//! `hmac`, `hkdf`, `sha2`, `aes`, `cbc`.

use hkdf::HkdfExtract;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize as _, Zeroizing};

use super::bytes::{Key, SharedSecret};
use super::cbc;
use super::primitives::{Curve, Symmetric};
use super::xeddsa::{self, CurveKey};

/// x25519-dalek and RustCrypto: no C compiler is needed.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RustCrypto;

/// Its curve.
#[derive(Debug)]
pub enum X25519 {}

impl Curve for X25519 {
    type PrivateKey = CurveKey;
    /// The library has no form of its own: it wipes itself.
    type Prepared = CurveKey;
    type Signature = [u8; 64];

    fn prepare(private: &CurveKey) -> (CurveKey, [u8; 32]) {
        let public = PublicKey::from(&StaticSecret::from(**private)).to_bytes();
        (private.clone(), public)
    }

    fn agree(ours: &CurveKey, theirs: &[u8; 32]) -> Option<SharedSecret> {
        let shared = StaticSecret::from(**ours).diffie_hellman(&PublicKey::from(*theirs));
        shared.was_contributory().then(|| SharedSecret::new(shared.to_bytes()))
    }

    fn is_unique(public: &[u8; 32]) -> bool {
        xeddsa::is_canonical_and_torsion_free(public)
    }

    fn sign(private: &CurveKey, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
        xeddsa::sign(private, message, random)
    }

    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
        xeddsa::verify(public, signed)
    }
}

/// Its KDF, MAC and cipher.
#[derive(Debug)]
pub enum Crates {}

impl Symmetric for Crates {
    type Key = Key;
    type Tag = [u8; 32];

    fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = keyed(key);
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    fn step(key: &Key) -> (Key, Key) {
        let mac = keyed(key);
        let of = |mac: Hmac<Sha256>, byte| Key::new(mac.chain_update([byte]).finalize().into_bytes().into());
        (of(mac.clone(), 1), of(mac, 2))
    }

    fn derive<const KEYS: usize>(salt: Option<&Key>, ikm: &[&[u8]], info: &[u8]) -> [Key; KEYS] {
        const { assert!(KEYS < 255, "RFC 5869, section 2.3") };
        let mut extract = HkdfExtract::<Sha256>::new(salt.map(|salt| &salt[..]));
        ikm.iter().for_each(|part| extract.input_ikm(part));
        let (mut extracted, expand) = extract.finalize();
        extracted.as_mut_slice().zeroize();
        let mut output = Zeroizing::new(vec![0; 32 * KEYS]);
        #[expect(clippy::expect_used, reason = "the only error is too much output, which does not compile")]
        expand.expand(info, &mut output).expect("length");
        let (keys, _) = output.as_chunks::<32>();
        std::array::from_fn(|at| Key::new(keys.get(at).copied().unwrap_or_default()))
    }

    fn encrypt(key: &Key, iv: &Key, plaintext: &[u8]) -> Vec<u8> {
        cbc::encrypt(key, iv, plaintext)
    }

    fn decrypt(key: &Key, iv: &Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        cbc::decrypt(key, iv, ciphertext)
    }
}

fn keyed(key: &Key) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key.iter()) {
        *to = *from;
    }
    Hmac::new((&*block).into())
}
