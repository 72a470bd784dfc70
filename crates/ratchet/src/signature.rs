//! Signatures as they travel: 64 bytes that are not checked here, and the errors of those that check them.

use thiserror::Error;

/// An XEdDSA signature: R, then s with the signer's sign bit on top.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes.
    pub const LENGTH: usize = 64;

    /// Reads a signature.
    ///
    /// # Errors
    /// When there are not exactly 64 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        bytes.try_into().map(Self).map_err(|_| SignatureError::WrongLength)
    }

    /// The 64 bytes.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.0
    }

    pub(crate) const fn as_raw(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not 64 bytes.
    #[error("a signature has 64 bytes")]
    WrongLength,
    /// It was not made by this key over this message.
    #[error("invalid signature")]
    Invalid,
}
