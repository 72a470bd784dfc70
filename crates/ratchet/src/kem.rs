//! Keys and ciphertexts of the KEM of PQXDH, as they travel: a type byte in front.

use std::fmt;

use crate::curve::KeyError;

/// Leading byte of an encoded Kyber-1024 key or ciphertext.
const KYBER_1024_TYPE: u8 = 0x08;
const PUBLIC_LENGTH: usize = 1568;

/// A Kyber-1024 public key.
///
/// Zeros at its end are not kept: a modelled key is little else, and whoever keeps very many of them
/// keeps them short.
#[derive(Clone, PartialEq, Eq)]
pub struct KemPublicKey(Box<[u8]>);

impl KemPublicKey {
    /// Length of the encoding: a type byte and the key.
    pub const LENGTH: usize = 1 + PUBLIC_LENGTH;

    /// Reads an encoded key. The coefficients are not checked, as deployed clients do not either: a
    /// bad key hurts only whoever published it, under their own signature.
    ///
    /// # Errors
    /// When the type byte is not that of Kyber-1024, or the length is not exact.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        parse_typed(bytes).map(Self::from_raw)
    }

    /// The encoding: type byte, then the key.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.push(KYBER_1024_TYPE);
        bytes.extend_from_slice(&self.0);
        bytes.resize(Self::LENGTH, 0);
        bytes
    }

    pub(crate) fn from_raw(raw: &[u8; PUBLIC_LENGTH]) -> Self {
        // Block by block: with very many modelled keys a search byte by byte would be felt.
        let (blocks, _) = raw.as_chunks::<32>();
        let zeros = blocks.iter().rev().take_while(|block| **block == [0; 32]).count();
        let start = raw.get(..PUBLIC_LENGTH.saturating_sub(32 * zeros)).unwrap_or_default();
        let length = start.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self(start.iter().copied().take(length).collect())
    }

    pub(crate) fn to_raw(&self) -> [u8; PUBLIC_LENGTH] {
        let mut raw = [0; PUBLIC_LENGTH];
        if let Some(start) = raw.get_mut(..self.0.len()) {
            start.copy_from_slice(&self.0);
        }
        raw
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.to_raw();
        write!(f, "KemPublicKey({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

pub(crate) fn typed(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + raw.len());
    bytes.push(KYBER_1024_TYPE);
    bytes.extend_from_slice(raw);
    bytes
}

pub(crate) fn parse_typed<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], KeyError> {
    untyped(bytes)?.try_into().map_err(|_| KeyError::WrongLength)
}

pub(crate) fn untyped(bytes: &[u8]) -> Result<&[u8], KeyError> {
    match bytes.split_first() {
        None => Err(KeyError::Empty),
        Some((&KYBER_1024_TYPE, raw)) => Ok(raw),
        Some((&found, _)) => Err(KeyError::UnknownType { found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_of_a_key_come_back() {
        for length in [0, 1, 8, PUBLIC_LENGTH - 1, PUBLIC_LENGTH] {
            let mut raw = [0; PUBLIC_LENGTH];
            raw[..length].fill(7);
            let key = KemPublicKey::from_raw(&raw);
            assert_eq!((key.0.len(), key.to_raw()), (length, raw));
            assert_eq!(key.to_bytes(), typed(&raw));
            assert_eq!(KemPublicKey::parse(&key.to_bytes()).unwrap(), key);
        }
    }

    #[test]
    fn encodings_are_exact() {
        let bytes = KemPublicKey::from_raw(&[5; PUBLIC_LENGTH]).to_bytes();
        assert_eq!(bytes.len(), KemPublicKey::LENGTH);
        let mut long = bytes.clone();
        long.push(0);
        assert_eq!(KemPublicKey::parse(&long), Err(KeyError::WrongLength));
        assert_eq!(KemPublicKey::parse(&bytes[..1568]), Err(KeyError::WrongLength));
        assert_eq!(KemPublicKey::parse(&[]), Err(KeyError::Empty));
        let mut other = bytes;
        other[0] = 0x07;
        assert_eq!(KemPublicKey::parse(&other), Err(KeyError::UnknownType { found: 7 }));
    }
}
