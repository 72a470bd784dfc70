//! Draws from distributions.

use kernel::Rng;

/// Uniform in `0..1`.
pub(crate) fn unit(rng: &mut Rng) -> f64 {
    (u64::from_be_bytes(rng.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
}

/// True with probability `p`.
pub(crate) fn chance(rng: &mut Rng, p: f64) -> bool {
    unit(rng) < p
}
