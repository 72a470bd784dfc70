//! Padding to buckets: a ciphertext tells which bucket the message is in and no more.
//!
//! The byte 0x80 ends the content and zeros fill the bucket. A bucket is one byte short of a power of
//! two, because AES-CBC with PKCS#7 adds at least one: the ciphertexts are powers of two.

use zeroize::Zeroizing;

/// The smallest ciphertext, in bytes.
const SMALLEST: usize = 256;

/// The largest ciphertext, in bytes; the content is at least two bytes shorter.
const LARGEST: usize = 64 * 1024;

const END: u8 = 0x80;

/// The bytes are not padded content, or can't be padded.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum PaddingError {
    /// Content does not fit the largest bucket.
    #[error("content is longer than {} bytes", LARGEST - 2)]
    TooLong,
    /// No 0x80 before the zeros, or not the length of a bucket.
    #[error("plaintext is not padded to a bucket")]
    NotPadded,
}

/// Fills `content` up to its bucket.
///
/// # Errors
/// [`PaddingError::TooLong`] if there is no bucket for it.
pub fn pad(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, PaddingError> {
    let bucket = (content.len() + 2).next_power_of_two().max(SMALLEST);
    if bucket > LARGEST {
        return Err(PaddingError::TooLong);
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(bucket));
    padded.extend_from_slice(content);
    padded.push(END);
    padded.resize(bucket - 1, 0);
    Ok(padded)
}

/// The content without its padding.
///
/// # Errors
/// [`PaddingError::NotPadded`] if [`pad`] would not have made these bytes.
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let end = padded.iter().rposition(|&byte| byte != 0).ok_or(PaddingError::NotPadded)?;
    let (content, rest) = padded.split_at(end);
    let bucket = (content.len() + 2).next_power_of_two().max(SMALLEST);
    match rest.first() {
        Some(&END) if padded.len() == bucket - 1 => Ok(content),
        _ => Err(PaddingError::NotPadded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_in_one_bucket_look_the_same() {
        let length = |content: usize| pad(&vec![1; content]).unwrap().len();
        assert_eq!(length(0), 255);
        assert_eq!(length(254), 255);
        assert_eq!(length(255), 511);
        assert_eq!(length(LARGEST - 2), LARGEST - 1);
        assert_eq!(pad(&vec![1; LARGEST - 1]), Err(PaddingError::TooLong));
    }

    proptest! {
        #[test]
        fn unpad_undoes_pad(content in prop::collection::vec(any::<u8>(), 0..2000)) {
            let padded = pad(&content).unwrap();
            prop_assert_eq!(unpad(&padded).unwrap(), &content[..]);
        }

        #[test]
        fn only_padded_bytes_are_unpadded(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(content) = unpad(&bytes) {
                prop_assert_eq!(&pad(content).unwrap()[..], &bytes[..]);
            }
        }
    }
}
