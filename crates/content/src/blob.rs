//! Bytes that are too large for a message: what the message says of them, how long they are on the way, and how they are
//! encrypted.
//!
//! A blob is ciphertext that the relay keeps under a name. Name and key are drawn for each message, so that the same picture
//! to two people is two blobs that nobody can join. The relay sees the padded length.

mod cipher;
mod segments;

pub use cipher::{BlobDecryptor, BlobEncryptor};
pub use segments::{SEGMENT, SEGMENT_TAG, SegmentOpener, SegmentSealer};

use crate::kinds::BlobReference;
use std::fmt;
use zeroize::Zeroizing;

/// The longest plaintext of a blob, in bytes.
pub const MAX_BLOB: u64 = 100 << 20;

/// What is shorter is padded to this length.
const SMALLEST: u64 = 4096;

/// Where bytes are, and how to read them: a [`BlobReference`] that has what it must.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    /// The name at the relay: who knows it may have the ciphertext, or delete it.
    pub id: [u8; 32],
    /// What it is encrypted with.
    pub key: BlobKey,
    /// SHA-256 of the plaintext.
    pub sha256: [u8; 32],
    /// Length of the plaintext, in bytes.
    pub size: u64,
}

/// A key that encrypts one thing, once. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobKey(Zeroizing<[u8; 32]>);

/// A reference, or what was found under its name, is none of a blob.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum BlobError {
    /// A field of the reference is missing, or has another length.
    #[error("the message names its media in a way that this program can't follow")]
    Reference,
    /// Longer than [`MAX_BLOB`].
    #[error("media of more than {MAX_BLOB} bytes")]
    TooLong,
    /// The ciphertext is not what the key was used for: changed, cut, in another order, or of another length.
    #[error("the media is not what was sent: its ciphertext was changed, or ends early")]
    Changed,
    /// The plaintext has another digest than the message says.
    #[error("the media is not what the message says: its SHA-256 differs")]
    Digest,
}

impl BlobKey {
    /// A key of 32 random bytes that encrypt nothing else.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the key, for the row or message that it travels in.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Blob {
    /// The length of the ciphertext, in bytes: all that the relay sees.
    pub fn padded_length(&self) -> u64 {
        padded_length(self.size)
    }
}

/// The length of the ciphertext of `size` bytes: these padded by the PADMÉ rule, which tells O(log log) bits of the length for
/// at most 12 % more bytes (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
/// PoPETs 2019, section 4), and the tags of their segments.
pub fn padded_length(size: u64) -> u64 {
    let padded = padded(size);
    padded + padded.div_ceil(SEGMENT as u64) * SEGMENT_TAG as u64
}

/// How many bytes are encrypted where `size` bytes are sent.
fn padded(size: u64) -> u64 {
    let size = size.max(SMALLEST);
    let exponent = size.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1u64 << (exponent - kept)) - 1;
    (size + mask) & !mask
}

impl TryFrom<&BlobReference> for Blob {
    type Error = BlobError;

    fn try_from(reference: &BlobReference) -> Result<Self, BlobError> {
        let fixed = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| BlobError::Reference);
        if reference.size > MAX_BLOB {
            return Err(BlobError::TooLong);
        }
        Ok(Self {
            id: fixed(&reference.id)?,
            key: BlobKey::new(fixed(&reference.key)?),
            sha256: fixed(&reference.sha256)?,
            size: reference.size,
        })
    }
}

impl From<&Blob> for BlobReference {
    fn from(blob: &Blob) -> Self {
        Self {
            id: blob.id.to_vec(),
            key: blob.key.as_bytes().to_vec(),
            sha256: blob.sha256.to_vec(),
            size: blob.size,
        }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blob(…)")
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_those_of_padme() {
        // The paper's rule by hand: as many bits stay as the exponent of the length has.
        for (size, padded_to) in
            [(0, 4096), (4096, 4096), (4097, 4352), (9 << 10, 9 << 10), (1_000_001, 1_015_808)]
        {
            assert_eq!(padded(size), padded_to, "{size}");
        }
        assert_eq!(padded(MAX_BLOB), MAX_BLOB);
    }

    proptest! {
        #[test]
        fn padding_costs_an_eighth_at_most_and_never_takes_away(size in SMALLEST..MAX_BLOB) {
            let padded = padded(size);
            prop_assert!(size <= padded && padded <= size + size / 8, "{size} {padded}");
            prop_assert!(padded <= super::padded(size + 1));
        }
    }

    #[test]
    fn a_reference_that_lacks_something_is_none() {
        let blob = Blob { id: [1; 32], key: BlobKey::new([2; 32]), sha256: [3; 32], size: 7 };
        let whole = BlobReference::from(&blob);
        assert_eq!(Blob::try_from(&whole), Ok(blob));
        let without = |change: fn(&mut BlobReference)| {
            let mut reference = whole.clone();
            change(&mut reference);
            Blob::try_from(&reference).unwrap_err()
        };
        assert_eq!(without(|reference| reference.id.truncate(31)), BlobError::Reference);
        assert_eq!(without(|reference| reference.key.push(0)), BlobError::Reference);
        assert_eq!(without(|reference| reference.sha256.clear()), BlobError::Reference);
        assert_eq!(without(|reference| reference.size = MAX_BLOB + 1), BlobError::TooLong);
    }
}
