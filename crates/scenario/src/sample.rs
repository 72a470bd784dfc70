//! Drawing from what a scenario says. The same numbers give the same draws on every machine: `libm` is compiled in, and
//! not the platform's.
//!
//! Not `rand_distr`: it draws as many numbers as it needs (ziggurat) where each of these takes one, its values may change
//! with its minor versions, and any crate that turns on `num-traits/std`, as `statrs` does, gives it the platform's
//! functions. Trace hashes hang on every draw.

use crate::day::Day;
use crate::distribution::{Distribution, DrawnTurns, Turns};
use crate::normal::quantile;
use crate::quantity::{Bandwidth, Bytes, Duration, Probability};
use std::marker::PhantomData;

/// A uniform number in (0, 1], from 53 of 64 random bits.
fn unit(random: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = ((random >> 11) + 1) as f64;
    bits / 9_007_199_254_740_992.0
}

/// A number of the standard normal distribution: its quantile at a uniform number between 0 and 1, from 52 of 64 random
/// bits.
fn normal(random: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = (random >> 12 << 1 | 1) as f64;
    quantile(bits / 9_007_199_254_740_992.0 - 0.5)
}

/// A time of an exponential distribution: how long it is from one event of a Poisson process to the next. Never, if
/// there are none in a second.
#[must_use]
pub fn exponential(per_second: f64, random: u64) -> std::time::Duration {
    let seconds = -libm::log(unit(random)) / per_second;
    std::time::Duration::try_from_secs_f64(seconds).unwrap_or(NEVER)
}

/// Longer than any run: 1,000 years.
const NEVER: std::time::Duration = std::time::Duration::from_secs(31_557_600_000);

/// A distribution to draw from very often: what does not depend on the draw is worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler<T> {
    shape: Shape,
    of: PhantomData<T>,
}

/// A distribution in nanoseconds, or bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Constant(u64),
    /// From `min`, and up to `more` more.
    Uniform {
        min: u64,
        more: u64,
    },
    Exponential {
        mean: f64,
    },
    /// The least is three standard deviations down, a distance in kilometres being what it is.
    Lognormal {
        median: f64,
        sigma: f64,
        least: u64,
    },
}

impl Distribution<Duration> {
    /// Ready to be drawn from.
    #[must_use]
    pub fn sampler(&self) -> Sampler<Duration> {
        Sampler { shape: self.shape(Duration::as_nanos), of: PhantomData }
    }

    /// A length of time; `draw` gives 64 random bits.
    pub fn sample(&self, draw: &mut impl FnMut() -> u64) -> std::time::Duration {
        self.sampler().sample(draw)
    }
}

impl Distribution<Bytes> {
    /// Ready to be drawn from.
    #[must_use]
    pub fn sampler(&self) -> Sampler<Bytes> {
        Sampler { shape: self.shape(Bytes::get), of: PhantomData }
    }

    /// A size in bytes; `draw` gives 64 random bits.
    pub fn sample(&self, draw: &mut impl FnMut() -> u64) -> u64 {
        self.sampler().sample(draw)
    }
}

impl Sampler<Duration> {
    /// A length of time; `draw` gives 64 random bits.
    pub fn sample(&self, draw: &mut impl FnMut() -> u64) -> std::time::Duration {
        std::time::Duration::from_nanos(self.shape.sample(draw))
    }

    /// No sample is shorter.
    #[must_use]
    pub const fn shortest(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(match self.shape {
            Shape::Constant(value) => value,
            Shape::Uniform { min, .. } => min,
            Shape::Exponential { .. } => 0,
            Shape::Lognormal { least, .. } => least,
        })
    }
}

impl Sampler<Bytes> {
    /// A size in bytes; `draw` gives 64 random bits.
    pub fn sample(&self, draw: &mut impl FnMut() -> u64) -> u64 {
        self.shape.sample(draw)
    }
}

impl<T: Copy> Distribution<T> {
    fn shape(&self, of: impl Fn(T) -> u64) -> Shape {
        match self {
            Self::Constant(value) => Shape::Constant(of(*value)),
            Self::Uniform { min, max } => {
                Shape::Uniform { min: of(*min), more: of(*max).saturating_sub(of(*min)) }
            }
            Self::Exponential { mean } => Shape::Exponential { mean: as_f64(of(*mean)) },
            Self::Lognormal { median, p99 } => {
                let (median, p99) = (of(*median), of(*p99));
                let (sigma, least) = (sigma(median, p99), least(median, p99));
                Shape::Lognormal { median: as_f64(median), sigma, least }
            }
        }
    }
}

impl Shape {
    fn sample(&self, draw: &mut impl FnMut() -> u64) -> u64 {
        match *self {
            Self::Constant(value) => value,
            Self::Uniform { min, more } => {
                let span = u128::from(more) + 1;
                min + u64::try_from((u128::from(draw()) * span) >> 64).unwrap_or(0)
            }
            Self::Exponential { mean } => round(-libm::log(unit(draw())) * mean),
            Self::Lognormal { median, sigma, least } => {
                round(median * libm::exp(normal(draw()) * sigma)).max(least)
            }
        }
    }
}

