//! What each principal saw, and what sizes on the wire tell of sizes of text.

use super::messages::{Messages, Sizes};
use super::{Entry, Grid, Section, float, names};
use crate::column::Row as _;
use crate::error::ReadError;
use crate::plot::{Axis, Bin, Heatmap, Marks, Plot, Series, Tile, Unit, number};
use crate::read::Run;
use crate::tables::{Principal, View};
use std::collections::{BTreeMap, BTreeSet};

/// Rows and bytes by principal, class and what it was.
type Seen = BTreeMap<(Principal, String, String), (u64, u64)>;

pub(super) fn section(run: &Run, messages: &Messages) -> Result<Section, ReadError> {
    let mut section = Section::new("leakage", "Leakage", "");
    let mut seen = Seen::new();
    for principal in Principal::ALL {
        let mut of_one: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        run.scan(View::TABLE, principal.file(), &["class", "what", "bytes"], |batch| {
            for row in batch.rows() {
                let total = of_one.entry((row.text(0).into(), row.text(1).into())).or_default();
                total.0 += 1;
                total.1 = total.1.saturating_add(row.u64(2).unwrap_or(0));
            }
        })?;
        seen.extend(of_one.into_iter().map(|((class, what), total)| ((principal, class, what), total)));
    }
    if seen.is_empty() {
        section.text = "The run recorded no principal's view.".into();
    } else {
        section.text = "What each principal saw, by data class: how often, and how many bytes.".into();
        section.plots.push(matrix(
            &seen,
            "seen-count",
            "How often each principal saw data of each class",
            "times",
            Unit::None,
            |total| total.0,
        ));
        section.plots.push(matrix(
            &seen,
            "seen-bytes",
            "How many bytes each principal saw of each class",
            "bytes",
            Unit::Bytes,
            |total| total.1,
        ));
        section.grids.push(grid(&seen));
    }
    if messages.count > 0 {
        section.text += &format!(
            " Texts had {} different sizes, envelopes on the wire {}.",
            number(float(u64::try_from(messages.text_sizes.distinct.len()).unwrap_or(0))),
            number(float(u64::try_from(messages.wire_sizes.distinct.len()).unwrap_or(0))),
        );
        section.plots.push(sizes(messages));
    }
    Ok(section)
}

fn matrix(
    seen: &Seen,
    id: &str,
    title: &str,
    label: &str,
    unit: Unit,
    value: impl Fn(&(u64, u64)) -> u64,
) -> Plot {
    let classes: BTreeSet<&str> = seen.keys().map(|(_, class, _)| class.as_str()).collect();
    let mut tiles = vec![];
    for (row, principal) in (0_u32..).zip(Principal::ALL.iter().rev()) {
        for (column, class) in (0_u32..).zip(&classes) {
            let totals = seen.iter().filter(|((p, c, _), _)| p == principal && c == class);
            let value: u64 = totals.map(|(_, total)| value(total)).fold(0, u64::saturating_add);
            let (x, y) = (f64::from(column), f64::from(row));
            tiles.push(Tile { x: (x, x + 1.0), y: (y, y + 1.0), value: float(value) });
        }
    }
    Plot {
        id: id.into(),
        title: title.into(),
        summary: format!("A matrix of principals and data classes; each tile says the {label}."),
        x: Axis::bands("data class", classes.into_iter().map(String::from).collect()),
        y: Axis::bands(
            "principal",
            Principal::ALL.iter().rev().map(|principal| principal.name().into()).collect(),
        ),
        series: vec![Series {
            name: String::new(),
            marks: Marks::Heatmap(Heatmap { label: label.into(), unit, tiles, labelled: true }),
        }],
    }
}

fn grid(seen: &Seen) -> Grid {
    let rows = seen.iter().map(|((principal, class, what), (count, bytes))| {
        vec![
            Entry::text(principal.name()),
            Entry::text(class),
            Entry::text(what),
            Entry::number(float(*count), Unit::None),
            Entry::number(float(*bytes), Unit::Bytes),
        ]
    });
    Grid {
        caption: "What each principal saw",
        columns: names(["principal", "data class", "what", "times", "bytes"]),
        rows: rows.collect(),
    }
}

fn sizes(messages: &Messages) -> Plot {
    let bins = |sizes: &Sizes| {
        let edge = |quarter: u32| (f64::from(quarter) / 4.0).exp2();
        let bins = sizes.bins.iter();
        bins.map(|(quarter, count)| Bin { from: edge(*quarter), to: edge(quarter + 1), value: float(*count) })
            .collect()
    };
    Plot {
        id: "sizes".into(),
        title: "Sizes: what was written, and what the wire shows".into(),
        summary: "How many texts and envelopes were how large.".into(),
        x: Axis::log("size", Unit::Bytes),
        y: Axis::linear("messages", Unit::None),
        series: vec![
            Series { name: "text".into(), marks: Marks::Histogram(bins(&messages.text_sizes)) },
            Series {
                name: "envelope on the wire".into(),
                marks: Marks::Histogram(bins(&messages.wire_sizes)),
            },
        ],
    }
}
