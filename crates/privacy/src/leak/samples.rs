//! Secrets, and what somebody saw of each.

use std::collections::BTreeMap;

/// The most intervals that a continuous column is cut into.
const MOST_INTERVALS: usize = 16;

/// Samples for each cell of secrets and intervals that are cut for, at least: with fewer, counting finds information
/// where there is none.
const PER_CELL: usize = 5;

/// One number of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What it is, with its unit.
    pub name: &'static str,
    /// How it is counted.
    pub kind: Kind,
}

/// How a number is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every value by itself: lengths, flags.
    Discrete,
    /// By intervals that hold about as many samples each: times. Information about intervals is never more than about
    /// the values (data processing), so what is found is there.
    Continuous,
}

/// Pairs of a secret and what was seen.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    columns: Vec<Column>,
    /// Names of secrets, by number.
    secrets: Vec<String>,
    numbers: BTreeMap<String, usize>,
    /// The secret's number, and a value for each column.
    rows: Vec<(usize, Vec<f64>)>,
}

/// A sample that can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// An observation has a value for each column.
    #[error("an observation has {found} values, and there are {columns} columns")]
    Columns {
        /// Values of the observation.
        found: usize,
        /// Columns of the samples.
        columns: usize,
    },
    /// Distances need numbers.
    #[error("a value is infinite or no number")]
    NotFinite,
}

impl Samples {
    /// None yet. Without columns nothing is ever seen.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Adds what was seen while the secret was `secret`: a value for each column.
    ///
    /// # Errors
    /// [`SampleError`] if there are more or fewer values, or one isn't finite.
    pub fn push(&mut self, secret: &str, seen: Vec<f64>) -> Result<(), SampleError> {
        if seen.len() != self.columns.len() {
            return Err(SampleError::Columns { found: seen.len(), columns: self.columns.len() });
        }
        if seen.iter().any(|value| !value.is_finite()) {
            return Err(SampleError::NotFinite);
        }
        let number = match self.numbers.get(secret) {
            Some(number) => *number,
            None => {
                self.numbers.insert(secret.to_owned(), self.secrets.len());
                self.secrets.push(secret.to_owned());
                self.secrets.len() - 1
            }
        };
        // Zero has two signs and is one value.
        self.rows.push((number, seen.into_iter().map(|value| value + 0.0).collect()));
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What is seen of each.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The secrets that occurred, in the order of their first sample.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// Each sample's secret, and a value for each column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.rows.iter().map(|(secret, seen)| {
            let name = self.secrets.get(*secret).map_or("", String::as_str);
            (name, seen.as_slice())
        })
    }

    /// Each sample's secret, by number.
    pub(super) fn truth(&self) -> Vec<usize> {
        self.rows.iter().map(|(secret, _)| *secret).collect()
    }

    pub(super) fn seen(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.rows.iter().map(|(_, seen)| seen.as_slice())
    }

    /// Each sample's observation as a number from 0: the same for the same values and intervals.
    pub(super) fn symbols(&self) -> Vec<usize> {
        let mut keys: Vec<Vec<u64>> = vec![Vec::with_capacity(self.columns.len()); self.len()];
        let of_kind = |kind| (0_usize..).zip(&self.columns).filter(move |(_, column)| column.kind == kind);
        for (place, _) in of_kind(Kind::Discrete) {
            for (key, value) in keys.iter_mut().zip(self.column(place)) {
                key.push(value.to_bits());
            }
        }
        let mut continuous = of_kind(Kind::Continuous).count();
        let mut distinct = numbered(&keys).1;
        for (place, _) in of_kind(Kind::Continuous) {
            let values: Vec<f64> = self.column(place).collect();
            let cuts = cuts(&values, self.intervals(distinct, continuous));
            for (key, value) in keys.iter_mut().zip(values) {
                key.push(cuts.partition_point(|cut| *cut < value) as u64);
            }
            // The next column has the room that this one left.
            (distinct, continuous) = (numbered(&keys).1, continuous - 1);
        }
        numbered(&keys).0
    }

    fn column(&self, place: usize) -> impl Iterator<Item = f64> {
        self.rows.iter().map(move |(_, seen)| seen.get(place).copied().unwrap_or(0.0))
    }

    /// Into how many intervals the next of `columns` is cut, if there are `distinct` observations without them.
    fn intervals(&self, distinct: usize, columns: usize) -> usize {
        let cells = self.len() / (PER_CELL * self.secrets.len().max(1) * distinct.max(1));
        let fits = |intervals: &usize| {
            let exponent = u32::try_from(columns).unwrap_or(u32::MAX);
            intervals.checked_pow(exponent).is_some_and(|needed| needed <= cells)
        };
        (2..=MOST_INTERVALS).rev().find(fits).unwrap_or(2)
    }
}

/// Where to cut, so that about as many values are in each interval; equal ones are never parted.
fn cuts(values: &[f64], intervals: usize) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..intervals)
        .filter_map(|cut| sorted.get((sorted.len() * cut / intervals).saturating_sub(1)).copied())
        .collect();
    cuts.dedup();
    cuts
}

/// The number of each key among the different ones, and how many of those there are.
fn numbered<K: Ord>(keys: &[K]) -> (Vec<usize>, usize) {
    let mut numbers = BTreeMap::new();
    let numbered = keys.iter().map(|key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    });
    let numbered = numbered.collect();
    (numbered, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Column = Column { name: "length", kind: Kind::Discrete };
    const TIME: Column = Column { name: "time", kind: Kind::Continuous };

    #[test]
    fn values_count_by_themselves_and_times_by_intervals() {
        let mut samples = Samples::new(vec![LENGTH, TIME]);
        for n in 0..400 {
            let secret = if n % 2 == 0 { "a" } else { "b" };
            samples.push(secret, vec![f64::from(n % 5), f64::from(n)]).unwrap();
        }
        // Two secrets, five lengths: 40 samples each, enough for 8 intervals of five for each secret.
        let symbols = samples.symbols();
        let distinct: std::collections::BTreeSet<_> = symbols.iter().collect();
        assert_eq!((symbols.len(), distinct.len()), (400, 40));
        assert_eq!(samples.secrets(), ["a", "b"]);
        assert_eq!(samples.iter().nth(3), Some(("b", &[3.0, 3.0][..])));
    }

    #[test]
    fn equal_values_stay_together() {
        let values = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0];
        assert_eq!(cuts(&values, 4), [0.0]);
        assert!(cuts(&[], 4).is_empty());
        assert_eq!(cuts(&[1.0, 2.0, 3.0, 4.0], 2), [2.0]);
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let mut samples = Samples::new(vec![LENGTH]);
        assert_eq!(samples.push("a", vec![]), Err(SampleError::Columns { found: 0, columns: 1 }));
        assert_eq!(samples.push("a", vec![f64::NAN]), Err(SampleError::NotFinite));
        assert!(samples.is_empty() && samples.secrets().is_empty());
        samples.push("a", vec![0.0]).unwrap();
        samples.push("a", vec![-0.0]).unwrap();
        assert_eq!(samples.symbols(), [0, 0]);
    }

    #[test]
    fn nothing_seen_is_one_symbol() {
        let mut samples = Samples::new(vec![]);
        samples.push("a", vec![]).unwrap();
        samples.push("b", vec![]).unwrap();
        assert_eq!(samples.symbols(), [0, 0]);
    }
}
