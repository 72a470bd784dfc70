//! What the paper's observer does with lengths: a table for kinds, naive Bayes for languages, a line for lengths.

use std::collections::BTreeMap;

/// For each length the class that it was most often; for a new one that of the nearest.
pub(super) struct Lookup {
    by_length: BTreeMap<usize, usize>,
}

impl Lookup {
    pub(super) fn train(examples: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut counts = BTreeMap::<usize, BTreeMap<usize, u32>>::new();
        for (length, class) in examples {
            *counts.entry(length).or_default().entry(class).or_default() += 1;
        }
        let most = |counts: BTreeMap<usize, u32>| counts.into_iter().max_by_key(|(_, count)| *count);
        let by_length =
            counts.into_iter().filter_map(|(length, counts)| Some((length, most(counts)?.0))).collect();
        Self { by_length }
    }

    pub(super) fn class(&self, length: usize) -> Option<usize> {
        let below = self.by_length.range(..=length).next_back();
        let above = self.by_length.range(length..).next();
        let nearest = below.into_iter().chain(above).min_by_key(|(other, _)| other.abs_diff(length));
        nearest.map(|(_, class)| *class)
    }
}

/// Multinomial naive Bayes over the lengths of a conversation, each length counted once more than it was seen.
pub(super) struct Bayes {
    /// For each class how often each length was seen, and how many there were.
    classes: Vec<(BTreeMap<usize, u32>, u32)>,
    /// Lengths that were ever seen.
    known: usize,
}

impl Bayes {
    pub(super) fn train(classes: &[Vec<usize>]) -> Self {
        let count = |lengths: &Vec<usize>| {
            let mut counts = BTreeMap::new();
            lengths.iter().for_each(|length| *counts.entry(*length).or_default() += 1);
            (counts, u32::try_from(lengths.len()).unwrap_or(u32::MAX))
        };
        let known: std::collections::BTreeSet<_> = classes.iter().flatten().collect();
        Self { known: known.len(), classes: classes.iter().map(count).collect() }
    }

    /// The most likely class of a conversation.
    pub(super) fn class(&self, conversation: &[usize]) -> Option<usize> {
        let likelihood = |(counts, all): &(BTreeMap<usize, u32>, u32)| -> f64 {
            let each = |length| f64::from(1 + counts.get(length).copied().unwrap_or(0));
            let all = f64::from(*all) + self.known as f64 + 1.0;
            conversation.iter().map(|length| libm::log(each(length) / all)).sum()
        };
        let likelihoods = self.classes.iter().map(likelihood).enumerate();
        likelihoods.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(class, _)| class)
    }
}

/// The straight line through lengths on the wire and numbers of characters.
pub(super) struct Line {
    slope: f64,
    start: f64,
}

impl Line {
    pub(super) fn train(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
        let products: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let squares: f64 = points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum();
        // All lengths the same: the mean is the best guess.
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        Self { slope, start: y - slope * x }
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        self.start + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finds_what_is_there_and_nothing_else() {
        let lookup = Lookup::train([(10, 0), (10, 0), (10, 1), (50, 1)].into_iter());
        assert_eq!([9, 10, 40, 99].map(|length| lookup.class(length)), [Some(0), Some(0), Some(1), Some(1)]);
        let bayes = Bayes::train(&[vec![1, 1, 2], vec![2, 3, 3]]);
        assert_eq!((bayes.class(&[1, 2, 1]), bayes.class(&[2, 3])), (Some(0), Some(1)));
        let line = Line::train(&[(0.0, 1.0), (2.0, 5.0)]);
        assert!((line.at(3.0) - 7.0).abs() < 1e-9);
        assert!((Line::train(&[(4.0, 1.0), (4.0, 3.0)]).at(9.0) - 2.0).abs() < 1e-9);
    }
}
