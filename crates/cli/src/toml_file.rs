//! Files that people write: an error in one names the file, the line and what is there.

use miette::{IntoDiagnostic as _, WrapErr as _};
use std::fs;
use std::path::Path;

/// Reads a TOML file; errors name file, line and snippet.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &Path) -> miette::Result<T> {
    let text = fs::read_to_string(file)
        .into_diagnostic()
        .wrap_err_with(|| format!("can't read {}", file.display()))?;
    let wrong = |error: toml::de::Error| {
        miette::miette!(
            help = "docs/settings.md has every key and its meaning",
            "{}",
            error.to_string().trim_end()
        )
    };
    toml::from_str(&text)
        .map_err(wrong)
        .wrap_err_with(|| format!("{} is not a valid settings file", file.display()))
}
