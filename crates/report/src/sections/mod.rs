//! What is drawn and tabled from a run: the sections of its page.

mod exposure;
mod healing;
pub(crate) mod latency;
mod leakage;
mod load;
mod messages;

pub(crate) use messages::Messages;

use crate::error::ReadError;
use crate::plot::Plot;
use crate::read::Run;

/// A section of a page.
#[derive(Debug, Clone)]
pub struct Section {
    /// Where links lead to: lower case, digits and hyphens.
    pub id: &'static str,
    /// Its headline.
    pub title: &'static str,
    /// What is to be seen, or why there is nothing.
    pub text: String,
    /// Its plots.
    pub plots: Vec<Plot>,
    /// Its tables.
    pub grids: Vec<Grid>,
}

/// A table of a page, which readers sort and filter.
#[derive(Debug, Clone)]
pub struct Grid {
    /// What it is of.
    pub caption: &'static str,
    /// What stands above its columns.
    pub columns: Vec<String>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Entry>>,
}

/// A cell of a page's table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is shown.
    pub text: String,
    /// What to sort by, for numbers.
    pub value: Option<f64>,
}

/// A number of the headline.
pub(crate) struct Headline {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) note: String,
}

/// A run, looked at.
pub(crate) struct Analysis {
    pub(crate) headlines: Vec<Headline>,
    pub(crate) sections: Vec<Section>,
    pub(crate) messages: Messages,
}

impl Analysis {
    pub(crate) fn new(run: &Run) -> Result<Self, ReadError> {
        let messages = Messages::read(run)?;
        let (exposure, exposed) = exposure::section(run)?;
        let (healing, healed) = healing::section(run)?;
        let sections = vec![
            latency::section(&messages),
            load::throughput(&messages),
            load::queues(run)?,
            exposure,
            healing,
            leakage::section(run, &messages)?,
        ];
        let mut headlines = messages.headlines(run.manifest());
        headlines.extend([exposed, healed].into_iter().flatten());
        Ok(Self { headlines, sections, messages })
    }
}

impl Section {
    /// A section without plots and tables.
    #[must_use]
    pub fn new(id: &'static str, title: &'static str, text: impl Into<String>) -> Self {
        Self { id, title, text: text.into(), plots: vec![], grids: vec![] }
    }
}

impl Entry {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None }
    }

    /// A number, written in a handy unit.
    #[must_use]
    pub fn number(value: f64, unit: crate::plot::Unit) -> Self {
        Self { text: crate::plot::with_unit(value, unit), value: Some(value) }
    }
}

/// What stands above columns.
#[must_use]
pub fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(String::from).to_vec()
}

/// A count as a number to draw; past 2^53 nobody sees the difference.
#[expect(clippy::cast_precision_loss, reason = "for drawing only")]
#[must_use]
pub fn float(count: u64) -> f64 {
    count as f64
}
