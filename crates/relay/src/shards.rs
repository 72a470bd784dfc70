//! Which shard of the relay an endpoint or a number lives at: by its hash, so that every shard knows without asking.

use std::num::NonZeroU32;
use wire::{BlobId, LinkKey, Number};

/// One shard of the relay, by its number, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u32);

/// Which shard a machine is, of how many. It has rows of its own accounts and no others, so the number of shards can't be
/// changed by starting them with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    this: Shard,
    count: NonZeroU32,
}

impl Shards {
    /// The whole relay in one shard.
    pub const ONE: Self = Self { this: Shard(0), count: NonZeroU32::MIN };

    /// The shard `this` of `count`; `None` if there is no such one.
    pub const fn new(this: Shard, count: NonZeroU32) -> Option<Self> {
        if this.0 < count.get() { Some(Self { this, count }) } else { None }
    }

    /// The one that this machine is.
    pub const fn this(self) -> Shard {
        self.this
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.count.get()
    }

    /// Where an endpoint lives: its connection, inbox, submissions, and the meters of the businesses that it speaks for.
    pub fn of_endpoint(self, key: LinkKey) -> Shard {
        let (words, _) = key.0.as_chunks::<8>();
        self.place(words.iter().fold(0, |hash, word| mix(hash ^ u64::from_be_bytes(*word))))
    }

    /// Where a number lives: who speaks for it, and its prekeys.
    pub fn of_number(self, number: Number) -> Shard {
        self.place(mix(number.as_integer()))
    }

    /// Where a blob lives. Its name is drawn, and the beginning of it as good a hash as any.
    pub fn of_blob(self, BlobId(name): BlobId) -> Shard {
        let [a, b, c, d, e, f, g, h, ..] = name;
        self.place(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The shard of a number, if it is another one.
    pub(crate) fn elsewhere(self, number: Number) -> Option<Shard> {
        // A relay of one shard doesn't pay for hashes.
        let shard = if self.count.get() == 1 { self.this } else { self.of_number(number) };
        (shard != self.this).then_some(shard)
    }

    /// True of another shard that there is.
    pub(crate) fn has_other(self, shard: Shard) -> bool {
        shard != self.this && shard.0 < self.count.get()
    }

    fn place(self, hash: u64) -> Shard {
        // Less than `count`, which fits.
        Shard(u32::try_from(hash % u64::from(self.count.get())).unwrap_or(0))
    }
}

/// The finalizer of SplitMix64: every bit of the result depends on every bit of the value. Nobody gains by a value that
/// is made for a certain shard but a shard with more to do.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u32) -> Shards {
        Shards::new(Shard(0), NonZeroU32::new(count).unwrap()).unwrap()
    }

    fn number(last: u64) -> Number {
        Number::from_integer(4_915_112_345_000 + last).unwrap()
    }

    #[test]
    fn a_shard_is_one_of_those_that_there_are() {
        let seven = NonZeroU32::new(7).unwrap();
        assert!(Shards::new(Shard(6), seven).is_some() && Shards::new(Shard(7), seven).is_none());
        assert!(of(7).has_other(Shard(6)) && !of(7).has_other(Shard(7)) && !of(7).has_other(Shard(0)));
    }

    #[test]
    fn neighbours_are_spread_and_stay_where_they_are() {
        let mut counts = [[0_u32; 7]; 2];
        for last in 0..700 {
            let mut key = [0; 32];
            key[31 - usize::try_from(last % 32).unwrap()] = u8::try_from(1 + last / 32).unwrap();
            for (kind, shard) in
                [of(7).of_number(number(last)), of(7).of_endpoint(LinkKey(key))].into_iter().enumerate()
            {
                counts[kind][usize::try_from(shard.0).unwrap()] += 1;
            }
            assert_eq!(of(1).elsewhere(number(last)), None);
        }
        assert!(counts.as_flattened().iter().all(|count| (70..=130).contains(count)), "{counts:?}");
        // Rows are where they are: another hash would not find them.
        assert_eq!((of(7).of_number(number(0)), of(7).of_endpoint(LinkKey([1; 32]))), (Shard(0), Shard(2)));
    }
}
