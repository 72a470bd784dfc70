//! The matrix as a table: a row for each class, a column for each principal, and in each cell what is to be seen at a glance.

use super::icons::Icon;
use super::{bytes, counted, states, whole, words};
use crate::{Bits, CellReport, Report, State};
use report::plot::{escape, number};

/// The legend, and the table below it.
pub(super) fn table(report: &Report) -> String {
    let (classes, principals) = axes(&report.cells);
    let head = principals.iter().fold(String::new(), |all, principal| {
        all + &format!(
            "<th scope=\"col\"><b>{}</b><span>{}</span></th>\n",
            escape(principal),
            escape(words::who(principal))
        )
    });
    let rows = classes.iter().fold(String::new(), |all, class| {
        let cells = report.cells.iter().filter(|cell| cell.class == *class).map(cell);
        all + &format!(
            "<tr><th scope=\"row\"><b>{}</b><span>{}</span><small>{}</small></th>\n{}</tr>\n",
            escape(class),
            escape(words::what(class)),
            words::examples(class),
            cells.collect::<String>()
        )
    });
    format!(
        "<p>A row is a kind of data, a column is somebody, and a cell is a question: may they learn it, and did they? \
         Choose a cell to see its evidence.{}</p>\n{}\
         <table class=\"matrix\" aria-label=\"Who may learn what, and what was seen\">\n<thead><tr><td></td>\n{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n",
        beside(report),
        legend(&report.cells)
    )
}

/// Rules that are no cells can be broken too, and the table doesn't show it.
fn beside(report: &Report) -> String {
    let in_cells: u64 = report.cells.iter().map(|cell| cell.leaks).sum();
    match (report.leaks as u64).saturating_sub(in_cells) {
        0 => String::new(),
        leaks => format!(" <a href=\"#leaks\">{} in no cell</a>.", counted(leaks, "leak")),
    }
}

/// Where the evidence of a cell stands on the page.
pub(super) fn anchor(cell: &CellReport) -> String {
    escape(&format!("{}-{}", cell.class, cell.principal))
}

/// Classes and principals, each in the order in which they come.
pub(super) fn axes(cells: &[CellReport]) -> (Vec<&str>, Vec<&str>) {
    let (mut classes, mut principals) = (Vec::new(), Vec::new());
    for cell in cells {
        if !classes.contains(&&*cell.class) {
            classes.push(&*cell.class);
        }
        if !principals.contains(&&*cell.principal) {
            principals.push(&*cell.principal);
        }
    }
    (classes, principals)
}

/// What the signs mean, and how often each is there.
fn legend(cells: &[CellReport]) -> String {
    let items = State::ALL.into_iter().fold(String::new(), |all, state| {
        let meaning = match state {
            State::NotSeen => "must not know it, and did not see it",
            State::Seen => "may know it, and saw it: the search is not blind",
            State::Nothing => "may know it, and there is nothing of the kind yet",
            State::Leak => "learnt what is not for them",
            State::NotChecked => "not everything was done: nothing can be said",
        };
        all + &format!(
            "<li data-legend=\"{}\"><span class=\"state\">{}{}</span><b>{}</b><small>{meaning}</small></li>\n",
            state.name(),
            Icon::of(state).svg(),
            state.word(),
            states(cells, state),
        )
    });
    format!("<ul class=\"legend\">\n{items}</ul>\n")
}

fn cell(cell: &CellReport) -> String {
    let state = cell.state();
    let evidence = glance(cell)
        .iter()
        .fold(String::new(), |all, line| all + &format!("<span class=\"evidence\">{}</span>", escape(line)));
    format!(
        "<td data-class=\"{class}\" data-principal=\"{principal}\" data-state=\"{}\"><a href=\"#{anchor}\">\
         <span class=\"who\">{principal}<small>{}</small></span>\
         <span class=\"rule\">{}</span> <span class=\"state\">{}{}</span> {evidence}</a></td>\n",
        state.name(),
        escape(words::who(&cell.principal)),
        escape(&cell.rule),
        Icon::of(state).svg(),
        state.word(),
        class = escape(&cell.class),
        principal = escape(&cell.principal),
        anchor = anchor(cell),
    )
}

/// The evidence in a few words.
fn glance(cell: &CellReport) -> Vec<String> {
    let mut lines = Vec::new();
    match cell.state() {
        State::Leak => {
            lines.push(format!("{} found", whole(cell.leaks)));
            if cell.pairs_unequal > 0 {
                lines.push(format!(
                    "{} of {} differ",
                    whole(cell.pairs_unequal),
                    counted(cell.pairs, "pair")
                ));
            }
        }
        State::NotChecked => lines.extend(cell.missing.first().cloned()),
        State::Nothing => {}
        State::Seen => {
            if cell.values > 0 {
                lines.push(counted(cell.values, "value"));
            } else if cell.canaries_seen > 0 {
                let noun = if cell.canaries_seen == 1 { "canary" } else { "canaries" };
                lines.push(format!("{} {noun}", whole(cell.canaries_seen)));
            } else {
                lines.push(format!("{} told apart", counted(cell.pairs_told_apart, "pair")));
            }
            if cell.pairs > 0 {
                lines.push(format!("others’: {} equal", whole(cell.pairs)));
            }
        }
        State::NotSeen => {
            lines.push(format!("{} searched", bytes(cell.bytes)));
            if cell.pairs > 0 {
                lines.push(format!("{} equal", counted(cell.pairs, "pair")));
            }
        }
    }
    lines.extend(cell.measured.as_ref().map(measured));
    lines
}

/// `0.62 of 2 bits`.
pub(super) fn measured(bits: &Bits) -> String {
    // What can't be told from nothing should not be written with a power of ten.
    let little = bits.bits.abs() < 0.001;
    let some = if little { "0".to_owned() } else { number(bits.bits) };
    format!("{some} of {} bits", number(bits.of))
}

/// What the first word in each cell means.
pub(super) fn rules(report: &Report) -> String {
    let rules = words::RULES.iter().fold(String::new(), |all, (word, meaning)| {
        let cells = report.cells.iter().filter(|cell| cell.rule == *word).count() as u64;
        all + &format!(
            "<dt><span class=\"rule\">{word}</span></dt><dd>{meaning} <small>{}</small></dd>\n",
            counted(cells, "cell")
        )
    });
    format!(
        "<p>The first word in a cell is the rule. All are in one file, which the program executes; what no rule \
         allows is a leak.</p>\n<dl class=\"rules\">\n{rules}</dl>\n"
    )
}
