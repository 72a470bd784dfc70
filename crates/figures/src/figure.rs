//! A figure: what was published, by whom, and the experiment that measures it again.

use crate::{Error, Lab, Outcome};

/// A published figure and the experiment that measures it.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// What it is called on the command line.
    pub id: &'static str,
    /// What is measured.
    pub title: &'static str,
    /// Who published it.
    pub source: &'static str,
    /// The experiment.
    pub run: fn(&mut Lab) -> Result<Outcome, Error>,
}

impl Figure {
    /// Nothing measured yet.
    pub(crate) const fn outcome(&self) -> Outcome {
        Outcome::new(self.id, self.source)
    }
}
