//! When in the day something happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How traffic is spread over the day, in the consumer's local time. The rate is the mean over the day.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Day {
    /// The same at every hour.
    #[default]
    Flat,
    /// When people are awake: little at night, most in the evening.
    Waking,
    /// When shops and offices are open: 8 to 18 o'clock.
    Office,
    /// When people are at home: most from 18 to 23 o'clock.
    Evening,
}

impl Day {
    /// The weight of each hour from midnight; their mean is 1.
    pub fn weights(&self) -> [f64; 24] {
        let shape: [u16; 24] = match self {
            Self::Flat => [1; 24],
            Self::Waking => {
                [4, 2, 1, 1, 1, 2, 6, 12, 16, 18, 19, 20, 22, 20, 19, 19, 20, 22, 24, 26, 27, 25, 18, 9]
            }
            Self::Office => {
                [0, 0, 0, 0, 0, 0, 1, 4, 14, 20, 22, 20, 15, 18, 21, 20, 16, 10, 3, 1, 0, 0, 0, 0]
            }
            Self::Evening => [3, 1, 0, 0, 0, 0, 1, 2, 3, 3, 3, 4, 6, 5, 4, 5, 7, 10, 16, 22, 25, 24, 18, 9],
        };
        let sum: f64 = shape.iter().copied().map(f64::from).sum();
        shape.map(|weight| f64::from(weight) * 24.0 / sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_mean_that_its_rate_says() {
        for day in [Day::Flat, Day::Waking, Day::Office, Day::Evening] {
            let mean = day.weights().iter().sum::<f64>() / 24.0;
            assert!((mean - 1.0).abs() < 1e-12, "{day:?}: {mean}");
        }
    }
}
