//! A blob's bytes, encrypted and padded on the way out, decrypted and checked on the way in: segment by segment, in a buffer
//! that is its caller's and is used again.

use super::{Blob, BlobError, BlobKey, MAX_BLOB, SEGMENT, SEGMENT_TAG, SegmentOpener, SegmentSealer, padded};
use aws_lc_rs::digest::{Context, SHA256};

/// Encrypts `size` bytes, and the padding behind them.
pub struct BlobEncryptor {
    segments: SegmentSealer,
    way: Way,
}

/// Decrypts a blob, and holds it against what the message says of it.
pub struct BlobDecryptor {
    segments: SegmentOpener,
    way: Way,
    /// `None` if it began in the middle.
    digest: Option<Context>,
    sha256: [u8; 32],
}

/// How far it has come, in bytes of plaintext.
struct Way {
    at: u64,
    /// Where the plaintext ends and the padding begins.
    size: u64,
    /// Where the padding ends.
    end: u64,
}

impl BlobEncryptor {
    /// For a key that has encrypted nothing yet.
    ///
    /// # Errors
    /// [`BlobError::TooLong`].
    pub fn new(key: &BlobKey, size: u64) -> Result<Self, BlobError> {
        if size > MAX_BLOB {
            return Err(BlobError::TooLong);
        }
        Ok(Self { segments: SegmentSealer::new(key)?, way: Way { at: 0, size, end: padded(size) } })
    }

    /// How many bytes of plaintext the next segment takes; the rest of it is padding. `None` after the last.
    pub fn wants(&self) -> Option<usize> {
        (self.way.at < self.way.end).then(|| self.way.content())
    }

    /// Encrypts the next segment: `segment` has exactly the bytes that it [wants](Self::wants), and then what goes to the
    /// relay.
    ///
    /// # Errors
    /// [`BlobError::Changed`] if it has another number of bytes: what is sent isn't as long as was said.
    pub fn seal(&mut self, segment: &mut Vec<u8>) -> Result<(), BlobError> {
        if self.wants() != Some(segment.len()) {
            return Err(BlobError::Changed);
        }
        segment.resize(self.way.length(), 0);
        let last = self.way.advance();
        self.segments.seal(segment, last)
    }
}

impl BlobDecryptor {
    /// Of the whole blob.
    ///
    /// # Errors
    /// Never, if the blob was checked.
    pub fn new(blob: &Blob) -> Result<Self, BlobError> {
        let mut decryptor = Self::from_segment(blob, 0)?;
        decryptor.digest = Some(Context::new(&SHA256));
        Ok(decryptor)
    }

    /// From a segment in the middle on: each is authentic, and only the digest of the whole isn't looked at.
    ///
    /// # Errors
    /// [`BlobError::TooLong`] if there is none with this number.
    pub fn from_segment(blob: &Blob, number: u32) -> Result<Self, BlobError> {
        let way = Way { at: u64::from(number) * SEGMENT as u64, size: blob.size, end: padded(blob.size) };
        if way.at >= way.end {
            return Err(BlobError::TooLong);
        }
        let segments = SegmentOpener::at(&blob.key, number)?;
        Ok(Self { segments, way, digest: None, sha256: blob.sha256 })
    }

    /// How many bytes of ciphertext the next segment has. `None` after the last.
    pub fn wants(&self) -> Option<usize> {
        (self.way.at < self.way.end).then(|| self.way.length() + SEGMENT_TAG)
    }

    /// Decrypts the next segment: `segment` has exactly the bytes that it [wants](Self::wants), and then those of the
    /// plaintext, without padding; none if an error is returned. With the last segment the digest is compared.
    ///
    /// # Errors
    /// [`BlobError::Changed`] or [`BlobError::Digest`].
    pub fn open(&mut self, segment: &mut Vec<u8>) -> Result<(), BlobError> {
        let opened = self.open_next(segment);
        if opened.is_err() {
            segment.clear();
        }
        opened
    }

    fn open_next(&mut self, segment: &mut Vec<u8>) -> Result<(), BlobError> {
        if self.wants() != Some(segment.len()) {
            return Err(BlobError::Changed);
        }
        let content = self.way.content();
        let last = self.way.advance();
        self.segments.open(segment, last)?;
        segment.truncate(content);
        if let Some(digest) = &mut self.digest {
            digest.update(segment);
        }
        let whole = self.digest.take_if(|_| last).map(Context::finish);
        if whole.is_some_and(|digest| digest.as_ref() != self.sha256) {
            return Err(BlobError::Digest);
        }
        Ok(())
    }
}

impl Way {
    /// Bytes in the next segment, padding included.
    fn length(&self) -> usize {
        short(self.end.saturating_sub(self.at))
    }

    /// Those of them that are no padding.
    fn content(&self) -> usize {
        short(self.size.saturating_sub(self.at))
    }

    /// Goes past the next segment; true if that is the last.
    fn advance(&mut self) -> bool {
        self.at += self.length() as u64;
        self.at >= self.end
    }
}

