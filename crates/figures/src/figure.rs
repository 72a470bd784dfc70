//! What can be reproduced.

use crate::{Error, Lab, Outcome, depletion, disclosure, epochs, harvest, lengths, retention, sizes, theft};

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

const ALL: &[Figure] = &[
    sizes::BUNDLE,
    sizes::FIRST_MESSAGE,
    sizes::RATCHET_MESSAGE,
    epochs::FIGURE,
    theft::FIGURE,
    harvest::FIGURE,
    depletion::FIGURE,
    lengths::FIGURE,
    disclosure::FIGURE,
    retention::FIGURE,
];

/// All figures, in the order of `docs/figures.md`.
#[must_use]
pub fn all() -> &'static [Figure] {
    ALL
}

/// The figure with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Figure> {
    ALL.iter().find(|figure| figure.id == id)
}
