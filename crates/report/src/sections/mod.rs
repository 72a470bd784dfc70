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

/// A section of the page.
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// What is to be seen, or why there is nothing.
    pub(crate) text: String,
    pub(crate) plots: Vec<Plot>,
    pub(crate) grids: Vec<Grid>,
}

/// A table of the page.
pub(crate) struct Grid {
    pub(crate) caption: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Entry>>,
}

/// A cell of the page's table.
pub(crate) struct Entry {
    pub(crate) text: String,
    /// What to sort by, for numbers.
    pub(crate) value: Option<f64>,
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
    pub(crate) fn new(id: &'static str, title: &'static str, text: impl Into<String>) -> Self {
        Self { id, title, text: text.into(), plots: vec![], grids: vec![] }
    }
}

impl Entry {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None }
    }

    pub(crate) fn number(value: f64, unit: crate::plot::Unit) -> Self {
        Self { text: crate::plot::with_unit(value, unit), value: Some(value) }
    }
}

/// A count as a number to draw; past 2^53 nobody sees the difference.
#[expect(clippy::cast_precision_loss, reason = "for drawing only")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
