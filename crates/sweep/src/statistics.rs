//! Means and how sure they are: Student's t from `statrs`, which no trace hash hangs on.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// What several runs say about a mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// How many runs.
    pub runs: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of two or more.
    pub deviation: Option<f64>,
    /// The ends of the mean's 95 % confidence interval (Student's t), of two or more.
    pub ends: Option<(f64, f64)>,
}

impl Interval {
    /// Of the values of independent runs; `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if !mean.is_finite() {
            return None;
        }
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let deviation = (values.len() > 1).then(|| libm::sqrt(squares / (count - 1.0)));
        let ends = deviation.and_then(|deviation| {
            let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(0.975);
            let half = t * deviation / libm::sqrt(count);
            Some((mean - half, mean + half))
        });
        Some(Self { runs: values.len(), mean, deviation, ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_one_of_the_tables() {
        // t of 4 degrees of freedom at 0.975 is 2.776445 (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
        let interval = Interval::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let half = 2.776_445 * 2.5_f64.sqrt() / 5_f64.sqrt();
        let (low, high) = interval.ends.unwrap();
        assert!((low - (3.0 - half)).abs() < 1e-5 && (high - (3.0 + half)).abs() < 1e-5, "{interval:?}");
    }

    #[test]
    fn one_run_says_nothing_about_how_sure_it_is() {
        assert_eq!(Interval::of(&[7.0]), Some(Interval { runs: 1, mean: 7.0, deviation: None, ends: None }));
        assert_eq!(Interval::of(&[]), None);
    }
}
