//! Draws for what is said, and when: sizes and times by the samplers of `scenario`, choices by weight.

use kernel::Rng;
use scenario::{Bytes, Distribution, Duration};
use std::time::Duration as Span;

/// A size that is lognormal, in bytes, of `1..=most`.
pub(super) fn bytes(rng: &mut Rng, median: u64, p99: u64, most: u32) -> u32 {
    let size = Distribution::Lognormal { median: Bytes::new(median), p99: Bytes::new(p99) };
    limited(size.sample(&mut || u64::from_be_bytes(rng.bytes())), most)
}

/// A size of `from..=to` bytes, evenly.
pub(super) fn between(rng: &mut Rng, from: u32, to: u32) -> u32 {
    from + rng.below(to.saturating_sub(from) + 1)
}

/// A time that is lognormal, in seconds.
pub(super) fn span(rng: &mut Rng, median_s: u64, p99_s: u64) -> Span {
    let time =
        Distribution::Lognormal { median: Duration::from_secs(median_s), p99: Duration::from_secs(p99_s) };
    time.sample(&mut || u64::from_be_bytes(rng.bytes()))
}

/// True so many times in a hundred.
pub(super) fn percent(rng: &mut Rng, percent: u32) -> bool {
    rng.below(100) < percent
}

/// One of `items`, each as often as its weight says.
pub(super) fn weighted<'a, T>(rng: &mut Rng, items: &'a [(T, u32)]) -> Option<&'a T> {
    let total = items.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.below(total);
    let hit = |(item, weight): &'a (T, u32)| match at.checked_sub(*weight) {
        None => Some(item),
        Some(rest) => {
            at = rest;
            None
        }
    };
    items.iter().find_map(hit)
}

/// The bytes of a text, of `1..=most`.
pub(super) fn limited(bytes: u64, most: u32) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, most)
}
