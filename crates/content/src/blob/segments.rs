//! Encryption of what is read and written piece by piece, with a key that encrypts nothing else.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance", CRYPTO 2015, section 7) over AES-256-GCM: segments of 64 KiB, each with a tag, and in the nonce its
//! number and whether it is the last. So each is authentic as soon as it is there, and one that is missing, moved or added is
//! noticed.
//!
//! ```text
//! nonce = 7 zeros · number (4, big-endian) · 1 if it is the last, else 0
//! ```

use super::{BlobError, BlobKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of plaintext in every segment but the last.
pub const SEGMENT: usize = 64 * 1024;

/// How much longer a segment is when it is encrypted.
pub const SEGMENT_TAG: usize = 16;

/// Encrypts segments, in order.
pub struct SegmentSealer(Segments);

/// Decrypts segments, in order.
pub struct SegmentOpener(Segments);

struct Segments {
    cipher: LessSafeKey,
    next: u32,
    /// The last was there.
    ended: bool,
}

impl SegmentSealer {
    /// For a key that has encrypted nothing yet.
    ///
    /// # Errors
    /// Never, with keys of this length.
    pub fn new(key: &BlobKey) -> Result<Self, BlobError> {
        Segments::new(key, 0).map(Self)
    }

    /// Encrypts the next segment where it is, and appends the tag: [`SEGMENT`] bytes, or fewer if it is the last.
    ///
    /// # Errors
    /// [`BlobError::TooLong`] if there are more segments than numbers, the segment has another length, or the last was there.
    pub fn seal(&mut self, segment: &mut Vec<u8>, last: bool) -> Result<(), BlobError> {
        if segment.len() > SEGMENT || (!last && segment.len() < SEGMENT) {
            return Err(BlobError::TooLong);
        }
        let nonce = self.0.nonce(last).ok_or(BlobError::TooLong)?;
        let sealed = self.0.cipher.seal_in_place_append_tag(nonce, Aad::empty(), segment);
        sealed.map_err(|_| BlobError::TooLong)
    }
}

impl SegmentOpener {
    /// Begins with the segment of this number.
    ///
    /// # Errors
    /// Never, with keys of this length.
    pub fn at(key: &BlobKey, number: u32) -> Result<Self, BlobError> {
        Segments::new(key, number).map(Self)
    }

    /// Decrypts the next segment where it is, and takes the tag off.
    ///
    /// # Errors
    /// [`BlobError::Changed`]: it is not that segment of what was encrypted with this key. What is in `segment` is then
    /// nothing.
    pub fn open(&mut self, segment: &mut Vec<u8>, last: bool) -> Result<(), BlobError> {
        let nonce = self.0.nonce(last).ok_or(BlobError::Changed)?;
        let opened = self.0.cipher.open_in_place(nonce, Aad::empty(), segment).map(|opened| opened.len());
        segment.truncate(opened.as_ref().copied().unwrap_or(0));
        opened.map(|_| ()).map_err(|_| BlobError::Changed)
    }
}

impl Segments {
    fn new(key: &BlobKey, next: u32) -> Result<Self, BlobError> {
        let key = UnboundKey::new(&AES_256_GCM, key.as_bytes()).map_err(|_| BlobError::Reference)?;
        Ok(Self { cipher: LessSafeKey::new(key), next, ended: false })
    }

    /// Of the next segment; `None` if there can't be one. No number comes twice.
    fn nonce(&mut self, last: bool) -> Option<Nonce> {
        if self.ended {
            return None;
        }
        let [a, b, c, d] = self.next.to_be_bytes();
        let nonce: [u8; NONCE_LEN] = [0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)];
        match self.next.checked_add(1) {
            Some(next) if !last => self.next = next,
            _ => self.ended = true,
        }
        Some(Nonce::assume_unique_for_key(nonce))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(lengths: &[usize]) -> Vec<Vec<u8>> {
        let mut sealer = SegmentSealer::new(&BlobKey::new([7; 32])).unwrap();
        let last = lengths.len() - 1;
        let seal = |(at, length): (usize, &usize)| {
            let mut segment = vec![u8::try_from(at).unwrap(); *length];
            sealer.seal(&mut segment, at == last).unwrap();
            segment
        };
        lengths.iter().enumerate().map(seal).collect()
    }

    fn opens(segments: &[Vec<u8>]) -> bool {
        let mut opener = SegmentOpener::at(&BlobKey::new([7; 32]), 0).unwrap();
        let last = segments.len() - 1;
        segments.iter().enumerate().all(|(at, segment)| opener.open(&mut segment.clone(), at == last).is_ok())
    }

    #[test]
    fn what_is_cut_moved_repeated_or_added_is_noticed() {
        let whole = sealed(&[SEGMENT, SEGMENT, 9]);
        assert!(opens(&whole));
        assert!(!opens(&whole[..2]), "the end is missing");
        assert!(!opens(&whole[1..]), "the beginning is missing");
        assert!(!opens(&[whole[1].clone(), whole[0].clone(), whole[2].clone()]));
        assert!(!opens(&[whole[0].clone(), whole[0].clone(), whole[2].clone()]));
        assert!(!opens(&[&whole[..], &whole[2..]].concat()));
        assert!(!opens(&[whole[0].clone(), whole[2].clone()]));
    }

    #[test]
    fn a_wrong_key_and_every_changed_bit_are_noticed() {
        let whole = sealed(&[33]);
        let mut other = SegmentOpener::at(&BlobKey::new([8; 32]), 0).unwrap();
        assert_eq!(other.open(&mut whole[0].clone(), true), Err(BlobError::Changed));
        for at in 0..whole[0].len() * 8 {
            let mut changed = whole.clone();
            changed[0][at / 8] ^= 1 << (at % 8);
            assert!(!opens(&changed), "bit {at}");
        }
    }

    #[test]
    fn a_segment_in_the_middle_opens_by_its_number() {
        let whole = sealed(&[SEGMENT, SEGMENT, 9]);
        let mut opener = SegmentOpener::at(&BlobKey::new([7; 32]), 1).unwrap();
        let mut segment = whole[1].clone();
        opener.open(&mut segment, false).unwrap();
        assert_eq!(segment, vec![1; SEGMENT]);
    }

    #[test]
    fn nothing_is_sealed_after_the_last_and_only_the_last_is_short() {
        let mut sealer = SegmentSealer::new(&BlobKey::new([7; 32])).unwrap();
        assert_eq!(sealer.seal(&mut vec![0; 5], false), Err(BlobError::TooLong));
        assert_eq!(sealer.seal(&mut vec![0; SEGMENT + 1], true), Err(BlobError::TooLong));
        sealer.seal(&mut vec![0; 5], true).unwrap();
        assert_eq!(sealer.seal(&mut vec![0; 5], true), Err(BlobError::TooLong));
    }
}
