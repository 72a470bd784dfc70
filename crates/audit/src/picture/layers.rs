//! How it was checked: the layers from the cheapest to the deepest, each with its numbers.

use super::{bytes, counted, whole};
use crate::{Looked, Measured, NEVER, Processes, Report, TrialReport};
use report::html::table;
use report::plot::{Unit, escape};
use report::{Entry, Grid, float, names};

/// Every layer of which the report has something.
pub(super) fn section(report: &Report) -> String {
    let layers = [
        layer("By construction", &construction(report), ""),
        layer("By label", &label(report), ""),
        layer("By canary", &canary(report), ""),
        layer(
            "By attack",
            "Attempts that must fail: what the rules forbid that are no cells.",
            &attacks(report),
        ),
        layer(
            "By destruction",
            "What was delivered, or kept for as long as it may be, must be in nobody's rows.",
            &remains(report),
        ),
        layer(
            "By noninterference",
            "Two runs with the same randomness that differ in one secret: whoever may not learn it must see the same, \
             event by event. Whoever may learn it should notice, or the comparison would be blind.",
            &trials(&report.trials),
        ),
        layer(
            "By estimation",
            "Where nothing can be equal: how many bits of a secret the sizes and times of what somebody sees tell.",
            &measured(&report.measured),
        ),
        layer(
            "As processes",
            "The program as it is shipped, in processes of its own, and all that can be seen of them from outside.",
            &report.live.as_ref().map_or_else(nothing, processes),
        ),
    ];
    format!(
        "<p>From the cheapest to the deepest. A check that finds nothing proves nothing, unless it is seen to find what is there.</p>\n{}",
        layers.concat()
    )
}

/// The channels, and what nobody looked at.
pub(super) fn looked(report: &Report) -> String {
    let rows = report.looked_at.iter().flat_map(|Looked { layer, channels }| {
        channels.iter().map(|channel| vec![Entry::text(*layer), Entry::text(*channel)])
    });
    let rows = rows.collect();
    let not = report.live.iter().flat_map(|live| live.not_looked_at.iter().map(String::as_str));
    let not: Vec<_> = not.chain(NEVER).collect();
    format!(
        "<p>Of these something can be said, and of nothing else. Not looked at: {}.</p>\n{}",
        escape(&not.join("; ")),
        table(&Grid { caption: "Channels", columns: names(["layer", "channel"]), rows })
    )
}

/// `text` is text, `rest` HTML.
fn layer(title: &str, text: &str, rest: &str) -> String {
    format!("<div class=\"layer\">\n<h3>{title}</h3>\n<p>{}</p>\n{rest}</div>\n", escape(text))
}

fn construction(report: &Report) -> String {
    let construction = &report.construction;
    let ways = match &construction.paths[..] {
        [] => "no way leads from them to code that reads messages".to_owned(),
        ways => {
            let ways: Vec<String> = ways.iter().map(|way| way.join(" → ")).collect();
            format!("code that reads messages is reached by {}", ways.join("; "))
        }
    };
    format!(
        "The relay is made of {}. In the graph of all {}, {ways}.",
        construction.blind.join(", "),
        counted(construction.crates as u64, "crate")
    )
}

fn label(report: &Report) -> String {
    let fields: u64 = report.cells.iter().map(|cell| cell.fields).sum();
    let values: u64 = report.cells.iter().map(|cell| cell.values).sum();
    format!(
        "Every field of every frame, row, header and log line says which class it is of. {} and {} were compared with \
         what their readers may have.",
        counted(fields, "place"),
        counted(values, "value")
    )
}

fn canary(report: &Report) -> String {
    format!(
        "{} that occur nowhere else were planted, and {} searched for them, raw and in the usual encodings: {}.",
        counted(report.canaries as u64, "random value"),
        counted(report.views as u64, "view"),
        bytes(report.bytes_scanned)
    )
}

