//! Scenarios as files.

use crate::Scenario;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// A scenario can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError(error.to_string()))?;
        toml::from_str(&text).map_err(|error| ScenarioError(error.to_string()))
    }

    /// The scenario with another value at a key.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn with(self, key: &str, value: &str) -> Result<Self, ScenarioError> {
        let _ = value;
        Err(ScenarioError(format!("can't set {key} yet")))
    }

    /// SHA-256 of the canonical form.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_json().to_string()).into()
    }

    /// The canonical form, defaults filled in.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl miette::Diagnostic for ScenarioError {}
