//! How long messages take, stage by stage.

use super::messages::{Messages, Stage};
use super::{Entry, Grid, Section, float, names};
use crate::plot::{Axis, Marks, Plot, Series, Unit};
use hdrhistogram::Histogram;

pub(super) fn section(messages: &Messages) -> Section {
    let mut section = Section::new(
        "latency",
        "Latency",
        "Time from acceptance to each later stage: the sender knows that the relay has it durably, it is on the \
         recipient's screen or in the business's webhook, the sender knows that it was delivered, and read.",
    );
    let stages: Vec<&Stage> = messages.stages.iter().filter(|stage| !stage.all.is_empty()).collect();
    if stages.is_empty() {
        section.text = "No message of this run was accepted and then seen at a later stage.".into();
        return section;
    }
    section.plots.push(distribution("latency", &stages));
    section.plots.extend(stages.iter().map(|stage| over_time(messages, stage)));
    section.grids.push(percentiles(&stages));
    section.grids.push(slowest(messages));
    section
}

fn distribution(id: &str, stages: &[&Stage]) -> Plot {
    let series =
        stages.iter().map(|stage| Series { name: stage.name.into(), marks: Marks::Step(cdf(&stage.all)) });
    Plot {
        id: id.into(),
        title: "Latency from acceptance, by stage".into(),
        summary: "The share of messages that reached each stage within a time.".into(),
        x: Axis::log("time since acceptance", Unit::Microseconds),
        y: Axis::linear("share of messages", Unit::Share).between(0.0, 1.0),
        series: series.collect(),
    }
}

/// The distribution of several runs' delivery, by their names.
pub(crate) fn compare(runs: &[(String, &Messages)]) -> Plot {
    let series = runs.iter().flat_map(|(name, messages)| {
        let stage = messages.stages.iter().find(|stage| stage.name == "delivered" && !stage.all.is_empty());
        stage.map(|stage| Series { name: name.clone(), marks: Marks::Step(cdf(&stage.all)) })
    });
    Plot {
        series: series.collect(),
        title: "Delivery latency, by run".into(),
        ..distribution("latency-by-run", &[])
    }
}

fn over_time(messages: &Messages, stage: &Stage) -> Plot {
    let line = |name: &str, quantile: f64| {
        let points = stage.over_time.iter().enumerate().filter(|(_, histogram)| !histogram.is_empty());
        let points = points.map(|(interval, histogram)| {
            (messages.middle_s(interval), float(histogram.value_at_quantile(quantile)))
        });
        Series { name: name.into(), marks: Marks::Line(points.collect()) }
    };
    Plot {
        id: format!("latency-over-time-{}", stage.name),
        title: format!("Acceptance to {}, over time", stage.name),
        summary: format!(
            "Percentiles of the latency to the stage `{}`, by when the message was made.",
            stage.name
        ),
        x: Axis::linear("virtual time", Unit::Seconds),
        y: Axis::log("latency", Unit::Microseconds),
        series: vec![line("median", 0.5), line("95 %", 0.95), line("99 %", 0.99)],
    }
}

fn cdf(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    let total = float(histogram.len());
    let mut seen = 0;
    let mut points: Vec<(f64, f64)> = vec![];
    for value in histogram.iter_recorded() {
        seen += value.count_since_last_iteration();
        let share = float(seen) / total;
        // Steps of less than a pixel are left out, but not the last.
        if seen == histogram.len() || points.last().is_none_or(|last| share - last.1 > 0.002) {
            points.push((float(value.value_iterated_to().max(1)), share));
        }
    }
    points
}

fn percentiles(stages: &[&Stage]) -> Grid {
    let rows = stages.iter().map(|stage| {
        let quantiles = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0];
        let quantiles = quantiles
            .map(|quantile| Entry::number(float(stage.all.value_at_quantile(quantile)), Unit::Microseconds));
        [Entry::text(stage.name), Entry::number(float(stage.all.len()), Unit::None)]
            .into_iter()
            .chain(quantiles)
            .collect()
    });
    Grid {
        caption: "Percentiles of the latency",
        columns: names(["stage", "messages", "median", "90 %", "95 %", "99 %", "99.9 %", "most"]),
        rows: rows.collect(),
    }
}

fn slowest(messages: &Messages) -> Grid {
    let rows = messages.slowest.iter().map(|slow| {
        vec![
            Entry::number(float(slow.id), Unit::None),
            Entry::text(&*slow.kind),
            Entry::text(&*slow.direction),
            Entry::number(float(slow.created_us), Unit::Microseconds),
            Entry::number(float(slow.latency_us), Unit::Microseconds),
            Entry::number(float(slow.bytes), Unit::Bytes),
        ]
    });
    Grid {
        caption: "The slowest deliveries",
        columns: names(["message", "kind", "direction", "made at", "latency", "on the wire"]),
        rows: rows.collect(),
    }
}
