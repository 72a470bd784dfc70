//! All figures that can be reproduced: the one place that knows every experiment.

use crate::{Figure, depletion, disclosure, epochs, forgery, harvest, lengths, retention, sizes, theft};

const ALL: &[Figure] = &[
    sizes::BUNDLE,
    sizes::FIRST_MESSAGE,
    sizes::RATCHET_MESSAGE,
    epochs::FIGURE,
    theft::FIGURE,
    forgery::FIGURE,
    harvest::FIGURE,
    depletion::FIGURE,
    depletion::POGO,
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
