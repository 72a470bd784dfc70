//! Where a numbered queue stands, and in which history of it.
//!
//! A number alone says how much there was, not what: the two ends of a queue, of which one was put back to an older copy or
//! replaced by another, can agree on it and have had different things. So a position has a name too, which follows from the
//! names of all items up to there and from the first one, which the relay draws. Two positions are equal if, and but for an
//! accident of one in 2⁶⁴ only if, the same has happened.

use crate::EnvelopeId;
use std::fmt;

/// A place in a numbered queue: behind the item with this number. The default is that of an end that has never met the other.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the last item; 0 before the first.
    pub sequence: u64,
    /// Which history of the queue this is.
    pub name: u64,
}

impl Position {
    /// Before the first item of a queue that `name` is drawn for.
    pub const fn start(name: u64) -> Self {
        Self { sequence: 0, name }
    }

    /// Behind the submission of this envelope, which comes next.
    #[must_use]
    pub fn then(self, envelope: EnvelopeId) -> Self {
        self.behind(digest(envelope))
    }

    /// Behind the receipt for this envelope, which comes next.
    #[must_use]
    pub fn then_receipt(self, envelope: EnvelopeId) -> Self {
        self.behind(!digest(envelope))
    }

    /// Behind an item of these bytes, which comes next.
    #[must_use]
    pub fn then_bytes(self, bytes: &[u8]) -> Self {
        // FNV-1a.
        self.behind(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    const fn behind(self, digest: u64) -> Self {
        // The finalizer of SplitMix64. Nobody is kept out by it: who carries a queue can withhold it anyway.
        let value = (self.name ^ digest).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self { sequence: self.sequence + 1, name: value ^ (value >> 31) }
    }
}

/// Of an id that is drawn, half is enough.
fn digest(EnvelopeId(id): EnvelopeId) -> u64 {
    let [high, ..] = id.as_chunks::<8>().0 else { return 0 };
    u64::from_be_bytes(*high)
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}/{:04x}", self.sequence, self.name >> 48)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_equal_if_the_same_has_happened() {
        let [a, b] = [EnvelopeId([1; 16]), EnvelopeId([2; 16])];
        let start = Position::start(7);
        assert_eq!(start.then(a).then(b), start.then(a).then(b));
        let others = [
            Position::start(8).then(a).then(b),
            start.then(b).then(b),
            start.then(b).then(a),
            start.then_receipt(a).then(b),
            start.then(a),
        ];
        assert!(others.iter().all(|other| *other != start.then(a).then(b)), "{others:?}");
        assert_eq!(start.then_bytes(b"a"), start.then_bytes(b"a"));
        assert_ne!(start.then_bytes(b"a"), start.then_bytes(b"b"));
    }
}
