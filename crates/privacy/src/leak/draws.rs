//! Random choices that follow from a seed.

use kernel::{Rng, Seed};

/// The random numbers for one use of a seed.
pub(super) fn rng(seed: u64, purpose: &str) -> Rng {
    Rng::for_entity(&Seed::from_number(seed), &format!("leak/{purpose}"))
}

/// A number in `0..bound`.
pub(super) fn below(rng: &mut Rng, bound: usize) -> usize {
    let drawn = rng.below(u32::try_from(bound).unwrap_or(u32::MAX));
    usize::try_from(drawn).unwrap_or(0)
}

/// Every order is as likely (Fisher and Yates). Not `rand`'s `shuffle`: which numbers that draws may change with its
/// versions, and published estimates are to come out again.
pub(super) fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}

/// Deals samples into folds, so that each secret is about as frequent in all of them.
pub(super) fn folds(truth: &[usize], folds: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    shuffle(rng, &mut order);
    order.sort_by_key(|sample| truth.get(*sample));
    let mut dealt = vec![0; truth.len()];
    for (place, sample) in order.into_iter().enumerate() {
        if let Some(fold) = dealt.get_mut(sample) {
            *fold = place % folds.max(1);
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_have_their_share_of_each_secret() {
        let truth: Vec<usize> = (0..90).map(|sample| usize::from(sample % 3 == 0)).collect();
        let dealt = folds(&truth, 5, &mut rng(1, "test"));
        for fold in 0..5 {
            let of = |secret| (0..90).filter(|s| dealt[*s] == fold && truth[*s] == secret).count();
            assert_eq!((of(0), of(1)), (12, 6));
        }
        assert_ne!(dealt, folds(&truth, 5, &mut rng(2, "test")));
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<usize> = (0..50).collect();
        shuffle(&mut rng(3, "test"), &mut items);
        assert!(!items.is_sorted());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
