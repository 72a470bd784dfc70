//! HMAC and HKDF over SHA-256, without the error cases that fixed sizes rule out.

use std::sync::LazyLock;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// An HMAC-SHA-256 keyed with 32 bytes, ready to take input; clone it to reuse the key schedule.
#[derive(Clone)]
pub(crate) struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        // RFC 2104 zero-pads a short key to the block size; doing it here makes the length a type.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        Self(Hmac::new((&*block).into()))
    }

    pub(crate) fn chain(mut self, data: &[u8]) -> Self {
        self.0.update(data);
        self
    }

    pub(crate) fn finish(self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.finalize().into_bytes().into())
    }
}

/// HKDF (RFC 5869). Without a salt it is 32 zero bytes, as the RFC says.
pub(crate) fn hkdf<const N: usize>(salt: Option<&[u8; 32]>, ikm: &[u8], info: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "RFC 5869 section 2.3") };
    // Most derivations have no salt: their key schedule is the same every time.
    static WITHOUT_SALT: LazyLock<HmacSha256> = LazyLock::new(|| HmacSha256::new(&[0; 32]));
    let prk = salt.map_or_else(|| WITHOUT_SALT.clone(), HmacSha256::new).chain(ikm).finish();
    let mut okm = Zeroizing::new([0; N]);
    #[expect(clippy::expect_used, reason = "the only error is a length, and this is that of the hash")]
    let kdf = Hkdf::<Sha256>::from_prk(prk.as_ref()).expect("key length");
    #[expect(clippy::expect_used, reason = "the only error is a length that is ruled out at compile time")]
    kdf.expand(info, okm.as_mut()).expect("output length");
    okm
}

/// Cuts the first 32 bytes off the output of a KDF.
pub(crate) fn take_key<const N: usize, const AT: usize>(okm: &[u8; N]) -> Zeroizing<[u8; 32]> {
    const { assert!(AT + 32 <= N, "key outside of the output") };
    let mut key = Zeroizing::new([0; 32]);
    for (to, from) in key.iter_mut().zip(okm.iter().skip(AT)) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_meets_rfc_5869_case_1_and_3() {
        let ikm = [0x0b; 22];
        // The RFC's salt is 13 bytes; HMAC keys are zero-padded, so 32 bytes with a zero tail are
        // the same salt.
        let salt: [u8; 32] = std::array::from_fn(|at| if at < 13 { u8::try_from(at).unwrap() } else { 0 });
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            hex::encode(*hkdf::<42>(Some(&salt), &ikm, &info)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        assert_eq!(
            hex::encode(*hkdf::<42>(None, &ikm, &[])),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }

    #[test]
    fn hmac_meets_rfc_4231_case_1_padded_to_32_bytes() {
        // The RFC's key is 20 bytes; HMAC keys are zero-padded, so 32 bytes with a zero tail are
        // the same key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(*HmacSha256::new(&key).chain(b"Hi ").chain(b"There").finish()),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }
}
