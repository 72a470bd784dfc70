//! Distributions: how long, how many bytes, how many messages.

use crate::quantity::{Bytes, Duration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A distribution of durations or sizes. In a file the constant one is the quantity itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written<T>", into = "Written<T>")]
#[serde(bound(serialize = "T: Serialize + Copy", deserialize = "T: Deserialize<'de>"))]
pub enum Distribution<T> {
    /// Always the same.
    Constant(T),
    /// Evenly from `min` to `max`.
    Uniform {
        /// The least.
        min: T,
        /// The most.
        max: T,
    },
    /// Exponential: most are short, with no memory.
    Exponential {
        /// The mean.
        mean: T,
    },
    /// Lognormal: half are below the median, one in a hundred above `p99`.
    Lognormal {
        /// The median.
        median: T,
        /// The 99th percentile.
        p99: T,
    },
}

/// What stands in the file.
#[derive(Serialize, Deserialize, JsonSchema, Clone)]
#[serde(untagged)]
#[schemars(rename = "DistributionOf{T}")]
enum Written<T> {
    Constant(T),
    Drawn(Drawn<T>),
}

/// A quantity that differs from case to case.
#[derive(Serialize, Deserialize, JsonSchema, Clone)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "DrawnOf{T}")]
enum Drawn<T> {
    /// Evenly from `min` to `max`.
    Uniform {
        /// The least.
        min: T,
        /// The most.
        max: T,
    },
    /// Exponential: most are short, and how long it has lasted tells nothing of how long it will.
    Exponential {
        /// The mean.
        mean: T,
    },
    /// Lognormal: half are below `median`, one in a hundred above `p99`.
    Lognormal {
        /// The median.
        median: T,
        /// The 99th percentile.
        p99: T,
    },
}

impl<T: JsonSchema> JsonSchema for Distribution<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Written::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::<T>::json_schema(generator)
    }
}

impl<T> From<Written<T>> for Distribution<T> {
    fn from(written: Written<T>) -> Self {
        match written {
            Written::Constant(value) => Self::Constant(value),
            Written::Drawn(Drawn::Uniform { min, max }) => Self::Uniform { min, max },
            Written::Drawn(Drawn::Exponential { mean }) => Self::Exponential { mean },
            Written::Drawn(Drawn::Lognormal { median, p99 }) => Self::Lognormal { median, p99 },
        }
    }
}

impl<T> From<Distribution<T>> for Written<T> {
    fn from(distribution: Distribution<T>) -> Self {
        Self::Drawn(match distribution {
            Distribution::Constant(value) => return Self::Constant(value),
            Distribution::Uniform { min, max } => Drawn::Uniform { min, max },
            Distribution::Exponential { mean } => Drawn::Exponential { mean },
            Distribution::Lognormal { median, p99 } => Drawn::Lognormal { median, p99 },
        })
    }
}

/// What a distribution can be of.
pub trait Amount: Copy + PartialOrd {
    /// In its base unit: seconds, bytes.
    fn amount(self) -> f64;
}

impl Amount for Duration {
    fn amount(self) -> f64 {
        self.as_secs_f64()
    }
}

impl Amount for Bytes {
    fn amount(self) -> f64 {
        // Exact below 2^32, which no text and no delay in these files exceeds.
        u32::try_from(self.get()).map_or(f64::from(u32::MAX), f64::from)
    }
}

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

impl<T: Amount> Distribution<T> {
    /// The mean, in seconds or bytes.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => value.amount(),
            Self::Uniform { min, max } => f64::midpoint(min.amount(), max.amount()),
            Self::Exponential { mean } => mean.amount(),
            Self::Lognormal { median, .. } => {
                let sigma = self.sigma();
                median.amount() * (sigma * sigma / 2.0).exp()
            }
        }
    }

    /// Of a lognormal distribution, the standard deviation of the logarithm; of any other, zero.
    pub fn sigma(&self) -> f64 {
        match self {
            Self::Lognormal { median, p99 } if median.amount() > 0.0 => {
                (p99.amount() / median.amount()).ln() / Z99
            }
            _ => 0.0,
        }
    }
}

/// How many messages a conversation has. In a file a whole number is always that many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Turns {
    /// Always so many.
    Constant(#[schemars(range(min = 1, max = 1_000_000))] u32),
    /// Different from one conversation to the next.
    Drawn(DrawnTurns),
}

/// A number of messages that differs from conversation to conversation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DrawnTurns {
    /// Evenly from `min` to `max`.
    Uniform {
        /// The least.
        #[schemars(range(min = 1, max = 1_000_000))]
        min: u32,
        /// The most.
        #[schemars(range(min = 1, max = 1_000_000))]
        max: u32,
    },
    /// At least one, and after each message one more with the same probability.
    Geometric {
        /// The mean, at least 1.
        #[schemars(range(min = 1, max = 1_000_000))]
        mean: f64,
    },
}

impl Turns {
    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(turns) => f64::from(*turns),
            Self::Drawn(DrawnTurns::Uniform { min, max }) => f64::midpoint(f64::from(*min), f64::from(*max)),
            Self::Drawn(DrawnTurns::Geometric { mean }) => *mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Distribution<Duration> {
        toml::from_str::<std::collections::BTreeMap<String, _>>(text).unwrap().remove("d").unwrap()
    }

    #[test]
    fn a_constant_is_the_quantity_itself() {
        assert_eq!(read("d = '40ms'"), Distribution::Constant(Duration::from_millis(40)));
        let drawn = Distribution::Exponential { mean: Duration::from_secs(3) };
        assert_eq!(read("d = { kind = 'exponential', mean = '3s' }"), drawn);
    }

    #[test]
    fn a_lognormal_mean_lies_above_its_median() {
        let latency = read("d = { kind = 'lognormal', median = '40ms', p99 = '400ms' }");
        assert!((latency.sigma() - 0.989_78).abs() < 1e-4, "{}", latency.sigma());
        assert!((latency.mean() - 0.065_28).abs() < 1e-4, "{}", latency.mean());
    }
}
