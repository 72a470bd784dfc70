//! What a reader needs who doesn't believe it: every leak in full, what was not looked at, and how to look again.

use super::icons::Icon;
use super::words;
use crate::{Leak, Report, State};
use report::plot::escape;

/// Every leak, with the runs beside each other where two were compared.
pub(super) fn leaks(report: &Report) -> String {
    if report.found.is_empty() {
        return "<p>None was found.</p>\n".into();
    }
    report.found.iter().map(leak).collect()
}

fn leak(leak: &Leak) -> String {
    let (what, difference) = match leak.what.split_once('\n') {
        Some((what, difference)) => (what, diff(difference)),
        None => (&*leak.what, String::new()),
    };
    let class = leak.class.as_deref();
    let code = class.map_or_else(String::new, |class| format!(" <code>{}</code>", escape(class)));
    format!(
        "<div class=\"leak\">\n<h3>{}{}{code}</h3>\n<p>{}</p>\n{difference}<p class=\"by\">found by {}</p>\n</div>\n",
        Icon::of(State::Leak).svg(),
        escape(&words::first(&words::broken(&leak.principal, class))),
        escape(what),
        escape(leak.layer)
    )
}

/// Lines that one run had, that the other had, and that both had, told apart by colour and by sign.
fn diff(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.is_empty()).fold(String::new(), |all, line| {
        let kind = match line.as_bytes().first() {
            Some(b'-') => "one",
            Some(b'+') => "other",
            _ => "both",
        };
        all + &format!("<span class=\"{kind}\">{}\n</span>", escape(line))
    });
    format!(
        "<pre class=\"diff\" tabindex=\"0\" aria-label=\"The first difference of two runs\">{lines}</pre>\n"
    )
}

/// Cells without all that they need, and checks that may be blind.
pub(super) fn unchecked(report: &Report) -> String {
    let cells = report.cells.iter().filter(|cell| !cell.executed).map(|cell| {
        let question = format!("whether {} learns {}", words::who(&cell.principal), words::what(&cell.class));
        (question, cell.missing.join("; "))
    });
    let blind = report.blind.iter().map(|blind| (format!("the layer {}", blind.layer), blind.what.clone()));
    let items = cells.chain(blind).fold(String::new(), |all, (what, why)| {
        all + &format!("<li><b>{}</b>: {}</li>\n", escape(&what), escape(&why))
    });
    if items.is_empty() {
        return "<p>Every cell was executed, and every check that must see something did.</p>\n".into();
    }
    format!("<ul class=\"unchecked\">\n{items}</ul>\n")
}

/// What to type, and what decides the outcome.
pub(super) fn repeat(report: &Report) -> String {
    let repeat = &report.repeat;
    let command = if repeat.command.is_empty() {
        String::new()
    } else {
        format!("<pre><code>{}</code></pre>\n", escape(&repeat.command))
    };
    format!(
        "<p>What runs in virtual time follows from the seed: the same command has the same outcome on any computer. \
         A leak says with which seed it was found.</p>\n{command}<dl class=\"facts\">\n<dt>version</dt><dd>{}</dd>\n\
         <dt>seed</dt><dd>{}</dd>\n</dl>\n",
        escape(&repeat.version),
        repeat.seed
    )
}
