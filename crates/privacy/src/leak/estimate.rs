//! All that is estimated of one set of samples.

use super::draws::{folds, rng};
use super::joint::Joint;
use super::resampling::{bootstrap, permute};
use super::{Samples, frequency, nearest};
use serde::Serialize;

/// How an estimate is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Where folds, permutations and resamples come from.
    pub seed: u64,
    /// Permutations of the test; the least p-value is one over one more.
    pub permutations: u32,
    /// Resamples of the bootstrap.
    pub resamples: u32,
    /// Parts of the samples, each guessed by who was trained with the others.
    pub folds: usize,
    /// How likely the interval has the truth in it.
    pub confidence: f64,
    /// The p-value from which on a leak is significant, going down.
    pub significance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, permutations: 999, resamples: 500, folds: 5, confidence: 0.95, significance: 0.01 }
    }
}

/// What observations tell of a secret, by samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Pairs of secret and observation.
    pub samples: usize,
    /// Different secrets.
    pub secrets: usize,
    /// Different observations, continuous ones in intervals.
    pub symbols: usize,
    /// The entropy of the secret, in bits: what there is to learn.
    pub secret_bits: f64,
    /// Mutual information of secret and observation.
    pub information: Information,
    /// Min-entropy leakage.
    pub min_entropy: MinEntropy,
    /// How often a guess at the secret is wrong.
    pub risk: Risk,
    /// Whether as much information is so unlikely by chance that there is a leak.
    pub significant: bool,
}

/// Mutual information, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Information {
    /// With the bias of counting taken off by the correction of Miller and Madow.
    pub bits: f64,
    /// The lower end of the bootstrap's interval.
    pub low_bits: f64,
    /// The upper end.
    pub high_bits: f64,
    /// As counted.
    pub plug_in_bits: f64,
    /// As counted on average where secrets are dealt over the observations at random: what counting finds in nothing.
    pub chance_bits: f64,
    /// How likely at least as much is counted where there is nothing.
    pub p_value: f64,
}

/// By how many bits one guess at the secret gets better: log2 of its chance with the observation over that without.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MinEntropy {
    /// As the better of the two guessers does on samples that it was not trained with; nobody does worse than without.
    pub held_out_bits: f64,
    /// As if the counts were the probabilities: too high where samples are few.
    pub plug_in_bits: f64,
    /// Likewise, for secrets that are all as likely: of all priors the one with the highest leakage.
    pub uniform_prior_bits: f64,
}

/// How often a guess at the secret is wrong, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Risk {
    /// Of one that only knows how frequent secrets are.
    pub prior: f64,
    /// Of the frequency estimator, held out.
    pub frequency: f64,
    /// Of nearest neighbours, held out.
    pub nearest: f64,
}

impl Estimate {
    /// Estimates. The same samples and settings give the same numbers on every machine.
    pub fn of(samples: &Samples, settings: &Settings) -> Self {
        let (truth, symbols) = (samples.truth(), samples.symbols());
        let joint = Joint::of(&truth, &symbols);
        let permuted = permute(&truth, &symbols, settings.permutations, settings.seed);
        let (low_bits, high_bits) =
            bootstrap(&truth, &symbols, settings.resamples, settings.confidence, settings.seed);
        let information = Information {
            bits: joint.information(),
            low_bits,
            high_bits,
            plug_in_bits: joint.plug_in_information(),
            chance_bits: permuted.mean_bits,
            p_value: permuted.p_value,
        };
        let dealt = folds(&truth, settings.folds.max(2), &mut rng(settings.seed, "folds"));
        let prior = joint.prior_vulnerability();
        let by_frequency = frequency::vulnerability(&truth, &symbols, &dealt);
        let by_neighbours = nearest::vulnerability(&truth, samples.seen(), &dealt);
        let gained = |vulnerability: f64| {
            if prior > 0.0 { libm::log2(vulnerability.max(prior) / prior) } else { 0.0 }
        };
        Self {
            samples: samples.len(),
            secrets: samples.secrets().len(),
            symbols: symbols.iter().max().map_or(0, |most| most + 1),
            secret_bits: joint.secret_entropy(),
            information,
            min_entropy: MinEntropy {
                held_out_bits: gained(by_frequency.max(by_neighbours)),
                plug_in_bits: gained(joint.posterior_vulnerability()),
                uniform_prior_bits: libm::log2(joint.gain_for_uniform_prior().max(1.0)),
            },
            risk: Risk { prior: 1.0 - prior, frequency: 1.0 - by_frequency, nearest: 1.0 - by_neighbours },
            significant: permuted.p_value <= settings.significance,
        }
    }
}
