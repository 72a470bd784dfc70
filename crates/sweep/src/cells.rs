//! The results of a sweep's runs, by point and measure.

use crate::measures::MEASURES;
use crate::plan::Point;
use crate::queue::{Done, Job};
use crate::statistics::Interval;
use std::collections::BTreeMap;

/// A measure at a point: all seeds together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The point's number.
    pub point: usize,
    /// Which of [`MEASURES`].
    pub measure: &'static str,
    /// What the runs say.
    pub interval: Interval,
}

/// All that there are values of, in the order of points and [`MEASURES`].
pub(crate) fn cells(points: &[Point], done: &BTreeMap<Job, Done>) -> Vec<Cell> {
    let mut values: BTreeMap<(usize, &str), Vec<f64>> = BTreeMap::new();
    for done in done.values() {
        for (measure, value) in &done.measures {
            values.entry((done.job.point, measure)).or_default().push(*value);
        }
    }
    let all = (0..points.len()).flat_map(|point| MEASURES.map(|measure| (point, measure)));
    all.filter_map(|(point, measure)| {
        let interval = Interval::of(values.get(&(point, measure))?)?;
        Some(Cell { point, measure, interval })
    })
    .collect()
}
