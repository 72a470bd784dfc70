//! `blindpost audit --views DIR --policy FILE`: the same checks on what another system's parties saw.

use crate::destination::Destination;
use crate::out::out;
use ::audit::Verdict;
use miette::{IntoDiagnostic as _, WrapErr as _};
use privacy::folder;
use std::fs;
use std::path::Path;

/// What a system is judged by that brings no policy of its own.
const OURS: &str = include_str!("../../../privacy/policy.toml");

pub(super) fn run(
    views: &Path,
    policy: Option<&Path>,
    json: Option<&Destination>,
) -> miette::Result<Verdict> {
    json.map_or(Ok(()), Destination::check)?;
    let policy = match policy {
        Some(file) => fs::read_to_string(file)
            .into_diagnostic()
            .wrap_err_with(|| format!("can't read the policy {}", file.display()))?,
        None => OURS.to_owned(),
    };
    let report = folder::audit(views, &policy).into_diagnostic();
    let report = report.wrap_err_with(|| format!("{} can't be audited", views.display()))?;
    if json.is_none_or(|file| !file.is_standard_output()) {
        out!("{report}")?;
    }
    if let Some(file) = json {
        file.write_json(&serde_json::to_value(&report).into_diagnostic()?)?;
    }
    Ok(match report.verdict() {
        folder::Verdict::Clean => Verdict::Clean,
        folder::Verdict::Leak => Verdict::Leak,
        folder::Verdict::CouldNotCheck => Verdict::NotChecked,
    })
}
