//! The checks for others: views of any system as files in a folder, and a policy in its own words.
//!
//! A folder has a `views.toml` ([`manifest`]) that says which file is whose view, what was planted, and which pairs of
//! runs must look the same. `docs/auditing-others.md` describes it for people, `docs/examples/leaky-chat` is an example.
//!
//! [`audit`] returns what it found ([`FolderReport`]): leaks, and everything that it could not check. What can't be
//! understood at all is a [`FolderError`]. Nothing passes in silence: a file that is shorter than it was, one that
//! nobody listed, a canary that nobody saw who may, a mask that masks nothing.

mod events;
mod files;
pub mod manifest;
mod pairs;
mod report;

use std::{fs, path::Path};

pub use events::EventError;
pub use manifest::ManifestError;
pub use report::{Differs, FolderReport, SearchedView, Unchecked, Verdict};

use files::Fault;
use manifest::{Manifest, ViewEntry};

use crate::{CanaryError, JudgeError, Party, Policy, PolicyError, Scanner, Searched, judge};

/// The name of the manifest in a folder.
pub const MANIFEST: &str = "views.toml";

/// Why nothing was checked at all.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The policy is not one.
    #[error("the policy: {0}")]
    Policy(#[from] PolicyError),
    /// There is no manifest.
    #[error("can't read {path}: {source}; a folder of views needs a {MANIFEST}, see docs/auditing-others.md")]
    Missing {
        /// Where it should be.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The manifest is not one.
    #[error("{MANIFEST}: {0}")]
    Manifest(#[from] ManifestError),
    /// The canaries are no good.
    #[error("{MANIFEST}: {0}")]
    Canaries(#[from] CanaryError),
    /// The canaries can't be judged.
    #[error("{MANIFEST}: {0}")]
    Judge(#[from] JudgeError),
}

/// Audits the views in `folder` by the policy with this text.
pub fn audit(folder: &Path, policy: &str) -> Result<FolderReport, FolderError> {
    let policy = Policy::parse(policy)?;
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|source| FolderError::Missing { path, source })?;
    let manifest = Manifest::parse(&text, &policy)?;
    let canaries: Vec<_> = manifest.canaries.iter().map(|entry| entry.canary.clone()).collect();
    let scanner = Scanner::new(canaries.iter().cloned())?;

    let mut report = FolderReport { canaries: canaries.len(), ..FolderReport::default() };
    let views: Vec<_> =
        manifest.views.iter().filter_map(|view| search(folder, view, &scanner, &mut report)).collect();
    let judgement = judge(&policy, &canaries, &views)?;
    report.leaks = judgement.leaks;
    for entry in manifest.canaries.iter().filter(|entry| entry.expected) {
        let mut presence =
            judgement.presence.iter().filter(|at| at.canary == *entry.canary.name()).peekable();
        if presence.peek().is_none() {
            report.unchecked.push(Unchecked::Unseeable { canary: entry.canary.name().to_string() });
        }
        for at in presence {
            match at.seen_in {
                Some(_) => report.seen.push(at.clone()),
                None => report.unchecked.push(Unchecked::Unseen(at.clone())),
            }
        }
    }
    for pair in &manifest.pairs {
        pairs::compare(folder, &policy, pair, &mut report);
    }
    for path in files::unlisted(folder, &manifest) {
        report.unchecked.push(match path {
            Ok(path) => Unchecked::Unlisted { path },
            Err(fault) => Unchecked::Unreadable { path: ".".to_owned(), why: fault.to_string() },
        });
    }
    Ok(report)
}

/// Searches one view, as far as it goes: a leak in a damaged view is one. None if there is nothing of it.
fn search(folder: &Path, view: &ViewEntry, scanner: &Scanner, report: &mut FolderReport) -> Option<Searched> {
    let party = Party::new(view.principal, view.party.as_str());
    let (read, fault) = match files::search(folder, view, scanner) {
        Ok(mut read) => {
            let empty = (read.bytes == 0 && !view.empty).then_some(Fault::Empty);
            let fault = read.fault.take().or(empty);
            (Some(read), fault)
        }
        Err(fault) => (None, Some(fault)),
    };
    report.unchecked.extend(fault.map(|fault| Unchecked::View {
        party: party.clone(),
        view: view.name.clone(),
        why: fault.to_string(),
    }));
    let read = read?;
    report.views.push(SearchedView {
        party: party.clone(),
        view: view.name.clone(),
        bytes: read.bytes,
        inflated: read.inflated,
    });
    Some(Searched { party, view: view.name.as_str().into(), bytes: read.bytes, findings: read.findings })
}

#[cfg(test)]
mod tests;
