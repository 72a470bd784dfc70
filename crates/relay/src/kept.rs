//! Keys as the directory keeps them: without the zeros that they end in.
//!
//! A real key ends in none, but for one in 256. Those of modelled cryptography are a few bytes and zeros up to the real length:
//! a directory of a million consumers would have ten gigabytes of zeros.

use bytes::Bytes;
use wire::SignedKey;

/// A signed key that waits to be handed out.
pub(crate) struct KeptKey {
    id: u32,
    key: Kept,
    signature: Kept,
}

/// Bytes without the zeros at their end.
struct Kept {
    start: Box<[u8]>,
    length: usize,
}

impl From<SignedKey> for KeptKey {
    fn from(key: SignedKey) -> Self {
        Self { id: key.id, key: Kept::of(&key.key), signature: Kept::of(&key.signature) }
    }
}

impl KeptKey {
    /// The key as it came.
    pub(crate) fn whole(&self) -> SignedKey {
        SignedKey { id: self.id, key: self.key.whole(), signature: self.signature.whole() }
    }
}

impl Kept {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self { start: bytes.get(..end).unwrap_or(bytes).into(), length: bytes.len() }
    }

    fn whole(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.length);
        bytes.extend_from_slice(&self.start);
        bytes.resize(self.length, 0);
        bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_handed_out_as_it_came_and_kept_without_its_zeros() {
        let zeros = |start: &[u8], length: usize| {
            let mut bytes = start.to_vec();
            bytes.resize(length, 0);
            Bytes::from(bytes)
        };
        for (start, length) in [(&[][..], 0), (&[], 40), (&[8, 0, 1], 1569), (&[1, 2, 3], 3)] {
            let key = SignedKey { id: 7, key: zeros(start, length), signature: zeros(&[5], 64) };
            let kept = KeptKey::from(key.clone());
            assert_eq!((kept.key.start.len(), kept.signature.start.len()), (start.len(), 1));
            assert_eq!(kept.whole(), key);
        }
    }
}
