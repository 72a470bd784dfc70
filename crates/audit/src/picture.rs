//! The audit as a picture: one page that tells the story to somebody who knows nothing of the project.
//!
//! It says first what came of the audit, in a sentence; then who carries a message and who can read it; then the matrix, every
//! cell with its evidence; and then everything that a reader needs who doesn't believe it. Without JavaScript nothing is
//! missing: cells are links to their evidence further down.

mod diagram;
mod evidence;
mod icons;
mod layers;
mod matrix;
mod proof;
mod words;

use crate::{CellReport, Report, State, Verdict};
use icons::Icon;
use report::html::Document;
use report::plot::{Unit, escape, number, with_unit};

const STYLE: &str = include_str!("picture/picture.css");
const SCRIPT: &str = include_str!("picture/picture.js");

/// A section below the verdict.
struct Part {
    /// Where links lead.
    id: &'static str,
    title: &'static str,
    draw: fn(&Report) -> String,
}

const PARTS: [Part; 8] = [
    Part { id: "matrix", title: "The matrix", draw: matrix::table },
    Part { id: "rules", title: "What the rules mean", draw: matrix::rules },
    Part { id: "layers", title: "How it was checked", draw: layers::section },
    Part { id: "looked", title: "What was looked at", draw: layers::looked },
    Part { id: "leaks", title: "Leaks", draw: proof::leaks },
    Part { id: "unchecked", title: "Not checked", draw: proof::unchecked },
    Part { id: "cells", title: "Every cell", draw: evidence::section },
    Part { id: "repeat", title: "How to repeat it", draw: proof::repeat },
];

/// Draws a report as a page that needs nothing else: one file, light and dark, on paper and on a phone.
#[must_use]
pub fn page(report: &Report) -> String {
    let link = |Part { id, title, .. }: &Part| format!("<a href=\"#{id}\">{title}</a>");
    let section = |Part { id, title, draw }: &Part| {
        format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{}</section>\n", draw(report))
    };
    let links: String = PARTS.iter().map(link).collect();
    let sections: String = PARTS.iter().map(section).collect();
    let parts = [icons::definitions(), verdict(report), diagram::figure(report), headlines(report), sections];
    Document {
        title: "The privacy boundary",
        version: &report.repeat.version,
        links: &links,
        body: &parts.concat(),
        style: STYLE,
        script: SCRIPT,
    }
    .to_html()
}

/// The whole audit in a sentence, and what it rests on.
fn verdict(report: &Report) -> String {
    let executed = format!(
        "{} of {} cells executed, {}",
        report.cells_executed,
        report.cells_total,
        counted(report.leaks as u64, "leak")
    );
    let (name, icon, sentence, meaning) = match report.verdict() {
        Verdict::Clean => (
            "clean",
            Icon::Shield,
            "No leak in what was looked at".to_owned(),
            "In the channels below whoever may not know something did not see it, and could not tell runs apart that differ in \
             it. Of other channels nothing is said.",
        ),
        Verdict::Leak => (
            "leak",
            Icon::Warning,
            format!("The boundary leaks: {}", worst(report)),
            "Somebody could learn what is not for them. Every leak is below, with how it was found.",
        ),
        Verdict::NotChecked => (
            "not-checked",
            Icon::Question,
            "Not everything could be checked".to_owned(),
            "Nothing was found where everything was looked at. Of the rest nothing can be said.",
        ),
    };
    format!(
        "<div class=\"verdict\" data-verdict=\"{name}\">\n<p class=\"over\">The privacy boundary, executed</p>\n\
         <h1>{}<span>{}.</span></h1>\n<p class=\"executed\">{executed}</p>\n\
         <p class=\"lede\">Blindpost carries messages between people and businesses. For each party and each kind of data \
         there is a rule: may they learn it? Real runs were searched and compared to see whether they did. {meaning}</p>\n</div>\n",
        icon.svg(),
        escape(&sentence)
    )
}

/// The first leak, for whoever reads no further.
fn worst(report: &Report) -> String {
    let mut who: Vec<(&str, Option<&str>)> = Vec::new();
    for leak in &report.found {
        let one = (&*leak.principal, leak.class.as_deref());
        if !who.contains(&one) {
            who.push(one);
        }
    }
    // A leak that names a class says more.
    let first = who.iter().find(|(_, class)| class.is_some()).or_else(|| who.first());
    let told = first.map_or_else(
        || counted(report.leaks as u64, "leak"),
        |(principal, class)| words::broken(principal, *class),
    );
    match who.len() {
        0 | 1 => told,
        2 => format!("{told}, and one more"),
        more => format!("{told}, and {} more", more - 1),
    }
}

fn headlines(report: &Report) -> String {
    let attempts: u64 = report.attacks.iter().map(|attack| attack.attempts).sum();
    let successes: u64 = report.attacks.iter().map(|attack| attack.successes).sum();
    let numbers = [
        (
            "searched",
            bytes(report.bytes_scanned),
            format!(
                "for {} in {}",
                counted(report.canaries as u64, "planted value"),
                counted(report.views as u64, "view")
            ),
        ),
        (
            "compared",
            counted(report.pairs_run, "pair"),
            format!("of runs that differ in a secret; {} told apart", whole(report.pairs_unequal)),
        ),
        (
            "attacked",
            counted(attempts, "attempt"),
            format!("and faults; {} came to something", whole(successes)),
        ),
        ("took", with_unit(report.seconds, Unit::Seconds), "on one computer".to_owned()),
    ];
    let numbers = numbers.into_iter().fold(String::new(), |all, (name, value, note)| {
        all + &format!(
            "<div><dt>{name}</dt><dd>{}<small>{}</small></dd></div>\n",
            escape(&value),
            escape(&note)
        )
    });
    format!("<dl class=\"headlines\">\n{numbers}</dl>\n")
}

/// How many cells come to each state.
fn states(cells: &[CellReport], state: State) -> usize {
    cells.iter().filter(|cell| cell.state() == state).count()
}

/// `1 pair`, `2 pairs`.
fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", whole(count), if count == 1 { "" } else { "s" })
}

fn whole(count: u64) -> String {
    number(report::float(count))
}

fn bytes(count: u64) -> String {
    with_unit(report::float(count), Unit::Bytes)
}
