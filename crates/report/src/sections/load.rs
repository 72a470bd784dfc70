//! How much goes through, and what waits.

use super::messages::{INTERVALS, Messages};
use super::{Entry, Grid, Section, float, names};
use crate::column::Row as _;
use crate::error::ReadError;
use crate::plot::{Axis, Marks, Plot, Series, Unit};
use crate::read::Run;
use crate::tables::Metric;
use std::collections::BTreeMap;

/// So many queues have a line of their own.
const QUEUES: usize = 6;

pub(super) fn throughput(messages: &Messages) -> Section {
    let mut section = Section::new(
        "throughput",
        "Throughput",
        "Messages accepted and delivered per second of virtual time.",
    );
    if messages.accepted == 0 {
        section.text = "No message of this run was accepted.".into();
        return section;
    }
    let rate = |name: &str, counts: &[u64]| {
        let points = counts.iter().enumerate();
        let points = points
            .map(|(interval, count)| (messages.middle_s(interval), float(*count) / messages.interval_s()));
        Series { name: name.into(), marks: Marks::Line(points.collect()) }
    };
    section.plots.push(Plot {
        id: "throughput".into(),
        title: "Throughput over time".into(),
        summary: "Messages accepted and delivered per second, over virtual time.".into(),
        x: Axis::linear("virtual time", Unit::Seconds),
        y: Axis::linear("messages", Unit::Other("per s")),
        series: vec![rate("accepted", &messages.accepted_in), rate("delivered", &messages.delivered_in)],
    });
    let rows = messages.statuses.iter().map(|(status, count)| {
        let share = float(*count) / float(messages.count.max(1));
        vec![Entry::text(status), Entry::number(float(*count), Unit::None), Entry::number(share, Unit::Share)]
    });
    section.grids.push(Grid {
        caption: "What became of them",
        columns: names(["status", "messages", "share"]),
        rows: rows.collect(),
    });
    section
}

pub(super) fn queues(run: &Run) -> Result<Section, ReadError> {
    let mut section =
        Section::new("queues", "Queue depth", "The greatest depth in each interval of virtual time.");
    let mut end = 0.0_f64;
    run.scan(Metric::TABLE, "metrics", &["at_s"], |batch| {
        end = batch.rows().filter_map(|row| row.f64(0)).fold(end, f64::max);
    })?;
    let intervals = 4 * INTERVALS;
    let length = (end / float(u64::try_from(intervals).unwrap_or(1))).max(1e-6);
    let mut queues: BTreeMap<String, BTreeMap<usize, f64>> = BTreeMap::new();
    run.scan(Metric::TABLE, "metrics", &["at_s", "metric", "label", "value"], |batch| {
        for row in batch.rows().filter(|row| row.text(1) == "queue_depth") {
            let (Some(at), Some(value)) = (row.f64(0), row.f64(3)) else { continue };
            let interval = crate::plot::index(at / length).min(intervals);
            let depth = queues.entry(row.text(2).into()).or_default().entry(interval).or_insert(value);
            *depth = depth.max(value);
        }
    })?;
    let mut queues: Vec<_> = queues.into_iter().collect();
    if queues.is_empty() {
        section.text = "The run recorded no metric `queue_depth`.".into();
        return Ok(section);
    }
    let deepest = |depths: &BTreeMap<usize, f64>| depths.values().copied().fold(0.0, f64::max);
    queues.sort_by(|a, b| deepest(&b.1).total_cmp(&deepest(&a.1)));
    if queues.len() > QUEUES {
        section.text = format!("{} Of {} queues, the {QUEUES} deepest.", section.text, queues.len());
        queues.truncate(QUEUES);
    }
    let series = queues.into_iter().map(|(name, depths)| {
        let at = |interval: usize| float(u64::try_from(interval).unwrap_or(0)) * length;
        let points = depths.into_iter().map(|(interval, depth)| (at(interval), depth));
        Series { name, marks: Marks::Step(points.collect()) }
    });
    section.plots.push(Plot {
        id: "queue-depth".into(),
        title: "Queue depth over time".into(),
        summary: "How many items waited in each queue, over virtual time.".into(),
        x: Axis::linear("virtual time", Unit::Seconds),
        y: Axis::linear("items", Unit::None),
        series: series.collect(),
    });
    Ok(section)
}
