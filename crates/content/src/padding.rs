//! Padding to buckets: a ciphertext tells which bucket the message is in and no more.
//!
//! The byte 0x80 ends the content and zeros fill the bucket. A bucket is one byte short of a power of
//! two, because AES-CBC with PKCS#7 adds at least one: the ciphertexts are powers of two. A sender may be
//! told to pad less; whoever reads takes what any sender may send.

use zeroize::Zeroizing;

/// The smallest ciphertext, in bytes.
const SMALLEST: usize = 256;

/// The largest ciphertext, in bytes; the content is at least two bytes shorter.
const LARGEST: usize = 64 * 1024;

const END: u8 = 0x80;

/// How much a sender pads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Padding {
    /// Not at all, but for the byte that ends the content.
    None,
    /// To ciphertexts that are powers of two, of 256 bytes at least.
    #[default]
    Bucket,
    /// To ciphertexts that are powers of two, however small.
    Pow2,
}

/// The bytes are not padded content, or can't be padded.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum PaddingError {
    /// Content does not fit the largest bucket.
    #[error("content is longer than {} bytes", LARGEST - 2)]
    TooLong,
    /// No 0x80 before the zeros, or a length that no sender pads to.
    #[error("plaintext is not padded to a bucket")]
    NotPadded,
}

impl Padding {
    const ALL: [Self; 3] = [Self::None, Self::Bucket, Self::Pow2];

    /// How long `length` bytes of content become.
    fn padded_length(self, length: usize) -> usize {
        match self {
            Self::None => length + 1,
            Self::Bucket => (length + 2).next_power_of_two().max(SMALLEST) - 1,
            Self::Pow2 => (length + 2).next_power_of_two() - 1,
        }
    }
}

/// Fills `content` up to its bucket.
///
/// # Errors
/// [`PaddingError::TooLong`] if there is no bucket for it.
pub fn pad(content: &[u8], padding: Padding) -> Result<Zeroizing<Vec<u8>>, PaddingError> {
    let length = padding.padded_length(content.len());
    if length >= LARGEST {
        return Err(PaddingError::TooLong);
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(content);
    padded.push(END);
    padded.resize(length, 0);
    Ok(padded)
}

/// The content without its padding.
///
/// # Errors
/// [`PaddingError::NotPadded`] if [`pad`] would not have made these bytes, however it was told to pad.
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let end = padded.iter().rposition(|&byte| byte != 0).ok_or(PaddingError::NotPadded)?;
    let (content, rest) = padded.split_at(end);
    let padded_so = |padding: &Padding| padding.padded_length(content.len()) == padded.len();
    match rest.first() {
        Some(&END) if padded.len() < LARGEST && Padding::ALL.iter().any(padded_so) => Ok(content),
        _ => Err(PaddingError::NotPadded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_in_one_bucket_look_the_same() {
        let length = |content: usize, padding| pad(&vec![1; content], padding).unwrap().len();
        let buckets = [0, 254, 255, LARGEST - 2].map(|content| length(content, Padding::Bucket));
        assert_eq!(buckets, [255, 255, 511, LARGEST - 1]);
        assert_eq!([0, 6, 7].map(|content| length(content, Padding::Pow2)), [1, 7, 15]);
        assert_eq!([0, 6, 7].map(|content| length(content, Padding::None)), [1, 7, 8]);
        for padding in Padding::ALL {
            assert_eq!(pad(&vec![1; LARGEST - 1], padding), Err(PaddingError::TooLong));
        }
    }

    #[test]
    fn a_length_that_nobody_pads_to_is_refused() {
        let mut padded = pad(&[1; 100], Padding::Bucket).unwrap().to_vec();
        padded.push(0);
        assert_eq!(unpad(&padded), Err(PaddingError::NotPadded));
        assert_eq!(unpad(&[0; 255]), Err(PaddingError::NotPadded));
        assert_eq!(unpad(&[]), Err(PaddingError::NotPadded));
    }

    proptest! {
        #[test]
        fn unpad_undoes_pad(content in prop::collection::vec(any::<u8>(), 0..2000)) {
            for padding in Padding::ALL {
                let padded = pad(&content, padding).unwrap();
                prop_assert_eq!(unpad(&padded).unwrap(), &content[..]);
            }
        }

        #[test]
        fn only_padded_bytes_are_unpadded(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(content) = unpad(&bytes) {
                let made = Padding::ALL.map(|padding| pad(content, padding).unwrap().to_vec());
                prop_assert!(made.contains(&bytes));
            }
        }
    }
}
