//! Channels whose leakage is known: what the estimators find must be that.

use super::draws::{below, rng};
use super::{Column, Estimate, Kind, Samples, Settings};
use kernel::Rng;
use proptest::prelude::*;

const VALUE: Column = Column { name: "value", kind: Kind::Discrete };
const TIME: Column = Column { name: "time", kind: Kind::Continuous };

fn unit(rng: &mut Rng) -> f64 {
    f64::from(rng.below(u32::MAX)) / f64::from(u32::MAX)
}

/// Samples of a channel: `channel` draws a secret and what is seen of it.
fn samples(
    column: Column,
    count: usize,
    seed: u64,
    mut channel: impl FnMut(&mut Rng) -> (usize, f64),
) -> Samples {
    let mut rng = rng(seed, "channel");
    let mut samples = Samples::new(vec![column]);
    for _ in 0..count {
        let (secret, seen) = channel(&mut rng);
        samples.push(&secret.to_string(), vec![seen]).unwrap();
    }
    samples
}

fn estimate(samples: &Samples) -> Estimate {
    Estimate::of(samples, &Settings { permutations: 199, resamples: 200, ..Settings::default() })
}

fn near(found: f64, known: f64, within: f64) {
    assert!((found - known).abs() <= within, "{found} is not {known} within {within}");
}

/// The entropy of a coin.
fn h(p: f64) -> f64 {
    -p * p.log2() - (1.0 - p) * (1.0 - p).log2()
}

fn float(number: usize) -> f64 {
    number as f64
}

#[test]
fn a_noiseless_channel_tells_all() {
    let found = estimate(&samples(VALUE, 800, 1, |rng| {
        let secret = below(rng, 8);
        (secret, float(secret * 10))
    }));
    near(found.information.bits, found.secret_bits, 1e-9);
    near(found.secret_bits, 3.0, 0.02);
    near(found.risk.frequency + found.risk.nearest, 0.0, 1e-12);
    near(found.min_entropy.held_out_bits, -(1.0 - found.risk.prior).log2(), 1e-9);
    near(found.min_entropy.uniform_prior_bits, 3.0, 1e-9);
    assert!(found.significant && found.information.p_value <= 0.005);
}

#[test]
fn an_independent_channel_tells_nothing() {
    let found = estimate(&samples(VALUE, 1000, 2, |rng| (below(rng, 4), float(below(rng, 6)))));
    near(found.information.bits, 0.0, 0.01);
    near(found.information.low_bits, 0.0, 1e-9);
    assert!(found.information.p_value > 0.05 && !found.significant, "{found:?}");
    near(found.risk.frequency, 0.75, 0.06);
    near(found.min_entropy.held_out_bits, 0.0, 0.1);
}

/// At a significance of 5 %, about one independent channel in twenty is taken for a leak, and no more.
#[test]
fn the_test_is_wrong_as_often_as_it_says() {
    let settings = Settings { permutations: 99, resamples: 1, significance: 0.05, ..Settings::default() };
    let wrong = (0..100)
        .filter(|seed| {
            let independent = samples(VALUE, 60, *seed, |rng| (below(rng, 3), float(below(rng, 3))));
            Estimate::of(&independent, &settings).significant
        })
        .count();
    assert!(wrong <= 11, "{wrong} of 100");
}

#[test]
fn a_binary_symmetric_channel() {
    for (noise, seed) in [(0.1, 3), (0.3, 4)] {
        let found = estimate(&samples(VALUE, 3000, seed, |rng| {
            let secret = below(rng, 2);
            (secret, float(secret ^ usize::from(unit(rng) < noise)))
        }));
        let known = 1.0 - h(noise);
        near(found.information.bits, known, 0.05);
        assert!((found.information.low_bits..=found.information.high_bits).contains(&known), "{found:?}");
        near(found.risk.frequency, noise, 0.03);
        near(found.risk.nearest, noise, 0.03);
        near(found.min_entropy.held_out_bits, ((1.0 - noise) / 0.5).log2(), 0.06);
        assert!(found.significant);
    }
}

/// Zero is always seen as zero; one half the time.
#[test]
fn a_z_channel_with_a_skewed_prior() {
    let ones = 0.4;
    let found = estimate(&samples(VALUE, 3000, 5, |rng| {
        let secret = usize::from(unit(rng) < ones);
        (secret, float(secret * below(rng, 2)))
    }));
    near(found.information.bits, h(ones / 2.0) - ones, 0.03);
    near(found.risk.prior, ones, 0.03);
    near(found.risk.frequency, ones / 2.0, 0.03);
    near(found.min_entropy.plug_in_bits, (0.8_f64 / 0.6).log2(), 0.05);
    near(found.min_entropy.uniform_prior_bits, 1.5_f64.log2(), 0.05);
}

