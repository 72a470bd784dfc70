//! Whether variables are numbers or names.

use crate::error::GraphError;
use crate::params::Params;
use crate::templates::word;
use serde::Serialize;

/// Whether variables are numbers or names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Format {
    /// `{{1}}`.
    #[default]
    Positional,
    /// `{{first_name}}`.
    Named,
}

impl Format {
    /// What the parameter `parameter_format` says.
    pub(crate) fn of(params: &Params<'_>) -> Result<Self, GraphError> {
        let Some(format) = params.get("parameter_format") else { return Ok(Self::default()) };
        Ok(if word(format, &["POSITIONAL", "NAMED"])? == "NAMED" { Self::Named } else { Self::Positional })
    }
}
