//! `blindpost reproduce`: published figures, measured again.

use crate::destination::{self, Destination, leave_standard_output};
use crate::out::{out, outln};
use crate::run::all_cores;
use clap::Args;
use figures::{Figure, Lab, Outcome, Progress, Row, Surface};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic as _, WrapErr as _};
use serde_json::json;
use std::fmt::Write as _;
use std::num::NonZeroUsize;

/// Measures published figures again, and says whether they come out (docs/figures.md).
///
/// Exits 0 only if every measurement is in its band.
///
/// Example: blindpost reproduce --all --json figures.json
#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Which figure
    #[arg(required_unless_present_any = ["all", "list"], conflicts_with_all = ["all", "list"])]
    id: Option<String>,
    /// Every figure
    #[arg(long)]
    all: bool,
    /// Only say which figures there are
    #[arg(long, conflicts_with_all = ["json", "quick", "threads"])]
    list: bool,
    /// Fewer repetitions and coarser sweeps
    #[arg(long)]
    quick: bool,
    /// Where all randomness comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// On how many threads sweeps run [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write rows, surfaces and curves to this file as JSON (- for standard output)
    #[arg(long, value_name = "FILE")]
    json: Option<Destination>,
}

impl Reproduce {
    pub(crate) fn run(self) -> miette::Result<()> {
        if self.list {
            figures::all().iter().try_for_each(|figure| outln!("{:<22} {}", figure.id, figure.title))?;
            return Ok(());
        }
        let chosen = self.figures()?;
        destination::check([&self.json])?;
        let mut measured = Vec::new();
        for figure in chosen {
            let outcome = self.measure(figure)?;
            if leave_standard_output([&self.json]) {
                out!("{}", text_of(figure, &outcome))?;
            }
            measured.push((figure, outcome));
        }
        self.write(&measured)?;
        let failed: Vec<&str> =
            measured.iter().filter(|(_, outcome)| !outcome.passes()).map(|(figure, _)| figure.id).collect();
        if failed.is_empty() { Ok(()) } else { Err(miette::miette!("out of band: {}", failed.join(", "))) }
    }

    fn figures(&self) -> miette::Result<Vec<&'static Figure>> {
        let Some(id) = &self.id else { return Ok(figures::all().iter().collect()) };
        let known: Vec<&str> = figures::all().iter().map(|figure| figure.id).collect();
        let found = figures::find(id).ok_or_else(|| {
            miette::miette!(help = format!("there are: {}", known.join(", ")), "there is no figure `{id}`")
        })?;
        Ok(vec![found])
    }

    fn measure(&self, figure: &Figure) -> miette::Result<Outcome> {
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{prefix:<22} {bar:30} {percent}%  {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(figure.id);
        let shown = bar.clone();
        let mut lab = Lab::new(self.seed).with_progress(move |Progress { what, done }| {
            shown.set_message(what.to_owned());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast of floats saturates"
            )]
            shown.set_position((done * 1000.0) as u64);
        });
        lab.threads = self.threads.unwrap_or_else(all_cores);
        lab.quick = self.quick;
        let outcome = (figure.run)(&mut lab);
        bar.finish_and_clear();
        outcome.into_diagnostic().wrap_err_with(|| format!("{} could not be measured", figure.id))
    }

    fn write(&self, measured: &[(&Figure, Outcome)]) -> miette::Result<()> {
        let Some(file) = &self.json else { return Ok(()) };
        let rows: Vec<&Row> = measured.iter().flat_map(|(_, outcome)| &outcome.rows).collect();
        let details: serde_json::Map<String, serde_json::Value> = measured
            .iter()
            .map(|(figure, outcome)| {
                let detail = json!({
                    "surfaces": outcome.surfaces, "plots": outcome.plots, "notes": outcome.notes,
                });
                (figure.id.to_owned(), detail)
            })
            .collect();
        let value = json!({
            "version": env!("CARGO_PKG_VERSION"), "seed": self.seed, "quick": self.quick,
            "rows": rows, "details": details,
        });
        file.write_json(&value)
    }
}

fn text_of(figure: &Figure, outcome: &Outcome) -> String {
    let mut text = format!("{}: {}\n", figure.id, figure.title);
    for row in &outcome.rows {
        let mark = if row.pass { "ok  " } else { "FAIL" };
        let measured = format!("{} {}", number(row.measured), row.unit);
        let band = format!("{}..{}", number(row.band.low), number(row.band.high));
        let _ = writeln!(
            text,
            "  {mark} {:<44} {measured:>22}   expected {} ({band}; {})",
            row.case, row.expected, row.source
        );
    }
    outcome.surfaces.iter().for_each(|surface| text.push_str(&table_of(surface)));
    for note in &outcome.notes {
        let _ = writeln!(text, "  {note}");
    }
    text.push('\n');
    text
}

fn table_of(surface: &Surface) -> String {
    let mut text = format!("  {} ({})\n  {:>28}", surface.title, surface.z, surface.x.label);
    for tick in &surface.x.ticks {
        let _ = write!(text, " {tick:>9}");
    }
    text.push('\n');
    for (place, (tick, values)) in surface.y.ticks.iter().zip(&surface.values).enumerate() {
        let label = if place == 0 { surface.y.label.as_str() } else { "" };
        let _ = write!(text, "  {label:>18} {tick:>9}");
        for value in values {
            let shown = value.map_or_else(|| "never".into(), number);
            let _ = write!(text, " {shown:>9}");
        }
        text.push('\n');
    }
    text
}

/// Whole numbers whole, others with three digits.
fn number(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::arguments::parsed;
    use crate::error::explain;

    fn chosen(flags: &str) -> miette::Result<Vec<&'static str>> {
        Ok(parsed::<Reproduce>(flags).figures()?.into_iter().map(|figure| figure.id).collect())
    }

    #[test]
    fn one_figure_or_all_and_an_unknown_one_says_which_there_are() {
        assert_eq!(chosen("hndl").unwrap(), ["hndl"]);
        assert_eq!(chosen("--all").unwrap().len(), figures::all().len());
        let error = explain(&chosen("hdnl").unwrap_err());
        assert!(error.contains("there is no figure `hdnl`") && error.contains("hndl, "), "{error}");
    }

    #[test]
    fn whole_numbers_are_whole_and_others_have_three_digits() {
        for (value, text) in [(88.0, "88"), (0.5, "0.500"), (1234.56, "1235"), (-0.25, "-0.250")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn what_never_happens_is_said_so_in_a_table() {
        let axis = |label: &str, ticks: &[&str]| figures::Axis {
            label: label.into(),
            ticks: ticks.iter().map(ToString::to_string).collect(),
        };
        let surface = Surface {
            title: "healing".into(),
            x: axis("loss", &["0 %", "50 %"]),
            y: axis("answers", &["all", "none"]),
            z: "messages".into(),
            values: vec![vec![Some(80.0), Some(160.5)], vec![None, None]],
        };
        let table = table_of(&surface);
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[2], ["answers", "all", "80", "160.500"]);
        assert_eq!(rows[3], ["none", "never", "never"]);
    }
}
