//! Answers as plots, and the page with them: bits by padding, what padding costs, and each channel from secret to
//! observation.

use super::{Answer, Channel, Row, name_of};
use report::plot::{Axis, Bar, Heatmap, Marks, Plot, Series, Tile, Unit};
use report::{Entry, Grid, Section};

/// What is drawn of each answer: bits by padding, and the channel of each padding. What padding costs stands beside the first
/// answer about a secret.
#[must_use]
pub fn plots(answers: &[Answer]) -> Vec<Vec<Plot>> {
    let before = std::iter::once(None).chain(answers.iter().map(|answer| Some(answer.secret)));
    let of_one = |(answer, before): (&Answer, Option<_>)| {
        let mut plots = vec![bits(answer)];
        if before != Some(answer.secret) {
            plots.push(bytes(answer));
        }
        let channels = answer.rows.iter().filter_map(|row| Some(channel(answer, row, row.channel.as_ref()?)));
        plots.extend(channels);
        plots
    };
    answers.iter().zip(before).map(of_one).collect()
}

/// A page of answers: tables and plots.
#[must_use]
pub fn page(answers: &[Answer], version: &str) -> report::html::Page {
    report::html::Page {
        title: "What views tell".into(),
        lede: "How many bits of a secret the view of each principal tells, and what padding costs (docs/leakage.md)."
            .into(),
        warning: None,
        version: version.into(),
        sections: sections(answers),
    }
}

fn id(answer: &Answer, what: &str) -> String {
    format!("{}-{}-{what}", answer.secret.name().replace('_', "-"), answer.view)
}

fn bits(answer: &Answer) -> Plot {
    let bars = |value: fn(&Row) -> f64, error: fn(&Row) -> Option<(f64, f64)>| {
        let bar = |(band, row)| Bar { band, value: value(row), error: error(row) };
        Marks::Bars(answer.rows.iter().enumerate().map(bar).collect())
    };
    let secret = answer.rows.iter().map(|row| row.estimate.secret_bits).fold(0.0, f64::max);
    Plot {
        id: id(answer, "bits"),
        title: format!("Bits of {} that {} sees, by {}", answer.secret, answer.view, answer.observe),
        summary: format!(
            "Mutual information with its interval, and min-entropy leakage, for each padding; the secret has {secret:.2} bits."
        ),
        x: Axis::bands("padding", answer.rows.iter().map(|row| name_of(row.padding).into()).collect()),
        y: Axis::linear(&format!("bits, of {secret:.2}"), Unit::None).between(0.0, secret.max(0.1)),
        series: vec![
            Series {
                name: "mutual information".into(),
                marks: bars(
                    |row| row.estimate.information.bits,
                    |row| Some((row.estimate.information.low_bits, row.estimate.information.high_bits)),
                ),
            },
            Series {
                name: "min-entropy leakage".into(),
                marks: bars(|row| row.estimate.min_entropy.held_out_bits, |_| None),
            },
        ],
    }
}

fn bytes(answer: &Answer) -> Plot {
    let bar = |(band, row): (usize, &Row)| Bar { band, value: row.cost.bytes_per_message, error: None };
    Plot {
        id: id(answer, "bytes"),
        title: format!("What padding costs: {}", answer.secret),
        summary: "Bytes of a ciphertext on average, for each padding.".into(),
        x: Axis::bands("padding", answer.rows.iter().map(|row| name_of(row.padding).into()).collect()),
        y: Axis::linear("ciphertext of a message", Unit::Bytes),
        series: vec![Series {
            name: String::new(),
            marks: Marks::Bars(answer.rows.iter().enumerate().map(bar).collect()),
        }],
    }
}

fn channel(answer: &Answer, row: &Row, channel: &Channel) -> Plot {
    let padding = name_of(row.padding);
    let place = |place: usize| place as f64;
    // Bands go upwards, and people read downwards.
    let rows = channel.rows.iter().rev().enumerate();
    let tiles = rows.flat_map(|(y, (_, shares))| {
        shares.iter().enumerate().map(move |(x, share)| Tile {
            x: (place(x), place(x + 1)),
            y: (place(y), place(y + 1)),
            value: *share,
        })
    });
    Plot {
        id: id(answer, &format!("channel-{padding}")),
        title: format!("What {} is seen as, with padding {padding}", answer.secret),
        summary: "For each secret the share of its messages that is seen so.".into(),
        x: Axis::bands(channel.column, channel.seen.clone()),
        y: Axis::bands("", channel.rows.iter().rev().map(|(secret, _)| secret.clone()).collect()),
        series: vec![Series {
            name: String::new(),
            marks: Marks::Heatmap(Heatmap {
                label: "share".into(),
                unit: Unit::Share,
                tiles: tiles.collect(),
                labelled: false,
            }),
        }],
    }
}

/// One for each secret.
fn sections(answers: &[Answer]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (answer, plots) in answers.iter().zip(plots(answers)) {
        let (secret, view) = (answer.secret, answer.view);
        if sections.last().is_none_or(|last| last.id != secret.name()) {
            let text = format!("Secret: {}. The policy says:", secret.told());
            sections.push(Section::new(secret.name(), secret.name(), text));
        }
        let Some(section) = sections.last_mut() else { continue };
        section.text += &format!(" {view} {};", answer.policy_told());
        section.plots.extend(plots);
        section.grids.push(grid(answer));
    }
    for section in &mut sections {
        section.text.pop();
        section.text.push('.');
    }
    sections
}

fn grid(answer: &Answer) -> Grid {
    let columns = [
        "padding",
        "bits",
        "low",
        "high",
        "p",
        "min-entropy",
        "risk before",
        "risk, frequency",
        "risk, neighbours",
        "ciphertext",
        "overhead",
        "significant",
    ];
    let rows = answer.rows.iter().map(|row| {
        let (found, risk) = (&row.estimate, row.estimate.risk);
        let number = |value| Entry::number(value, Unit::None);
        vec![
            Entry::text(name_of(row.padding)),
            number(found.information.bits),
            number(found.information.low_bits),
            number(found.information.high_bits),
            number(found.information.p_value),
            number(found.min_entropy.held_out_bits),
            Entry::number(risk.prior, Unit::Share),
            Entry::number(risk.frequency, Unit::Share),
            Entry::number(risk.nearest, Unit::Share),
            Entry::number(row.cost.bytes_per_message, Unit::Bytes),
            Entry::number(row.cost.overhead_bytes, Unit::Bytes),
            Entry::text(if found.significant { "yes" } else { "no" }),
        ]
    });
    Grid { caption: answer.view.name(), columns: columns.map(String::from).to_vec(), rows: rows.collect() }
}
