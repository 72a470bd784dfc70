//! The guesser that asks the nearest samples: it needs no observation twice.

use super::frequency::{best, count};
use std::collections::BTreeMap;

/// A place in the space of observations, and who was seen there.
struct Point {
    at: Vec<f64>,
    /// For each fold the samples here that were dealt into it: how many of each secret.
    folds: Vec<Vec<u32>>,
}

/// How often the vote of the k nearest samples is right, for samples that are in another fold than the voters. k is the
/// natural logarithm of how many voters there are: k grows without bound and k/n goes to 0, and so the error goes to that
/// of the best guesser (Stone 1977; F-BLEAU, section IV). All columns count alike: they are scaled to a deviation of 1.
/// Samples as far away as the kth vote too.
pub(super) fn vulnerability<'a>(
    truth: &[usize],
    seen: impl Iterator<Item = &'a [f64]>,
    dealt: &[usize],
) -> f64 {
    let most = |numbers: &[usize]| numbers.iter().max().map_or(0, |most| most + 1);
    let (secrets, folds) = (most(truth), most(dealt));
    let points = points(truth, seen, dealt, secrets, folds);
    let everybody: Vec<Vec<u32>> = (0..folds)
        .map(|fold| {
            let others = points.iter().flat_map(|point| without(point, fold));
            others.fold(vec![0; secrets], |sum, votes| add(sum, votes))
        })
        .collect();
    let voters = truth.len() - truth.len() / folds.max(1);
    let k = rounded(libm::log(voters.max(1) as f64)).max(1);
    let mut right = 0;
    for point in &points {
        let mut neighbours = Neighbours::of(point, &points);
        for (fold, (here, frequent)) in point.folds.iter().zip(&everybody).enumerate() {
            if here.iter().any(|count| *count > 0) {
                let votes = neighbours.votes(k, fold, secrets);
                right += here.get(best(&votes, frequent)).copied().unwrap_or(0);
            }
        }
    }
    f64::from(right) / truth.len().max(1) as f64
}

fn points<'a>(
    truth: &[usize],
    seen: impl Iterator<Item = &'a [f64]>,
    dealt: &[usize],
    secrets: usize,
    folds: usize,
) -> Vec<Point> {
    let seen: Vec<&[f64]> = seen.collect();
    let scales = scales(&seen);
    let mut points: BTreeMap<Vec<u64>, Point> = BTreeMap::new();
    for ((secret, seen), fold) in truth.iter().zip(&seen).zip(dealt) {
        let key = seen.iter().map(|value| value.to_bits()).collect();
        let point = points.entry(key).or_insert_with(|| Point {
            at: seen.iter().zip(&scales).map(|(value, scale)| value * scale).collect(),
            folds: vec![vec![]; folds],
        });
        if let Some(votes) = point.folds.get_mut(*fold) {
            count(votes, *secret, secrets);
        }
    }
    points.into_values().collect()
}

/// What each column is multiplied with, so that its deviation is 1; nothing is left of a column that never changes.
fn scales(seen: &[&[f64]]) -> Vec<f64> {
    let columns = seen.first().map_or(0, |first| first.len());
    let samples = seen.len() as f64;
    let column = |place: usize| seen.iter().map(move |row| row.get(place).copied().unwrap_or(0.0));
    (0..columns)
        .map(|place| {
            let mean = column(place).sum::<f64>() / samples;
            let variance = column(place).map(|value| (value - mean) * (value - mean)).sum::<f64>() / samples;
            if variance > 0.0 { 1.0 / libm::sqrt(variance) } else { 0.0 }
        })
        .collect()
}

/// The points around one, of which the nearest are sorted.
struct Neighbours<'a> {
    around: Vec<(f64, &'a Point)>,
    sorted: usize,
}

impl<'a> Neighbours<'a> {
    fn of(point: &Point, points: &'a [Point]) -> Self {
        let distance = |other: &Point| {
            let squares = point.at.iter().zip(&other.at).map(|(a, b)| (a - b) * (a - b));
            squares.sum::<f64>()
        };
        Self { around: points.iter().map(|other| (distance(other), other)).collect(), sorted: 0 }
    }

    /// The votes of the `k` nearest samples that are not in `fold`, and of those as far away as the last of them.
    fn votes(&mut self, k: u32, fold: usize, secrets: usize) -> Vec<u32> {
        let (mut votes, mut voters, mut reach) = (vec![0; secrets], 0_u32, 0.0);
        let mut place = 0;
        while let Some((distance, point)) = self.nearest(place) {
            if voters >= k && distance > reach {
                break;
            }
            reach = distance;
            for of_fold in without(point, fold) {
                voters += of_fold.iter().sum::<u32>();
                votes = add(votes, of_fold);
            }
            place += 1;
        }
        votes
    }

    /// The point that is nearest but for `place` others. Few are ever asked for, so few are sorted.
    fn nearest(&mut self, place: usize) -> Option<(f64, &'a Point)> {
        if place >= self.sorted && self.sorted < self.around.len() {
            let until = (self.sorted * 2).max(32).min(self.around.len());
            let by_distance = |a: &(f64, &Point), b: &(f64, &Point)| a.0.total_cmp(&b.0);
            if let Some(rest) = self.around.get_mut(self.sorted..) {
                let wanted = until - self.sorted;
                if wanted < rest.len() {
                    rest.select_nth_unstable_by(wanted, by_distance);
                }
                if let Some(nearest) = rest.get_mut(..wanted) {
                    nearest.sort_unstable_by(by_distance);
                }
            }
            self.sorted = until;
        }
        self.around.get(place).copied()
    }
}

fn without(point: &Point, fold: usize) -> impl Iterator<Item = &Vec<u32>> {
    let others = point.folds.iter().enumerate().filter(move |(other, _)| *other != fold);
    others.map(|(_, votes)| votes)
}

fn add(mut sum: Vec<u32>, votes: &[u32]) -> Vec<u32> {
    sum.iter_mut().zip(votes).for_each(|(sum, vote)| *sum += vote);
    sum
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a logarithm of a count is small"
)]
fn rounded(value: f64) -> u32 {
    value.round().clamp(0.0, 1e6) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_however_many_are_asked_for() {
        let at = |place: u32| Point { at: vec![f64::from(place * 7919 % 500)], folds: vec![] };
        let points: Vec<Point> = (0..500).map(at).collect();
        let origin = Point { at: vec![0.0], folds: vec![] };
        let mut neighbours = Neighbours::of(&origin, &points);
        let all: Vec<f64> = (0..501).map_while(|place| Some(neighbours.nearest(place)?.0)).collect();
        assert_eq!(all, (0..500_u32).map(|place| f64::from(place * place)).collect::<Vec<_>>());
    }

    #[test]
    fn columns_count_alike() {
        let rows = [[0.0, 0.0, 7.0], [2.0, 2000.0, 7.0]];
        let scales = scales(&rows.each_ref().map(|row| row.as_slice()));
        assert_eq!(scales, [1.0, 0.001, 0.0]);
    }

    #[test]
    fn those_as_far_away_vote_too() {
        // k is 1 for four voters; all of the other fold's are at the same place.
        let truth = [0, 0, 1, 0, 0, 1];
        let seen = [[3.0]; 6];
        let dealt = [0, 0, 0, 1, 1, 1];
        let right = vulnerability(&truth, seen.iter().map(|seen| seen.as_slice()), &dealt);
        assert!((right - 4.0 / 6.0).abs() < 1e-12);
    }
}
