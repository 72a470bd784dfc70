//! What there should be among the rows: written with every commit, so that what is missing shows at the next opening.

use crate::StoreId;
use crate::seal::RowId;

const LEN: usize = 16 + 4 * 8;

/// A store, its commits so far, and the rows that are alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) store: StoreId,
    pub(crate) commits: u64,
    /// The last key that had been made.
    pub(crate) last_key: u64,
    rows: u64,
    /// Of what their numbers are mixed to: the same for the same rows only, but for chance.
    sum: u64,
}

impl Tally {
    pub(crate) fn new(store: StoreId) -> Self {
        Self { store, commits: 0, last_key: 0, rows: 0, sum: 0 }
    }

    pub(crate) fn add(&mut self, row: RowId) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(mixed(row));
    }

    pub(crate) fn remove(&mut self, row: RowId) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(mixed(row));
    }

    /// True if both count the same rows.
    pub(crate) fn counts_as(&self, other: &Self) -> bool {
        (self.rows, self.sum) == (other.rows, other.sum)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let numbers =
            [self.commits, self.last_key, self.rows, self.sum].into_iter().flat_map(u64::to_le_bytes);
        self.store.0.into_iter().chain(numbers).collect()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LEN] = bytes.try_into().ok()?;
        let (store, numbers) = bytes.split_first_chunk()?;
        let mut numbers = numbers.chunks(8).map(|number| number.try_into().map(u64::from_le_bytes));
        let mut next = || numbers.next()?.ok();
        Some(Self {
            store: StoreId(*store),
            commits: next()?,
            last_key: next()?,
            rows: next()?,
            sum: next()?,
        })
    }
}

/// The finalizer of splitmix64: sums of these are alike by chance only.
fn mixed(RowId(row): RowId) -> u64 {
    let x = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_and_nothing_else_is_one() {
        let mut tally = Tally::new(StoreId([7; 16]));
        (1..=5).for_each(|row| tally.add(RowId(row)));
        (tally.commits, tally.last_key) = (9, 3);
        assert_eq!(Tally::from_bytes(&tally.to_bytes()), Some(tally.clone()));
        assert_eq!(Tally::from_bytes(&tally.to_bytes()[1..]), None);
    }

    #[test]
    fn one_row_for_another_is_not_the_same() {
        let of = |rows: &[u64]| {
            let mut tally = Tally::new(StoreId([0; 16]));
            rows.iter().for_each(|row| tally.add(RowId(*row)));
            tally
        };
        assert!(of(&[1, 2, 3]).counts_as(&of(&[3, 1, 2])));
        assert!(!of(&[1, 2, 3]).counts_as(&of(&[1, 2])));
        assert!(!of(&[1, 4]).counts_as(&of(&[2, 3])), "though they add up to the same");
        let mut removed = of(&[1, 2, 3]);
        removed.remove(RowId(2));
        assert!(removed.counts_as(&of(&[1, 3])));
    }
}
