//! The channel from secret to observation, as it is drawn: how often each secret was seen as what.

use privacy::leak::{Column, Kind, Samples};
use serde::Serialize;
use std::collections::BTreeMap;

/// More secrets than that are put together by their order.
const MOST_SECRETS: usize = 10;

/// More observations than that are put together to intervals.
const MOST_SEEN: usize = 14;

/// How often each secret was seen as what, by the first number of the observations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Channel {
    /// What that number is.
    pub column: &'static str,
    /// What was seen: values, or intervals.
    pub seen: Vec<String>,
    /// For each secret the shares of its samples that were seen so; they add up to 1.
    pub rows: Vec<(String, Vec<f64>)>,
}

impl Channel {
    /// The channel of these samples; `None` where nothing is seen.
    pub(super) fn of(samples: &Samples) -> Option<Self> {
        let column = samples.columns().first()?;
        let value = |seen: &[f64]| seen.first().copied().unwrap_or(0.0);
        let seen = Intervals::of(samples.iter().map(|(_, seen)| value(seen)).collect(), MOST_SEEN);
        let names = named(samples);
        let mut counts: BTreeMap<(usize, String), Vec<u32>> = BTreeMap::new();
        for (secret, values) in samples.iter() {
            let Some(name) = names.get(secret) else { continue };
            let row = counts.entry(name.clone()).or_insert_with(|| vec![0; seen.len()]);
            if let Some(count) = row.get_mut(seen.place(value(values))) {
                *count += 1;
            }
        }
        let rows = counts.into_iter().map(|((_, name), counts)| {
            let all = f64::from(counts.iter().sum::<u32>());
            (name, counts.into_iter().map(|count| f64::from(count) / all).collect())
        });
        Some(Self { column: column.name, seen: seen.names(column), rows: rows.collect() })
    }
}

/// Each secret's row: its place and name. Numbers are by size; too many are put together.
fn named(samples: &Samples) -> BTreeMap<String, (usize, String)> {
    let secrets = samples.secrets();
    let numbers: Option<Vec<f64>> = secrets.iter().map(|secret| secret.parse().ok()).collect();
    if let Some(numbers) = numbers.filter(|numbers| numbers.len() > MOST_SECRETS) {
        let all = samples.iter().filter_map(|(secret, _)| secret.parse().ok()).collect();
        let intervals = Intervals::of(all, MOST_SECRETS);
        let column = Column { name: "", kind: Kind::Discrete };
        let names = intervals.names(&column);
        let row = |number: &f64| {
            let place = intervals.place(*number);
            (place, names.get(place).cloned().unwrap_or_default())
        };
        return secrets.iter().cloned().zip(numbers.iter().map(row)).collect();
    }
    let mut sorted: Vec<&String> = secrets.iter().collect();
    sorted.sort_unstable();
    let row = |(place, name): (usize, &String)| (name.clone(), (place, name.clone()));
    sorted.into_iter().enumerate().map(row).collect()
}

/// Numbers by value, or put together to intervals that hold about as many each.
struct Intervals {
    /// The least and the greatest of each.
    ends: Vec<(f64, f64)>,
}

impl Intervals {
    fn of(mut values: Vec<f64>, most: usize) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let mut distinct = values.clone();
        distinct.dedup();
        if distinct.len() <= most {
            return Self { ends: distinct.into_iter().map(|value| (value, value)).collect() };
        }
        let mut ends: Vec<(f64, f64)> = Vec::new();
        let per = values.len().div_ceil(most);
        let mut held = per;
        for value in values {
            match ends.last_mut() {
                // Equal values are never parted.
                Some(last) if held < per || last.1 >= value => (last.1, held) = (value, held + 1),
                _ => {
                    ends.push((value, value));
                    held = 1;
                }
            }
        }
        Self { ends }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn place(&self, value: f64) -> usize {
        self.ends.partition_point(|(_, last)| *last < value).min(self.len().saturating_sub(1))
    }

    fn names(&self, column: &Column) -> Vec<String> {
        let written = |value: f64| match column.kind {
            Kind::Discrete => format!("{value}"),
            // They are logarithms of seconds, or counts.
            Kind::Continuous => format!("{value:.1}"),
        };
        let name = |(from, to): &(f64, f64)| {
            let (from, to) = (written(*from), written(*to));
            if from == to { from } else { format!("{from}–{to}") }
        };
        self.ends.iter().map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Column = Column { name: "length", kind: Kind::Discrete };

    #[test]
    fn shares_of_each_secret_add_up() {
        let mut samples = Samples::new(vec![LENGTH]);
        for (secret, length) in [("b", 2.0), ("a", 1.0), ("a", 2.0), ("a", 1.0)] {
            samples.push(secret, vec![length]).unwrap();
        }
        let channel = Channel::of(&samples).unwrap();
        assert_eq!(channel.seen, ["1", "2"]);
        let rows = [("a".to_owned(), vec![2.0 / 3.0, 1.0 / 3.0]), ("b".to_owned(), vec![0.0, 1.0])];
        assert_eq!(channel.rows, rows);
        assert_eq!(Channel::of(&Samples::new(vec![])), None);
    }

    #[test]
    fn many_are_put_together_in_their_order() {
        let mut samples = Samples::new(vec![LENGTH]);
        for n in 0..100 {
            samples.push(&n.to_string(), vec![f64::from(n)]).unwrap();
        }
        let channel = Channel::of(&samples).unwrap();
        assert_eq!((channel.rows.len(), channel.seen.len()), (10, 13));
        assert_eq!((channel.rows[0].0.as_str(), channel.rows[9].0.as_str()), ("0–9", "90–99"));
        assert!(channel.rows.iter().all(|(_, shares)| (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        assert!(channel.rows[0].1[0] > 0.7 && channel.rows[9].1[12] > 0.3);
    }
}