fn attacks(report: &Report) -> String {
    if report.attacks.is_empty() {
        return nothing();
    }
    let rows = report.attacks.iter().map(|attack| {
        vec![
            Entry::text(attack.what),
            Entry::text(attack.invariant),
            count(attack.attempts),
            count(attack.successes),
        ]
    });
    table(&Grid {
        caption: "Attempts",
        columns: names(["what was tried", "against", "attempts", "came to something"]),
        rows: rows.collect(),
    })
}

fn remains(report: &Report) -> String {
    if report.remains.is_empty() {
        return nothing();
    }
    let rows = report.remains.iter().map(|remains| {
        vec![
            Entry::text(remains.what),
            count(remains.planted as u64),
            count(remains.before as u64),
            count(remains.after as u64),
        ]
    });
    table(&Grid {
        caption: "What had to be gone",
        columns: names(["why", "planted", "there while it might be", "there when it might not"]),
        rows: rows.collect(),
    })
}

fn trials(trials: &[TrialReport]) -> String {
    if trials.is_empty() {
        return nothing();
    }
    let rows = trials.iter().map(|trial| {
        vec![
            Entry::text(&*trial.about),
            Entry::text(&*trial.name),
            Entry::text(&*trial.class),
            count(trial.pairs),
            count(trial.views),
            count(trial.unequal.len() as u64),
            Entry::text(noticed(trial)),
        ]
    });
    table(&Grid {
        caption: "Secrets",
        columns: names([
            "what differs",
            "name",
            "class",
            "pairs",
            "views compared",
            "that differ and must not",
            "noticed by, as they may",
        ]),
        rows: rows.collect(),
    })
}

/// Who could tell the runs apart and may: the comparison sees.
fn noticed(trial: &TrialReport) -> String {
    let noticed = trial.noticed.iter().filter(|(_, times)| **times > 0);
    let mut all: Vec<String> = noticed
        .map(|(party, times)| {
            if *times == trial.pairs {
                party.clone()
            } else {
                format!("{party} ({} of {})", whole(*times), whole(trial.pairs))
            }
        })
        .collect();
    all.extend(trial.blind.iter().map(|party| format!("not by {party}, who should have")));
    if all.is_empty() { "nobody".into() } else { all.join(", ") }
}

fn measured(measured: &[Measured]) -> String {
    if measured.is_empty() {
        return nothing();
    }
    let bits = |value| Entry::number(value, Unit::None);
    let rows = measured.iter().map(|measured| {
        vec![
            Entry::text(&*measured.secret),
            Entry::text(&*measured.principal),
            bits(measured.bits),
            bits(measured.low_bits),
            bits(measured.high_bits),
            bits(measured.of_bits),
            Entry::text(if measured.significant { "yes" } else { "no" }),
        ]
    });
    table(&Grid {
        caption: "Bits",
        columns: names(["secret", "in the eyes of", "bits", "at least", "at most", "of", "more than chance"]),
        rows: rows.collect(),
    })
}

fn processes(processes: &Processes) -> String {
    let text = format!(
        "{} of packets, files, memory, logs and HTTP were searched in {}. With {} every route was walked over in every way that \
         is refused. A process died at {}, and what had been deleted stayed so.",
        bytes(processes.bytes),
        counted(processes.views as u64, "view"),
        counted(processes.walked as u64, "request"),
        counted(processes.crash_points.into(), "point")
    );
    let rows = processes
        .phases
        .iter()
        .map(|(what, took)| vec![Entry::text(what), Entry::number(*took, Unit::Seconds)]);
    let phases =
        table(&Grid { caption: "What was done", columns: names(["what", "took"]), rows: rows.collect() });
    format!("<p>{}</p>\n{phases}", escape(&text))
}

fn count(count: u64) -> Entry {
    Entry::number(float(count), Unit::None)
}

fn nothing() -> String {
    "<p>Not part of this audit.</p>\n".into()
}
