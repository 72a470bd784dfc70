//! Attempts that must fail: what the rules forbid that are not cells of the matrix.

mod faults;
mod gateway;
mod tenants;

use crate::matrix::Matrix;
use kernel::{RestoreError, Time};
use privacy::surfaces::Surfaces;
use serde::Serialize;
use std::time::Duration;

/// Machines have no clock of their own.
const NOW: Time = Time::from_secs(1_790_000_000);

/// What was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// The invariant that it is against (docs/architecture.md).
    pub invariant: &'static str,
    /// What was tried, for a person.
    pub what: &'static str,
    /// How often.
    pub attempts: u64,
    /// How often it came to something.
    pub successes: u64,
}

/// Nothing could be tried, which no choice of the user's can bring about.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// A machine did not start.
    #[error("a machine does not start: {0}")]
    Restore(#[from] RestoreError),
    /// The parties or scenarios of the attack are not accepted.
    #[error("an attack can't be set up: {0}")]
    Setup(String),
}

/// Tries what others may want to do to a machine.
///
/// # Errors
/// [`AttackError`].
pub(crate) fn run(
    surfaces: &Surfaces,
    matrix: &mut Matrix,
    now: &dyn Fn() -> Duration,
) -> Result<Vec<Attack>, AttackError> {
    let mut attacks = vec![tenants::strangers(surfaces, matrix)?, tenants::stopwatch(matrix, now)?];
    attacks.extend(gateway::impostors(surfaces, matrix)?);
    Ok(attacks)
}

pub(crate) use faults::power;
