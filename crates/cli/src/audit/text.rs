//! An audit as a person reads it in a terminal.

use ::audit::{CellReport, Looked, NEVER, Report, State, Verdict};
use std::fmt::Write as _;

/// The layers, the matrix, and what was found.
pub(super) fn of(report: &Report) -> String {
    let mut text = layers(report);
    text.push('\n');
    text.push_str(&matrix(&report.cells));
    text.push('\n');
    for leak in &report.found {
        let _ = writeln!(text, "LEAK  {leak}");
    }
    for cell in report.cells.iter().filter(|cell| !cell.executed) {
        let _ =
            writeln!(text, "not checked  {} of {}: {}", cell.class, cell.principal, cell.missing.join("; "));
    }
    for blind in &report.blind {
        let _ = writeln!(text, "not checked  {}: {}", blind.layer, blind.what);
    }
    for Looked { layer, channels } in &report.looked_at {
        let _ = writeln!(text, "looked at, {layer}: {}", channels.join("; "));
    }
    let not = report.live.iter().flat_map(|live| live.not_looked_at.iter().map(String::as_str));
    let not: Vec<_> = not.chain(NEVER).collect();
    let _ = writeln!(text, "not looked at: {}", not.join("; "));
    let verdict = match report.verdict() {
        Verdict::Clean => "nothing was found in what was looked at",
        Verdict::Leak => "the boundary leaks",
        Verdict::NotChecked => "not everything could be checked",
    };
    let _ = writeln!(
        text,
        "{} of {} cells executed, {} leaks, in {:.1} s: {verdict}",
        report.cells_executed, report.cells_total, report.leaks, report.seconds
    );
    text
}

fn layers(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |layer: &str, what: String| {
        let _ = writeln!(text, "{layer:<20} {what}");
    };
    let construction = &report.construction;
    line(
        "by construction",
        format!(
            "{} crates, {} ways from the transport to what reads",
            construction.crates,
            construction.paths.len()
        ),
    );
    let fields: u64 = report.cells.iter().map(|cell| cell.fields).sum();
    let values: u64 = report.cells.iter().map(|cell| cell.values).sum();
    line(
        "by label",
        format!("{fields} places and {values} values, each with a class that its reader may have"),
    );
    line(
        "by canary",
        format!(
            "{} canaries, {} views, {:.1} MB searched",
            report.canaries,
            report.views,
            report.bytes_scanned as f64 / 1e6
        ),
    );
    let attempts: u64 = report.attacks.iter().map(|attack| attack.attempts).sum();
    let successes: u64 = report.attacks.iter().map(|attack| attack.successes).sum();
    line("by attack", format!("{attempts} attempts and faults, {successes} came to something"));
    let most = report.measured.iter().filter(|measured| measured.significant).count();
    if !report.measured.is_empty() {
        line(
            "by estimation",
            format!("{} secrets and views in bits, {most} of them above chance", report.measured.len()),
        );
    }
    if let Some(live) = &report.live {
        line(
            "as processes",
            format!(
                "{} views, {:.1} MB of packets, files, memory, logs and HTTP; {} crashes",
                live.views,
                live.bytes as f64 / 1e6,
                live.crash_points
            ),
        );
    }
    line(
        "by noninterference",
        format!(
            "{} secrets, {} pairs of runs, {} told apart",
            report.trials.len(),
            report.pairs_run,
            report.pairs_unequal
        ),
    );
    text
}

/// A row for each class, a column for each principal.
fn matrix(cells: &[CellReport]) -> String {
    let mut principals: Vec<&str> = Vec::new();
    let mut classes: Vec<&str> = Vec::new();
    for cell in cells {
        if !principals.contains(&&*cell.principal) {
            principals.push(&cell.principal);
        }
        if !classes.contains(&&*cell.class) {
            classes.push(&cell.class);
        }
    }
    let mut text = format!("{:<18}", "");
    for principal in &principals {
        let _ = write!(text, " {principal:<13}");
    }
    text.push('\n');
    for class in classes {
        let _ = write!(text, "{class:<18}");
        for cell in cells.iter().filter(|cell| cell.class == class) {
            let _ = write!(text, " {:<13}", format!("{} {}", cell.rule, mark(cell)));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text + "\nseen: may see it and did; ok: may not, and did not; none: the system has nothing of the kind there\n"
}

fn mark(cell: &CellReport) -> &'static str {
    match cell.state() {
        State::Leak => "LEAK",
        State::NotChecked => "?",
        State::Seen => "seen",
        State::Nothing => "none",
        State::NotSeen => "ok",
    }
}
