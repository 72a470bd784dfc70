//! Is it chance? Samples shuffled, and samples drawn again.

use super::draws::{below, rng, shuffle};
use super::joint::Joint;

/// What is left of the information when secrets are dealt over the observations at random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Permuted {
    /// How likely as much is found where there is nothing.
    pub(super) p_value: f64,
    /// How much is found there, in bits, on average: the bias of counting.
    pub(super) mean_bits: f64,
}

/// The permutation test of independence, by the plug-in information. The p-value counts the samples as they are among the
/// permutations, so it is never 0.
pub(super) fn permute(truth: &[usize], symbols: &[usize], permutations: u32, seed: u64) -> Permuted {
    let found = Joint::of(truth, symbols).plug_in_information();
    let mut rng = rng(seed, "permutations");
    let mut truth = truth.to_vec();
    let (mut as_much, mut sum) = (1_u32, 0.0);
    for _ in 0..permutations {
        shuffle(&mut rng, &mut truth);
        let bits = Joint::of(&truth, symbols).plug_in_information();
        // The same table counts as as much, whatever order it was added up in.
        as_much += u32::from(bits >= found - 1e-12);
        sum += bits;
    }
    Permuted {
        p_value: f64::from(as_much) / (f64::from(permutations) + 1.0),
        mean_bits: sum / f64::from(permutations.max(1)),
    }
}

/// The percentile bootstrap of the corrected information: its ends, in bits.
///
/// To draw with replacement from samples adds to the bias what sampling did before. So the percentiles are moved by as much
/// as the resamples are above the estimate on average.
pub(super) fn bootstrap(
    truth: &[usize],
    symbols: &[usize],
    resamples: u32,
    confidence: f64,
    seed: u64,
) -> (f64, f64) {
    let joint = Joint::of(truth, symbols);
    let (estimate, most) = (joint.information(), joint.secret_entropy());
    let mut rng = rng(seed, "bootstrap");
    let pairs: Vec<(usize, usize)> = truth.iter().copied().zip(symbols.iter().copied()).collect();
    let mut drawn: Vec<f64> = (0..resamples)
        .map(|_| {
            let pick = (0..pairs.len()).filter_map(|_| pairs.get(below(&mut rng, pairs.len())).copied());
            let (truth, symbols): (Vec<usize>, Vec<usize>) = pick.unzip();
            Joint::of(&truth, &symbols).information()
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let excess = drawn.iter().sum::<f64>() / f64::from(resamples.max(1)) - estimate;
    let tail = (1.0 - confidence) / 2.0;
    let end = |share: f64| (percentile(&drawn, share).unwrap_or(estimate) - excess).clamp(0.0, most);
    (end(tail).min(estimate), end(1.0 - tail).max(estimate))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = (share * (sorted.len().saturating_sub(1)) as f64).round() as usize;
    sorted.get(place).copied()
}
