//! HMAC (RFC 2104) and HKDF (RFC 5869) over SHA-256, for keys of 32 bytes.
//!
//! Every message takes some fifteen HMACs over very short inputs. A library's wipes and copies
//! buffers of hashes that it holds for inputs of any kind, which costs as much as the hashing; this
//! one holds two hash states per key. The compression function is the library's.

use std::sync::LazyLock;

use sha2::block_api::compress256;
use zeroize::Zeroize;

use super::bytes::Key;

const BLOCK: usize = 64;

/// Bits of a padded key and a digest.
const OUTER_BITS: u16 = (64 + 32) * 8;

/// FIPS 180-4, section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// An HMAC key, hashed: the states of the inner and the outer hash after the padded key.
#[derive(Clone)]
pub(super) struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self { inner: after_padded_key(key, 0x36), outer: after_padded_key(key, 0x5c) }
    }

    /// The MAC of the concatenated parts.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> Key {
        let mut inner = Hash::after_block(self.inner);
        for part in parts {
            inner.update(part);
        }
        let digest = inner.finish();
        // The outer input is the padded key and a digest: one more block, whose padding is known.
        let mut block = [0; BLOCK];
        let (words, padding) = block.split_at_mut(digest.len());
        words.copy_from_slice(&*digest);
        if let [first, .., high, low] = padding {
            *first = 0x80;
            [*high, *low] = OUTER_BITS.to_be_bytes();
        }
        let mut state = self.outer;
        compress256(&mut state, std::slice::from_ref(&block));
        block.as_mut_slice().zeroize();
        into_digest(&mut state)
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        // As slices, which are wiped in one go; arrays are wiped element by element.
        self.inner.as_mut_slice().zeroize();
        self.outer.as_mut_slice().zeroize();
    }
}

/// HKDF of the concatenated parts: `KEYS` times 32 bytes. Without a salt it is 32 zero bytes, as the
/// RFC says.
pub(super) fn hkdf<const KEYS: usize>(salt: Option<&Key>, ikm: &[&[u8]], info: &[u8]) -> [Key; KEYS] {
    const { assert!(KEYS < 255, "RFC 5869, section 2.3") };
    // Most derivations have no salt: that key is hashed once.
    static WITHOUT_SALT: LazyLock<HmacKey> = LazyLock::new(|| HmacKey::new(&[0; 32]));
    let prk = match salt {
        None => WITHOUT_SALT.mac(ikm),
        Some(salt) => HmacKey::new(salt).mac(ikm),
    };
    let prk = HmacKey::new(&prk);
    let (mut previous, mut counter): (Option<Key>, u8) = (None, 0);
    std::array::from_fn(|_| {
        counter += 1;
        let key = match &previous {
            None => prk.mac(&[info, &[counter]]),
            Some(previous) => prk.mac(&[&**previous, info, &[counter]]),
        };
        previous = Some(key.clone());
        key
    })
}

fn after_padded_key(key: &[u8; 32], pad: u8) -> [u32; 8] {
    let mut block = [pad; BLOCK];
    for (to, from) in block.iter_mut().zip(key) {
        *to ^= from;
    }
    let mut state = INITIAL;
    compress256(&mut state, std::slice::from_ref(&block));
    block.as_mut_slice().zeroize();
    state
}

/// SHA-256 (FIPS 180-4) that goes on after one block.
struct Hash {
    state: [u32; 8],
    block: [u8; BLOCK],
    filled: usize,
    /// In bytes.
    length: u64,
}

impl Hash {
    const fn after_block(state: [u32; 8]) -> Self {
        Self { state, block: [0; BLOCK], filled: 0, length: 64 }
    }

    fn update(&mut self, mut data: &[u8]) {
        self.length = self.length.wrapping_add(data.len() as u64);
        if self.filled > 0 || data.len() < BLOCK {
            let free = self.block.get_mut(self.filled..).unwrap_or_default();
            let (now, rest) = data.split_at(free.len().min(data.len()));
            if let Some(free) = free.get_mut(..now.len()) {
                free.copy_from_slice(now);
            }
            self.filled += now.len();
            data = rest;
            if self.filled < BLOCK {
                return;
            }
            compress256(&mut self.state, std::slice::from_ref(&self.block));
            self.filled = 0;
        }
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        compress256(&mut self.state, blocks);
        if let Some(start) = self.block.get_mut(..rest.len()) {
            start.copy_from_slice(rest);
        }
        self.filled = rest.len();
    }

    /// Pads (section 5.1.1) and gives the digest.
    fn finish(mut self) -> Key {
        let bits = self.length.wrapping_mul(8).to_be_bytes();
        if let Some([first, rest @ ..]) = self.block.get_mut(self.filled..) {
            *first = 0x80;
            rest.fill(0);
        }
        if self.filled + 1 + bits.len() > BLOCK {
            compress256(&mut self.state, std::slice::from_ref(&self.block));
            self.block = [0; BLOCK];
        }
        if let Some(end) = self.block.last_chunk_mut() {
            *end = bits;
        }
        compress256(&mut self.state, std::slice::from_ref(&self.block));
        into_digest(&mut self.state)
    }
}

/// The state as bytes; what it was is wiped.
fn into_digest(state: &mut [u32; 8]) -> Key {
    let mut digest = Key::new([0; 32]);
    for (to, word) in digest.as_mut().as_chunks_mut().0.iter_mut().zip(&*state) {
        *to = word.to_be_bytes();
    }
    state.as_mut_slice().zeroize();
    digest
}

impl Drop for Hash {
    fn drop(&mut self) {
        self.state.as_mut_slice().zeroize();
        self.block.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::*;

    #[test]
    fn hkdf_meets_rfc_5869_case_1_and_3() {
        let ikm = [0x0b; 22];
        // The RFC's salt is 13 bytes; HMAC keys are zero-padded, so 32 bytes with a zero tail are
        // the same salt.
        let salt = Key::new(std::array::from_fn(|at| if at < 13 { u8::try_from(at).unwrap() } else { 0 }));
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let hex = |keys: [Key; 2]| hex::encode(keys.map(|key| *key).concat());
        assert!(hex(hkdf(Some(&salt), &[&ikm[..9], &ikm[9..]], &info)).starts_with(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ));
        assert!(hex(hkdf(None, &[&ikm], &[])).starts_with(
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ));
    }

    #[test]
    fn hmac_meets_rfc_4231_case_1_padded_to_32_bytes() {
        // The RFC's key is 20 bytes; HMAC keys are zero-padded, so 32 bytes with a zero tail are
        // the same key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hex::encode(*HmacKey::new(&key).mac(&[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    proptest! {
        #[test]
        fn hmac_is_the_librarys_however_the_input_is_cut(
            key: [u8; 32],
            input in prop::collection::vec(any::<u8>(), 0..300),
            cuts in prop::collection::vec(0usize..300, 0..4),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
            let expected = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&input).finalize();
            prop_assert_eq!(*HmacKey::new(&key).mac(&parts), <[u8; 32]>::from(expected.into_bytes()));
        }
    }
}
