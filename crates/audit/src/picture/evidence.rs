//! The evidence of every cell, in sentences and numbers: what the table's cells lead to.

use super::icons::Icon;
use super::{counted, matrix, whole, words};
use crate::{CellReport, Report, State};
use report::plot::escape;

/// All cells by class; where something is wrong, the class is open.
pub(super) fn section(report: &Report) -> String {
    let (classes, _) = matrix::axes(&report.cells);
    let classes = classes.iter().fold(String::new(), |all, class| {
        let cells: Vec<&CellReport> = report.cells.iter().filter(|cell| cell.class == *class).collect();
        let wrong = cells.iter().any(|cell| matches!(cell.state(), State::Leak | State::NotChecked));
        all + &format!(
            "<details{}>\n<summary><b>{}</b> <span>{}</span></summary>\n<div class=\"cells\">\n{}</div>\n</details>\n",
            if wrong { " open" } else { "" },
            escape(class),
            escape(words::what(class)),
            cells.into_iter().map(cell).collect::<String>()
        )
    });
    format!("<p>What was done about each cell, and what came of it.</p>\n{classes}")
}

fn cell(cell: &CellReport) -> String {
    let state = cell.state();
    format!(
        "<div id=\"{}\" class=\"cell\" data-of=\"{}\">\n<h3><span class=\"state\">{}{}</span> {}</h3>\n<p>{}</p>\n\
         <dl class=\"facts\">\n{}</dl>\n</div>\n",
        matrix::anchor(cell),
        state.name(),
        Icon::of(state).svg(),
        state.word(),
        escape(&words::who_first(&cell.principal)),
        escape(&sentence(cell)),
        facts(cell)
    )
}

/// What the cell comes to, for a person.
fn sentence(cell: &CellReport) -> String {
    let (who, what) = (words::who_first(&cell.principal), words::what(&cell.class));
    let may = match &*cell.rule {
        "yes" => format!("{who} may learn {what}"),
        "own" => format!("{who} may learn {what}, of its own only"),
        "aggregated" => format!("{who} may learn {what} only as totals"),
        "packets" => format!("{who} may learn {what} only as packets show it"),
        _ => format!("{who} must not learn {what}"),
    };
    match cell.state() {
        State::NotSeen if cell.rule == "no" => format!("{may}, and nothing of it was found."),
        State::NotSeen => format!("{may}, and nothing more was found."),
        State::Seen => format!("{may}, and did: the search sees what is there."),
        State::Nothing => format!("{may}, and the system has nothing of the kind there yet."),
        State::Leak if cell.may_learn() => format!("{may}, and learnt what is not for it."),
        State::Leak => format!("{may}, and did."),
        State::NotChecked => format!("{may}; whether it keeps to that can't be said."),
    }
}

/// The numbers behind it: a zero is evidence too where something was looked for.
fn facts(cell: &CellReport) -> String {
    let mut facts = vec![("rule", format!("{}: {}", cell.rule, words::rule(&cell.rule)))];
    let mut add = |name, fact| facts.push((name, fact));
    if cell.leaks > 0 {
        add("leaks", format!("{}, all under “Leaks”", whole(cell.leaks)));
    }
    if !cell.missing.is_empty() {
        add("missing", cell.missing.join("; "));
    }
    if cell.bytes > 0 {
        add("searched", format!("{}: all that was before its eyes", counted(cell.bytes, "byte")));
    }
    if cell.canaries > 0 {
        let own = if cell.may_learn() { "planted and its own" } else { "planted" };
        add("canaries", format!("{} of {} {own} were seen", whole(cell.canaries_seen), whole(cell.canaries)));
    }
    if cell.pairs > 0 {
        let equal = whole(cell.pairs.saturating_sub(cell.pairs_unequal));
        add("compared", format!("{equal} of {} of runs equal to it", counted(cell.pairs, "pair")));
        add("differing in", cell.secrets.join(", "));
    }
    if cell.pairs_told_apart > 0 {
        add("told apart", format!("{} of runs, as it may", counted(cell.pairs_told_apart, "pair")));
    }
    if cell.fields > 0 || cell.values > 0 {
        let (fields, values) = (counted(cell.fields, "labelled place"), counted(cell.values, "value"));
        add("by label", format!("{fields} that lead there, {values} seen"));
    }
    if let Some(bits) = &cell.measured {
        add("measured", format!("{}: {}", bits.secret, matrix::measured(bits)));
    }
    facts.into_iter().fold(String::new(), |all, (name, fact)| {
        all + &format!("<dt>{name}</dt><dd>{}</dd>\n", escape(&fact))
    })
}
