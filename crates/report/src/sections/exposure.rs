//! What adversaries could read, and when.

use super::{Entry, Grid, Headline, Section, float, names};
use crate::column::Row as _;
use crate::error::ReadError;
use crate::plot::{Axis, Heatmap, Marks, Plot, Series, Tile, Unit, number};
use crate::read::Run;
use crate::tables::Exposure;
use std::collections::BTreeMap;

const INTERVALS: u64 = 200;
const COLUMNS: u64 = 40;

/// What one adversary could read.
#[derive(Default)]
struct Reach {
    messages: u64,
    readable: u64,
    /// Readable messages by interval of time.
    over_time: BTreeMap<u64, u64>,
    /// Messages and readable ones, by their number in the conversation.
    by_number: BTreeMap<u64, (u64, u64)>,
    because: BTreeMap<String, u64>,
}

pub(super) fn section(run: &Run) -> Result<(Section, Option<Headline>), ReadError> {
    let mut section = Section::new(
        "exposure",
        "Exposure",
        "Which messages each adversary could read: how many by when, and at which place in a conversation.",
    );
    let start = run.manifest().facts.started_us;
    let (mut end, mut longest) = (start, 0);
    run.scan(Exposure::TABLE, "exposure", &["at_us", "message"], |batch| {
        for row in batch.rows() {
            end = end.max(row.u64(0).unwrap_or(0));
            longest = longest.max(row.u64(1).unwrap_or(0));
        }
    })?;
    let interval = ((end - start) / INTERVALS).max(1);
    let width = (longest / COLUMNS).saturating_add(1);
    let mut adversaries: BTreeMap<String, Reach> = BTreeMap::new();
    run.scan(
        Exposure::TABLE,
        "exposure",
        &["adversary", "at_us", "message", "readable", "because"],
        |batch| {
            for row in batch.rows() {
                let reach = adversaries.entry(row.text(0).into()).or_default();
                let column = reach.by_number.entry(row.u64(2).unwrap_or(0) / width).or_default();
                column.0 += 1;
                reach.messages += 1;
                if row.bool(3) {
                    column.1 += 1;
                    reach.readable += 1;
                    let at = row.u64(1).unwrap_or(0).saturating_sub(start);
                    *reach.over_time.entry(at / interval).or_default() += 1;
                    *reach.because.entry(row.text(4).into()).or_default() += 1;
                }
            }
        },
    )?;
    if adversaries.is_empty() {
        section.text = "No adversary of this run looked at messages.".into();
        return Ok((section, None));
    }
    section.plots.push(over_time(&adversaries, float(interval) / 1e6, float(end - start) / 1e6));
    section.plots.push(by_number(&adversaries, width));
    section.grids.push(reasons(&adversaries));
    let worst = adversaries.values().map(|reach| float(reach.readable) / float(reach.messages.max(1)));
    let headline = Headline {
        name: "Exposed",
        value: format!("{} %", number((worst.fold(0.0, f64::max) * 1e4).ceil() / 100.0)),
        note: format!(
            "to the worst of {}",
            if adversaries.len() == 1 {
                "1 adversary".into()
            } else {
                format!("{} adversaries", adversaries.len())
            }
        ),
    };
    Ok((section, Some(headline)))
}

fn over_time(adversaries: &BTreeMap<String, Reach>, interval_s: f64, end_s: f64) -> Plot {
    let series = adversaries.iter().map(|(name, reach)| {
        let mut sum = 0;
        let mut points = vec![(0.0, 0.0)];
        points.extend(reach.over_time.iter().map(|(interval, count)| {
            sum += count;
            ((float(*interval) + 1.0) * interval_s, float(sum))
        }));
        points.push((end_s.max(interval_s), float(sum)));
        Series { name: name.clone(), marks: Marks::Step(points) }
    });
    Plot {
        id: "exposure-over-time".into(),
        title: "Messages that an adversary could read, by when they were sent".into(),
        summary: "The running total of readable messages of each adversary, over virtual time.".into(),
        x: Axis::linear("virtual time", Unit::Seconds),
        y: Axis::linear("readable messages", Unit::None),
        series: series.collect(),
    }
}

fn by_number(adversaries: &BTreeMap<String, Reach>, width: u64) -> Plot {
    let tiles = (0_u32..).zip(adversaries.values()).flat_map(|(band, reach)| {
        reach.by_number.iter().map(move |(column, (messages, readable))| Tile {
            x: (float(column * width), float((column + 1) * width)),
            y: (f64::from(band), f64::from(band) + 1.0),
            value: float(*readable) / float(*messages),
        })
    });
    let tiles: Vec<Tile> = tiles.collect();
    let end = tiles.iter().map(|tile| tile.x.1).fold(1.0, f64::max);
    Plot {
        id: "exposure-by-message".into(),
        title: "Share of messages that an adversary could read, by place in the conversation".into(),
        summary: "For each adversary, the share of readable messages among the first, second and later messages of all conversations.".into(),
        x: Axis::linear("message of the conversation", Unit::None).between(0.0, end),
        y: Axis::bands("adversary", adversaries.keys().cloned().collect()),
        series: vec![Series {
            name: String::new(),
            marks: Marks::Heatmap(Heatmap { label: "readable".into(), unit: Unit::Share, tiles, labelled: false }),
        }],
    }
}

fn reasons(adversaries: &BTreeMap<String, Reach>) -> Grid {
    let rows = adversaries.iter().flat_map(|(name, reach)| {
        let nothing = reach.because.is_empty().then(|| (String::from("nothing was readable"), 0));
        let because = reach.because.iter().map(|(because, count)| (because.clone(), *count)).chain(nothing);
        because.map(move |(because, count)| {
            vec![
                Entry::text(name),
                Entry::text(because),
                Entry::number(float(count), Unit::None),
                Entry::number(float(count) / float(reach.messages.max(1)), Unit::Share),
            ]
        })
    });
    Grid {
        caption: "Why messages were readable",
        columns: names(["adversary", "because", "messages", "share of all"]),
        rows: rows.collect(),
    }
}