/// Uniform noise: secrets 0, 1 and 2 are seen evenly within one of themselves. From 0 to 2 it can be one of two, from -1 to 0
/// and from 2 to 3 only one.
#[test]
fn uniform_noise_for_neighbours() {
    let found = estimate(&samples(TIME, 2000, 6, |rng| {
        let secret = below(rng, 3);
        (secret, float(secret) + 2.0 * unit(rng) - 1.0)
    }));
    // Two in three samples are where it can be one of two, and half of the guesses there are wrong.
    near(found.risk.nearest, 1.0 / 3.0, 0.04);
    near(found.risk.frequency, 1.0 / 3.0, 0.05);
    // H(S) - 2/3 of a bit; intervals lose a little of it.
    let known = 3.0_f64.log2() - 2.0 / 3.0;
    assert!((known - 0.1..known + 0.05).contains(&found.information.bits), "{found:?}");
}

/// Geometric noise, both ways: the secret's own value is the most likely one to be seen, with (1 - a)/(1 + a).
#[test]
fn geometric_noise_for_both_guessers() {
    let a: f64 = 0.5;
    let found = estimate(&samples(VALUE, 3000, 7, |rng| {
        let secret = below(rng, 2);
        let mut tail = || (unit(rng).max(1e-9).ln() / a.ln()).floor();
        let noise = tail() - tail();
        (secret, float(secret * 2) + noise)
    }));
    // Of two secrets 2 apart the nearer is guessed, and at 1 either. P(noise = n) = (1 - a)/(1 + a) a^|n|.
    let of = |n: i32| (1.0 - a) / (1.0 + a) * a.powi(n);
    let wrong = of(1) / 2.0 + of(2) / (1.0 - a);
    near(found.risk.frequency, wrong, 0.035);
    near(found.risk.nearest, wrong, 0.035);
}

/// Many symbols and few samples: counting finds more than two bits in nothing, and the test knows.
#[test]
fn counting_few_samples_finds_what_is_not_there() {
    let found = estimate(&samples(VALUE, 100, 8, |rng| (below(rng, 16), float(below(rng, 64)))));
    assert!(found.information.plug_in_bits > 2.0, "{found:?}");
    near(found.information.chance_bits, found.information.plug_in_bits, 0.2);
    assert!(!found.significant && found.information.p_value > 0.05);
    assert!(found.min_entropy.plug_in_bits > 1.5 && found.min_entropy.held_out_bits < 0.6, "{found:?}");
}

/// The interval has the truth in it about as often as it says.
#[test]
fn intervals_cover() {
    let known = 1.0 - h(0.2);
    let settings = Settings { permutations: 1, resamples: 100, ..Settings::default() };
    let covered = (0..60)
        .filter(|seed| {
            let channel = samples(VALUE, 300, 100 + seed, |rng| {
                let secret = below(rng, 2);
                (secret, float(secret ^ usize::from(unit(rng) < 0.2)))
            });
            let found = Estimate::of(&channel, &Settings { seed: *seed, ..settings }).information;
            (found.low_bits..=found.high_bits).contains(&known)
        })
        .count();
    assert!(covered >= 52, "{covered} of 60");
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let channel = samples(TIME, 200, 9, |rng| (below(rng, 2), unit(rng)));
    assert_eq!(estimate(&channel), estimate(&channel));
    let other = Estimate::of(&channel, &Settings { seed: 2, ..Settings::default() });
    assert_ne!(estimate(&channel).information.chance_bits, other.information.chance_bits);
}

#[test]
fn nothing_and_one_sample_are_no_leak() {
    for count in [0, 1] {
        let found = estimate(&samples(VALUE, count, 1, |_| (0, 0.0)));
        assert!(!found.significant && found.information.bits == 0.0 && found.secret_bits == 0.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn estimates_keep_their_bounds(rows in prop::collection::vec((0_usize..4, 0.0..9.0_f64), 1..60)) {
        for column in [VALUE, TIME] {
            let mut samples = Samples::new(vec![column]);
            for (secret, seen) in &rows {
                samples.push(&secret.to_string(), vec![*seen]).unwrap();
            }
            let settings = Settings { permutations: 9, resamples: 9, ..Settings::default() };
            let Estimate { information, min_entropy, risk, secret_bits, .. } = Estimate::of(&samples, &settings);
            prop_assert!(0.0 <= information.low_bits && information.low_bits <= information.bits);
            prop_assert!(information.bits <= information.high_bits);
            prop_assert!(information.high_bits <= secret_bits + 1e-9);
            prop_assert!((0.1 - 1e-9..=1.0).contains(&information.p_value));
            prop_assert!(0.0 <= min_entropy.held_out_bits && 0.0 <= min_entropy.plug_in_bits + 1e-9);
            for risk in [risk.prior, risk.frequency, risk.nearest] {
                prop_assert!((0.0..=1.0).contains(&risk));
            }
        }
    }
}