impl Turns {
    /// A number of messages, at least 1; `draw` gives 64 random bits.
    pub fn sample(&self, draw: &mut impl FnMut() -> u64) -> u32 {
        match self {
            Self::Constant(turns) => (*turns).max(1),
            Self::Drawn(DrawnTurns::Uniform { min, max }) => {
                let span = u64::from(max.saturating_sub(*min)) + 1;
                let above = (u128::from(draw()) * u128::from(span)) >> 64;
                min.saturating_add(u32::try_from(above).unwrap_or(0)).max(1)
            }
            Self::Drawn(DrawnTurns::Geometric { mean }) => {
                if *mean <= 1.0 {
                    return 1;
                }
                let more = libm::floor(libm::log(unit(draw())) / libm::log(1.0 - 1.0 / mean));
                u32::try_from(round(more)).unwrap_or(u32::MAX).saturating_add(1)
            }
        }
    }
}

impl Probability {
    /// Whether it happens, with 64 random bits.
    #[must_use]
    pub fn happens(self, random: u64) -> bool {
        unit(random) <= self.get()
    }

    /// Whether it never happens.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.get() <= 0.0
    }

    /// This share of so many, rounded.
    #[must_use]
    pub fn of(self, all: u32) -> u32 {
        u32::try_from(round(f64::from(all) * self.get())).unwrap_or(all).min(all)
    }

    /// `value` cut off at 0 and 1.
    #[must_use]
    pub const fn clamped(value: f64) -> Self {
        match Self::new(value) {
            Some(probability) => probability,
            None if value > 1.0 => Self::ONE,
            None => Self::ZERO,
        }
    }
}

impl Bandwidth {
    /// How many microseconds so many bytes take.
    #[must_use]
    pub const fn micros_for(self, bytes: u64) -> u64 {
        bytes.saturating_mul(8_000_000) / self.bits_per_s()
    }
}

impl Day {
    /// The highest weight of an hour.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.weights().into_iter().fold(1.0, f64::max)
    }
}

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

/// Of a lognormal distribution, the standard deviation of the logarithm.
fn sigma(median: u64, p99: u64) -> f64 {
    if median == 0 || p99 <= median { 0.0 } else { libm::log(as_f64(p99) / as_f64(median)) / Z99 }
}

/// Three standard deviations below the median.
fn least(median: u64, p99: u64) -> u64 {
    round(as_f64(median) * libm::exp(-3.0 * sigma(median, p99)))
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of 104 days, or 8 PiB, are exact")]
fn as_f64(value: u64) -> f64 {
    value as f64
}

/// The nearest integer; of two, the greater one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
#[expect(clippy::cast_precision_loss, reason = "it is what the cast has left of a float")]
fn round(value: f64) -> u64 {
    let whole = value as u64;
    whole.saturating_add(u64::from(value - whole as f64 >= 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_is_the_nearest_integer() {
        let values = [
            (0.0, 0),
            (0.499_999_999_999_999_94, 0),
            (0.5, 1),
            (2.5, 3),
            (1e15 + 0.375, 1_000_000_000_000_000),
            (-3.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, u64::MAX),
        ];
        for (value, expected) in values {
            assert_eq!(round(value), expected, "{value}");
        }
    }

    fn draws() -> impl FnMut() -> u64 {
        let mut state = 7_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mixed = (state ^ state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed ^ mixed >> 32
        }
    }

    #[test]
    fn samples_have_the_mean_that_is_computed() {
        let mut draw = draws();
        let second = Duration::from_secs(1);
        for distribution in [
            Distribution::Constant(second),
            Distribution::Uniform { min: second, max: Duration::from_secs(5) },
            Distribution::Exponential { mean: second },
            Distribution::Lognormal { median: second, p99: Duration::from_secs(4) },
        ] {
            let sum: f64 = (0..40_000).map(|_| distribution.sample(&mut draw).as_secs_f64()).sum();
            let mean = sum / 40_000.0;
            assert!((mean / distribution.mean() - 1.0).abs() < 0.02, "{distribution:?}: {mean}");
        }
        let turns = Turns::Drawn(DrawnTurns::Geometric { mean: 4.0 });
        let mean = (0..40_000).map(|_| f64::from(turns.sample(&mut draw))).sum::<f64>() / 40_000.0;
        assert!((mean - 4.0).abs() < 0.1, "{mean}");
    }

    #[test]
    fn nothing_is_shorter_than_the_shortest() {
        let mut draw = draws();
        let latency =
            Distribution::Lognormal { median: Duration::from_millis(40), p99: Duration::from_millis(400) };
        let shortest = latency.sampler().shortest();
        assert!(shortest > std::time::Duration::from_millis(1));
        assert!((0..40_000).all(|_| latency.sample(&mut draw) >= shortest));
    }

    #[test]
    fn a_half_happens_half_the_time() {
        let mut draw = draws();
        let half = Probability::clamped(0.5);
        let happened = (0..10_000).filter(|_| half.happens(draw())).count();
        assert!((4_800..5_200).contains(&happened), "{happened}");
        assert!(!Probability::ZERO.happens(0), "never");
        assert!(Probability::ONE.happens(u64::MAX), "always");
        assert_eq!([half.of(3), half.of(10), Probability::ONE.of(7)], [2, 5, 7]);
    }
}
