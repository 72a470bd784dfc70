//! What a run with modelled cryptography can't show, and says so instead of showing something else.

use crate::options::Options;
use scenario::{Crypto, Scenario};

/// A scenario with `crypto = "modelled"` has something in it that needs real keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` can't be had with crypto = \"modelled\": {why}; run it with crypto = \"real\"")]
pub struct Refusal {
    /// The key of the scenario.
    pub key: &'static str,
    /// What is missing.
    pub why: &'static str,
}

/// Checks a scenario and how it is to be run.
pub(crate) fn check(scenario: &Scenario, options: &Options) -> Result<(), Refusal> {
    if scenario.crypto == Crypto::Real {
        return Ok(());
    }
    if !scenario.adversaries.is_empty() {
        return Err(Refusal { key: "adversaries", why: "there are no keys to take or to break" });
    }
    if options.audit.is_some() {
        return Err(Refusal { key: "crypto", why: "an audit looks into ciphertexts, which hide nothing" });
    }
    Ok(())
}
