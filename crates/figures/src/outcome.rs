//! What an experiment found: measurements, each beside what was published and the band that it must be in; curves,
//! surfaces and notes.

use serde::Serialize;

/// What an experiment found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Each measurement with what was expected.
    pub rows: Vec<Row>,
    /// Curves.
    pub plots: Vec<Plot>,
    /// Measurements over two parameters.
    pub surfaces: Vec<Surface>,
    /// What a reader of the rows has to know.
    pub notes: Vec<String>,
    #[serde(skip)]
    figure: (&'static str, &'static str),
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The figure.
    pub id: &'static str,
    /// Which of its measurements.
    pub case: String,
    /// What was measured.
    pub measured: f64,
    /// In what.
    pub unit: &'static str,
    /// What was published, or is claimed.
    pub expected: String,
    /// Where the measurement has to be.
    pub band: Band,
    /// Whether it is there.
    pub pass: bool,
    /// Who published it.
    pub source: String,
}

/// From and to, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// From.
    pub low: f64,
    /// To.
    pub high: f64,
}

/// A measurement over two parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Surface {
    /// What is shown.
    pub title: String,
    /// Columns.
    pub x: Axis,
    /// Rows.
    pub y: Axis,
    /// What the values are, with unit.
    pub z: String,
    /// For each of `y` a value for each of `x`; `None`: it never happened.
    pub values: Vec<Vec<Option<f64>>>,
}

/// The parameter of a surface.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    /// The parameter, with unit.
    pub label: String,
    /// The values measured at, as they are shown.
    pub ticks: Vec<String>,
}

/// Curves over one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plot {
    /// What is shown.
    pub title: String,
    /// The parameter, with unit.
    pub x: String,
    /// The measurement, with unit.
    pub y: String,
    /// The curves.
    pub series: Vec<Series>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its points, in the order of the parameter.
    pub points: Vec<(f64, f64)>,
}

impl Outcome {
    /// Nothing measured yet of the figure with this id, which `source` has published.
    pub(crate) const fn new(id: &'static str, source: &'static str) -> Self {
        let figure = (id, source);
        Self { rows: Vec::new(), plots: Vec::new(), surfaces: Vec::new(), notes: Vec::new(), figure }
    }

    /// Whether every measurement is in its band. Nothing measured is nothing shown.
    #[must_use]
    pub fn passes(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.pass)
    }

    /// Adds a measurement of what the figure's source has published.
    pub(crate) fn published(
        &mut self,
        case: impl Into<String>,
        (measured, unit): (f64, &'static str),
        expected: impl Into<String>,
        band: Band,
    ) {
        let (id, source) = self.figure;
        let row = Row {
            id,
            case: case.into(),
            measured,
            unit,
            expected: expected.into(),
            band,
            pass: band.contains(measured),
            source: source.into(),
        };
        self.rows.push(row);
    }

    /// Adds a measurement that was not published, with what this project claims of it.
    pub(crate) fn claimed(
        &mut self,
        case: impl Into<String>,
        measured: (f64, &'static str),
        expected: impl Into<String>,
        band: Band,
    ) {
        self.published(case, measured, expected, band);
        if let Some(row) = self.rows.last_mut() {
            row.source = "docs/figures.md".into();
        }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl Band {
    pub(crate) const fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    pub(crate) const fn between(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Off by no more than this share.
    pub(crate) const fn around(value: f64, share: f64) -> Self {
        Self { low: value * (1.0 - share), high: value * (1.0 + share) }
    }

    /// Whether a measurement is in the band. What is no number is not.
    #[must_use]
    pub fn contains(&self, measured: f64) -> bool {
        self.low <= measured && measured <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_out_of_its_band_fails_the_outcome() {
        let mut outcome = Outcome::new("spqr-message", "somebody");
        assert!(!outcome.passes(), "nothing measured");
        outcome.published("right", (88.0, "B"), "88 B", Band::exactly(88.0));
        assert!(outcome.passes());
        outcome.published("sabotaged", (89.0, "B"), "88 B", Band::exactly(88.0));
        assert!(!outcome.passes());
        assert!(!Band::between(0.0, 1.0).contains(f64::NAN));
    }

    #[test]
    fn a_row_has_the_keys_that_scripts_rely_on() {
        let mut outcome = Outcome::new("hndl", "somebody");
        outcome.claimed("case", (1.0, "messages"), "1", Band::around(1.0, 0.05));
        let json = serde_json::to_value(&outcome).unwrap();
        for key in ["id", "case", "measured", "unit", "expected", "band", "pass", "source"] {
            assert!(json["rows"][0].get(key).is_some(), "{key}");
        }
    }
}
