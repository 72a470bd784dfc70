//! What is measured in each run of a sweep.

use lab::Summary;
use std::collections::BTreeMap;

/// What is measured in each run. Shares are from 0 to 1.
pub const MEASURES: [&str; 12] = [
    "messages",
    "delivered",
    "delivered_share",
    "failed",
    "read_twice",
    "refused",
    "latency_median_ms",
    "latency_p99_ms",
    "latency_max_ms",
    "events",
    "faults",
    "violations",
];

/// The measures of a run; one that has no value is left out.
pub(crate) fn measured(summary: &Summary) -> BTreeMap<String, f64> {
    let share = (summary.messages > 0).then(|| summary.shown as f64 / summary.messages as f64);
    let latency = |place: usize| summary.latency_ms.and_then(|latencies| latencies.get(place).copied());
    let values = [
        Some(summary.messages as f64),
        Some(summary.shown as f64),
        share,
        Some(summary.failed as f64),
        Some(summary.shown_twice as f64),
        Some(summary.refused as f64),
        latency(0),
        latency(1),
        latency(2),
        Some(summary.events as f64),
        Some(summary.faults as f64),
        Some(summary.violations.len() as f64),
    ];
    let measures = MEASURES.iter().zip(values);
    measures.filter_map(|(measure, value)| Some(((*measure).to_owned(), value?))).collect()
}
