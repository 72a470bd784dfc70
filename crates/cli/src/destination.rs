//! Where a command leaves what it has found out: a file, or standard output for `-`.

use crate::out::out;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

/// A file, or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination(PathBuf);

impl From<OsString> for Destination {
    fn from(name: OsString) -> Self {
        Self(name.into())
    }
}

impl Destination {
    /// What it is called.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn is_standard_output(&self) -> bool {
        self.0.as_os_str() == "-"
    }

    /// Fails if nothing can be written here: to be asked before the work, not after it. What is in the file stays.
    pub(crate) fn check(&self) -> miette::Result<()> {
        if self.is_standard_output() {
            return Ok(());
        }
        let open = OpenOptions::new().create(true).append(true).open(&self.0);
        open.map(drop).into_diagnostic().wrap_err_with(|| self.failed())
    }

    /// Writes all that there is to be written.
    pub(crate) fn write(&self, text: &str) -> miette::Result<()> {
        if self.is_standard_output() {
            out!("{text}")?;
            return Ok(());
        }
        fs::write(&self.0, text).into_diagnostic().wrap_err_with(|| self.failed())
    }

    /// Writes JSON.
    pub(crate) fn write_json(&self, value: &serde_json::Value) -> miette::Result<()> {
        self.write(&(serde_json::to_string_pretty(value).into_diagnostic()? + "\n"))
    }

    fn failed(&self) -> String {
        format!("can't write {}", self.0.display())
    }
}

/// Fails if nothing can be written to one of them.
pub(crate) fn check<'d>(
    destinations: impl IntoIterator<Item = &'d Option<Destination>>,
) -> miette::Result<()> {
    destinations.into_iter().flatten().try_for_each(Destination::check)
}

/// True if what people read may go to standard output, because nothing else goes there.
pub(crate) fn leave_standard_output<'d>(
    destinations: impl IntoIterator<Item = &'d Option<Destination>>,
) -> bool {
    !destinations.into_iter().flatten().any(Destination::is_standard_output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::explain;

    fn to(name: impl Into<OsString>) -> Option<Destination> {
        Some(Destination::from(name.into()))
    }

    #[test]
    fn standard_output_is_always_writable_and_a_file_in_nowhere_is_not() {
        assert!(check([&None, &to("-")]).is_ok());
        let error = explain(&check([&to("-"), &to("/nowhere/a.json")]).unwrap_err());
        assert!(error.starts_with("error: can't write /nowhere/a.json"), "{error}");
        assert!(leave_standard_output([&None, &to("a")]) && !leave_standard_output([&to("a"), &to("-")]));
    }

    #[test]
    fn what_was_there_stays_until_there_is_something_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.json");
        fs::write(&file, "what took an hour").unwrap();
        let destination = to(&file).unwrap();
        destination.check().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "what took an hour");
        destination.write("anew").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "anew");
    }
}
