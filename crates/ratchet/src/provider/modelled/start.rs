//! The only kind of value there is.

use crate::provider::bytes::{FixedBytes, Wire};

/// 8 bytes; on the wire, as many zeros after them as the real value is longer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Start([u8; 8]);

impl Start {
    pub(super) const fn of(number: u64) -> Self {
        Self(number.to_le_bytes())
    }

    pub(super) const fn number(self) -> u64 {
        u64::from_le_bytes(self.0)
    }

    /// From the wire, unless there is something where zeros should be.
    pub(super) fn exact<const N: usize>(bytes: &[u8; N]) -> Option<Self> {
        let start: Self = Wire::from_wire(bytes);
        (start.to_wire() == *bytes).then_some(start)
    }
}

impl FixedBytes for Start {
    const LENGTH: usize = 8;

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl<const N: usize> Wire<N> for Start {
    fn from_wire(bytes: &[u8; N]) -> Self {
        const { assert!(N >= 8, "nothing on the wire is shorter") };
        Self(bytes.first_chunk().copied().unwrap_or_default())
    }

    fn to_wire(&self) -> [u8; N] {
        let mut bytes = [0; N];
        if let Some(start) = bytes.first_chunk_mut() {
            *start = self.0;
        }
        bytes
    }
}

/// A bijection of `state ^ word` that spreads every bit.
pub(super) const fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

/// Mixes in bytes, 8 at a time.
pub(super) fn absorb(state: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(state, |state, word| mix(state, u64::from_le_bytes(*word)));
    if rest.is_empty() {
        return state;
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    mix(state, u64::from_le_bytes(last))
}

/// Mixes in the length and both ends of bytes, which tell all labels and keys apart.
pub(super) fn absorb_ends(state: u64, bytes: &[u8]) -> u64 {
    let (first, last) = (bytes.first_chunk::<16>(), bytes.last_chunk::<8>());
    match (first, last) {
        (Some(first), Some(last)) => {
            absorb(absorb(mix(state, u64::try_from(bytes.len()).unwrap_or(u64::MAX)), first), last)
        }
        _ => absorb(mix(state, u64::try_from(bytes.len()).unwrap_or(u64::MAX)), bytes),
    }
}
