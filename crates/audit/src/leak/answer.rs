//! An answer about leakage: for each padding how many bits a view tells of the secret, and what that padding costs.

use super::{Channel, Observe, Padding, Secret};
use privacy::leak::Estimate;
use privacy::{Cell, Principal};
use serde::{Serialize, Serializer};

/// What a principal's view tells of a secret, for each padding.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// What is secret.
    pub secret: Secret,
    /// Whose view.
    #[serde(serialize_with = "displayed")]
    pub view: Principal,
    /// Which part of it.
    pub observe: Observe,
    /// What the policy lets the principal learn of the secret's data class.
    #[serde(serialize_with = "word")]
    pub policy: Cell,
    /// Where all randomness came from.
    pub seed: u64,
    /// One for each padding.
    pub rows: Vec<Row>,
}

/// What the view tells with one padding, and what that costs.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// How both ends pad.
    pub padding: Padding,
    /// How much is told.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// What padding costs.
    pub cost: Cost,
    /// What each secret was seen as; nothing where nothing is seen.
    pub channel: Option<Channel>,
}

/// What padding costs: ciphertexts of the messages that the secret is about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Bytes of a ciphertext, on average.
    pub bytes_per_message: f64,
    /// How many of them are there for the padding: more than the same messages have without.
    pub overhead_bytes: f64,
    /// The same, in percent of what they have without.
    pub overhead_percent: f64,
}

impl Answer {
    /// What the policy says of that, to go on after the principal's name.
    #[must_use]
    pub const fn policy_told(&self) -> &'static str {
        match self.policy {
            Cell::Yes | Cell::Own => "may learn it",
            Cell::Aggregated => "may learn totals of it",
            Cell::Packets => "may learn what packets show of it",
            Cell::No => "must not learn it",
        }
    }
}

const fn cell_word(cell: Cell) -> &'static str {
    match cell {
        Cell::Yes => "yes",
        Cell::Own => "own",
        Cell::Aggregated => "aggregated",
        Cell::Packets => "packets",
        Cell::No => "no",
    }
}

fn displayed<S: Serializer>(principal: &Principal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(principal.name())
}

fn word<S: Serializer>(cell: &Cell, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(cell_word(*cell))
}
