//! Draws from distributions. `libm`, because the platform's own functions differ in the last bit.
//!
//! Not `rand_distr`: its values may change with its minor versions, and with `num-traits/std`, which `statrs` turns on, its
//! functions are the platform's; figures are to come out the same wherever they are measured.

use kernel::Rng;

/// Uniform in `0..1`.
pub(crate) fn unit(rng: &mut Rng) -> f64 {
    (u64::from_be_bytes(rng.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
}

/// True with probability `p`.
pub(crate) fn chance(rng: &mut Rng, p: f64) -> bool {
    unit(rng) < p
}

/// A standard normal number (Box and Muller).
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = (unit(rng), unit(rng));
    libm::sqrt(-2.0 * libm::log(1.0 - radius)) * libm::cos(2.0 * std::f64::consts::PI * angle)
}

/// A number whose logarithm is normal, by its median and the deviation of its logarithm.
pub(crate) fn log_normal(rng: &mut Rng, median: f64, sigma: f64) -> f64 {
    median * libm::exp(sigma * normal(rng))
}

/// The time to the next of events that happen `rate` times in a unit of time.
pub(crate) fn exponential(rng: &mut Rng, rate: f64) -> f64 {
    -libm::log(1.0 - unit(rng)) / rate
}

/// A place in a list, with these weights summed up.
pub(crate) fn weighted(rng: &mut Rng, summed: &[f64]) -> usize {
    let total = summed.last().copied().unwrap_or(0.0);
    let at = unit(rng) * total;
    summed.partition_point(|sum| *sum <= at).min(summed.len().saturating_sub(1))
}

/// Weights summed up.
pub(crate) fn summed(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// A whole number from a positive one, rounded.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
pub(crate) fn rounded(value: f64) -> usize {
    value.round().clamp(0.0, f64::from(u32::MAX)) as usize
}
