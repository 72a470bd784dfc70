//! Values of a fixed number of bytes, as a provider holds and stores them.

use std::ops::Deref;

use zeroize::Zeroize;

/// A value that is always so many bytes. If it is secret, it wipes itself when dropped.
pub trait FixedBytes: Clone + Send + Sync + 'static {
    /// How many.
    const LENGTH: usize;

    /// The bytes, as they are stored.
    fn as_bytes(&self) -> &[u8];

    /// From stored bytes; `None` unless there are [`FixedBytes::LENGTH`] of them.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// A value that has `WIRE` bytes in messages and bundles, however a provider holds it.
pub trait Wire<const WIRE: usize>: FixedBytes {
    /// From what was received or drawn.
    fn from_wire(bytes: &[u8; WIRE]) -> Self;

    /// What is sent.
    fn to_wire(&self) -> [u8; WIRE];
}

impl<const N: usize> FixedBytes for [u8; N] {
    const LENGTH: usize = N;

    fn as_bytes(&self) -> &[u8] {
        self
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

impl<const N: usize> Wire<N> for [u8; N] {
    fn from_wire(bytes: &Self) -> Self {
        *bytes
    }

    fn to_wire(&self) -> Self {
        *self
    }
}

impl<T: FixedBytes> FixedBytes for Box<T> {
    const LENGTH: usize = T::LENGTH;

    fn as_bytes(&self) -> &[u8] {
        (**self).as_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        T::from_bytes(bytes).map(Self::new)
    }
}

impl<const N: usize, T: Wire<N>> Wire<N> for Box<T> {
    fn from_wire(bytes: &[u8; N]) -> Self {
        Self::new(T::from_wire(bytes))
    }

    fn to_wire(&self) -> [u8; N] {
        (**self).to_wire()
    }
}

/// Secret bytes. Wiped when dropped, as a slice: an array is wiped byte by byte, which with some
/// thirty keys per message would be felt.
#[derive(Clone)]
pub struct Secret<const N: usize>([u8; N]);

/// 32 bytes of key material.
pub type Key = Secret<32>;

/// What two parties share after a Diffie-Hellman or KEM operation.
pub type SharedSecret = Secret<32>;

impl<const N: usize> Secret<N> {
    /// Takes them over. Whoever has the array still should wipe it.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// To be filled in place.
    pub const fn as_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Deref for Secret<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl<const N: usize> FixedBytes for Secret<N> {
    const LENGTH: usize = N;

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <&[u8; N]>::try_from(bytes).ok().map(|bytes| Self(*bytes))
    }
}

impl<const N: usize> Wire<N> for Secret<N> {
    fn from_wire(bytes: &[u8; N]) -> Self {
        Self(*bytes)
    }

    fn to_wire(&self) -> [u8; N] {
        self.0
    }
}
