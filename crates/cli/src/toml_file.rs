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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;

    #[derive(Debug, serde::Deserialize)]
    struct Known {
        port: u16,
    }

    #[test]
    fn a_mistake_is_shown_with_its_file_and_line_and_where_the_keys_are_written_down() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "# ports\nport = 70000\n").unwrap();
        let error = explain(&read::<Known>(file.path()).unwrap_err());
        let name = file.path().display().to_string();
        for part in [name.as_str(), "line 2, column 8", "port = 70000", "help: docs/settings.md"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        fs::write(file.path(), "port = 7\n").unwrap();
        assert_eq!(read::<Known>(file.path()).unwrap().port, 7);
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_the_systems_reason() {
        let error = explain(&read::<Known>(Path::new("/nowhere/a.toml")).unwrap_err());
        assert_eq!(error.lines().next(), Some("error: can't read /nowhere/a.toml"));
        assert!(error.contains("No such file"), "{error}");
    }
}