/// At most a segment.
fn short(bytes: u64) -> usize {
    usize::try_from(bytes).map_or(SEGMENT, |bytes| bytes.min(SEGMENT))
}

#[cfg(test)]
mod tests {
    use super::super::padded_length;
    use super::*;
    use aws_lc_rs::digest::digest;

    fn blob(plaintext: &[u8]) -> Blob {
        let sha256 = digest(&SHA256, plaintext).as_ref().try_into().unwrap();
        Blob { id: [1; 32], key: BlobKey::new([2; 32]), sha256, size: plaintext.len() as u64 }
    }

    fn encrypt(blob: &Blob, mut plaintext: &[u8]) -> Vec<u8> {
        let mut encryptor = BlobEncryptor::new(&blob.key, blob.size).unwrap();
        let (mut ciphertext, mut segment) = (Vec::new(), Vec::new());
        while let Some(wants) = encryptor.wants() {
            segment.clear();
            segment.extend_from_slice(plaintext.split_off(..wants).unwrap());
            encryptor.seal(&mut segment).unwrap();
            ciphertext.extend_from_slice(&segment);
        }
        assert!(plaintext.is_empty());
        ciphertext
    }

    fn decrypt(mut decryptor: BlobDecryptor, mut ciphertext: &[u8]) -> Result<Vec<u8>, BlobError> {
        let (mut plaintext, mut segment) = (Vec::new(), Vec::new());
        while let Some(wants) = decryptor.wants() {
            segment.clear();
            let wants = wants.min(ciphertext.len());
            segment.extend_from_slice(ciphertext.split_off(..wants).unwrap());
            decryptor.open(&mut segment)?;
            plaintext.extend_from_slice(&segment);
        }
        Ok(plaintext)
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
    }

    #[test]
    fn every_length_around_a_segment_comes_back_and_is_as_long_as_was_said() {
        let around = |edge: usize| edge.saturating_sub(2)..=edge + 2;
        for length in [0, SEGMENT, 2 * SEGMENT, 3 * SEGMENT - 2048, 5 * SEGMENT].into_iter().flat_map(around)
        {
            let plaintext = bytes(length);
            let blob = blob(&plaintext);
            let ciphertext = encrypt(&blob, &plaintext);
            assert_eq!(ciphertext.len() as u64, padded_length(length as u64));
            assert_eq!(ciphertext.len() as u64, blob.padded_length());
            let back = decrypt(BlobDecryptor::new(&blob).unwrap(), &ciphertext);
            assert!(back == Ok(plaintext), "{length}");
        }
    }

    #[test]
    fn a_reference_that_lies_about_length_or_digest_is_found_out() {
        let plaintext = bytes(70_000);
        let honest = blob(&plaintext);
        let ciphertext = encrypt(&honest, &plaintext);
        let read = |blob: &Blob| decrypt(BlobDecryptor::new(blob).unwrap(), &ciphertext);
        for size in [0, 69_999, 70_001, 140_000] {
            assert!(read(&Blob { size, ..honest.clone() }).is_err(), "{size}");
        }
        assert_eq!(read(&Blob { sha256: [0; 32], ..honest.clone() }), Err(BlobError::Digest));
        assert_eq!(read(&Blob { key: BlobKey::new([3; 32]), ..honest.clone() }), Err(BlobError::Changed));
        let cut = decrypt(BlobDecryptor::new(&honest).unwrap(), &ciphertext[..ciphertext.len() - 1]);
        assert_eq!(cut, Err(BlobError::Changed));
    }

    #[test]
    fn what_fails_leaves_no_plaintext_in_the_buffer() {
        let plaintext = bytes(100);
        let blob = Blob { sha256: [0; 32], ..blob(&plaintext) };
        let mut segment = encrypt(&blob, &plaintext);
        assert_eq!(BlobDecryptor::new(&blob).unwrap().open(&mut segment), Err(BlobError::Digest));
        assert!(segment.is_empty());
    }

    #[test]
    fn a_part_is_read_from_the_middle() {
        let plaintext = bytes(3 * SEGMENT);
        let blob = blob(&plaintext);
        let ciphertext = encrypt(&blob, &plaintext);
        let from = decrypt(
            BlobDecryptor::from_segment(&blob, 2).unwrap(),
            &ciphertext[2 * (SEGMENT + SEGMENT_TAG)..],
        );
        assert_eq!(from.unwrap(), plaintext[2 * SEGMENT..]);
        assert!(BlobDecryptor::from_segment(&blob, 3).is_err());
    }

    #[test]
    fn who_sends_fewer_bytes_than_were_said_sends_nothing() {
        let mut encryptor = BlobEncryptor::new(&BlobKey::new([2; 32]), 10).unwrap();
        assert_eq!(encryptor.seal(&mut bytes(9)), Err(BlobError::Changed));
        assert_eq!(encryptor.seal(&mut bytes(11)), Err(BlobError::Changed));
        assert!(BlobEncryptor::new(&BlobKey::new([2; 32]), MAX_BLOB + 1).is_err());
    }
}
