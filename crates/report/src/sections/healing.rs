//! How many messages it takes until a new post-quantum secret is in use.

use super::{Entry, Grid, Headline, Section, float, names};
use crate::column::Row as _;
use crate::error::ReadError;
use crate::plot::{Axis, Bin, Marks, Plot, Series, Unit, number};
use crate::read::Run;
use crate::tables::Epoch;
use std::collections::BTreeMap;

/// About so many bars.
const BINS: u64 = 40;

pub(super) fn section(run: &Run) -> Result<(Section, Option<Headline>), ReadError> {
    let mut section = Section::new(
        "healing",
        "Healing",
        "Messages, both ways, from one post-quantum epoch of a conversation to the next: after as many, a stolen \
         state is of no more use.",
    );
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    run.scan(Epoch::TABLE, "epochs", &["messages_since"], |batch| {
        for row in batch.rows() {
            *counts.entry(row.u64(0).unwrap_or(0)).or_default() += 1;
        }
    })?;
    let (Some((least, _)), Some((most, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        section.text = "No conversation of this run came to a new post-quantum epoch.".into();
        return Ok((section, None));
    };
    let (least, most) = (*least, *most);
    let width = (most - least) / BINS + 1;
    let mut bins: BTreeMap<u64, u64> = BTreeMap::new();
    for (messages, count) in &counts {
        *bins.entry((messages - least) / width).or_default() += count;
    }
    let bins = (0..=(most - least) / width).map(|bin| Bin {
        from: float(least + bin * width) - 0.5,
        to: float(least + (bin + 1) * width) - 0.5,
        value: float(bins.get(&bin).copied().unwrap_or(0)),
    });
    let margin = float(width);
    section.plots.push(Plot {
        id: "messages-per-epoch".into(),
        title: "Messages per post-quantum epoch".into(),
        summary: "How many epochs took how many messages.".into(),
        x: Axis::linear("messages since the epoch before", Unit::None)
            .between((float(least) - margin).max(0.0), float(most) + margin),
        y: Axis::linear("epochs", Unit::None),
        series: vec![Series { name: String::new(), marks: Marks::Histogram(bins.collect()) }],
    });
    let epochs: u64 = counts.values().sum();
    let sum: f64 = counts.iter().map(|(messages, count)| float(*messages) * float(*count)).sum();
    let numbers =
        [float(epochs), sum / float(epochs), float(least), at(&counts, 0.5), at(&counts, 0.95), float(most)];
    section.grids.push(Grid {
        caption: "Messages per epoch",
        columns: names(["epochs", "mean", "least", "median", "95 %", "most"]),
        rows: vec![numbers.map(|value| Entry::number(value, Unit::None)).into()],
    });
    let headline = Headline {
        name: "Messages until healed",
        value: number(at(&counts, 0.5)),
        note: format!("median of {} epochs", number(float(epochs))),
    };
    Ok((section, Some(headline)))
}

fn at(counts: &BTreeMap<u64, u64>, quantile: f64) -> f64 {
    let wanted = quantile * float(counts.values().sum());
    let mut seen = 0;
    let found = counts.iter().find(|(_, count)| {
        seen += **count;
        float(seen) >= wanted
    });
    found.map_or(0.0, |(messages, _)| float(*messages))
}
