//! The manifest as it is written, and the checks that make it one that means something.

use std::path::{Component, Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{CanaryEntry, ManifestError, PairEntry, PairView, ViewEntry};
use crate::{Canary, DataClass, Policy, Principal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestFile {
    pub(super) version: u32,
    #[serde(default)]
    pub(super) views: Vec<RawView>,
    #[serde(default)]
    pub(super) canaries: Vec<RawCanary>,
    #[serde(default)]
    pub(super) pairs: Vec<RawPair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawView {
    party: String,
    principal: String,
    name: String,
    file: Option<String>,
    dir: Option<String>,
    bytes: u64,
    sha256: Option<String>,
    #[serde(default)]
    empty: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCanary {
    name: String,
    class: String,
    text: Option<String>,
    hex: Option<String>,
    base64: Option<String>,
    number: Option<u64>,
    #[serde(default)]
    owners: Vec<String>,
    #[serde(default = "yes")]
    expected: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPair {
    name: String,
    class: String,
    #[serde(default)]
    owners: Vec<String>,
    #[serde(default = "yes")]
    expected: bool,
    #[serde(default)]
    masked: Vec<String>,
    #[serde(default)]
    renamed: Vec<String>,
    #[serde(default)]
    views: Vec<RawPairView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPairView {
    party: String,
    principal: String,
    name: String,
    left: String,
    right: String,
}

fn yes() -> bool {
    true
}

impl RawView {
    pub(super) fn check(self, policy: &Policy) -> Result<ViewEntry, ManifestError> {
        let at = format!("view `{}` of `{}`", self.name, self.party);
        let principal = principal(policy, &at, &self.principal)?;
        let (path, is_dir) = match (self.file, self.dir) {
            (Some(file), None) => (file, false),
            (None, Some(dir)) => (dir, true),
            _ => return Err(wrong(&at, "it must have either `file` or `dir`")),
        };
        inside(&at, &path)?;
        if self.sha256.is_some() && is_dir {
            return Err(wrong(&at, "`sha256` is of a file, and this is a directory"));
        }
        let sha256 = self.sha256.map(|digest| digest.to_ascii_lowercase());
        if sha256.as_ref().is_some_and(|digest| hex::decode(digest).map_or(0, |bytes| bytes.len()) != 32) {
            return Err(wrong(&at, "`sha256` must be 64 hexadecimal digits"));
        }
        let Self { party, name, bytes, empty, .. } = self;
        Ok(ViewEntry { party, principal, name, path, is_dir, bytes, sha256, empty })
    }
}

impl RawCanary {
    pub(super) fn check(self, policy: &Policy) -> Result<CanaryEntry, ManifestError> {
        let at = format!("canary `{}`", self.name);
        let class = class(policy, &at, &self.class)?;
        let name = &self.name;
        let canary = match (self.text, self.hex, self.base64, self.number) {
            (Some(text), None, None, None) => Canary::new(name, class, text),
            (None, Some(digits), None, None) => {
                let bytes = hex::decode(digits);
                Canary::new(name, class, bytes.map_err(|error| wrong(&at, format!("`hex`: {error}")))?)
            }
            (None, None, Some(text), None) => {
                let bytes = STANDARD.decode(text);
                Canary::new(name, class, bytes.map_err(|error| wrong(&at, format!("`base64`: {error}")))?)
            }
            (None, None, None, Some(number)) => Canary::number(name, class, number),
            _ => return Err(wrong(&at, "it must have one of `text`, `hex`, `base64` and `number`")),
        };
        Ok(CanaryEntry { canary: canary.of(self.owners), expected: self.expected })
    }
}

impl RawPair {
    pub(super) fn check(self, policy: &Policy) -> Result<PairEntry, ManifestError> {
        let at = format!("pair `{}`", self.name);
        let class = class(policy, &at, &self.class)?;
        if self.views.is_empty() {
            return Err(wrong(&at, "it has no [[pairs.views]]: nothing would be compared"));
        }
        if let Some(both) = self.masked.iter().find(|path| self.renamed.contains(path)) {
            return Err(wrong(&at, format!("`{both}` is both masked and renamed")));
        }
        let views = self.views.into_iter().map(|view| {
            let at = format!("view `{}` of {at}", view.name);
            inside(&at, &view.left)?;
            inside(&at, &view.right)?;
            let principal = principal(policy, &at, &view.principal)?;
            let RawPairView { party, name, left, right, .. } = view;
            Ok(PairView { party, principal, name, left, right })
        });
        Ok(PairEntry {
            views: views.collect::<Result<_, ManifestError>>()?,
            secret: Canary::new(&self.name, class, "").of(self.owners),
            name: self.name,
            expected: self.expected,
            masked: self.masked,
            renamed: self.renamed,
        })
    }
}

fn principal(policy: &Policy, at: &str, name: &str) -> Result<Principal, ManifestError> {
    policy.principal(name).ok_or_else(|| ManifestError::UnknownPrincipal {
        at: at.to_owned(),
        name: name.to_owned(),
        known: policy.principals().iter().map(|known| known.name()).collect::<Vec<_>>().join(", "),
    })
}

fn class(policy: &Policy, at: &str, name: &str) -> Result<DataClass, ManifestError> {
    policy.class(name).ok_or_else(|| ManifestError::UnknownClass {
        at: at.to_owned(),
        name: name.to_owned(),
        known: policy.rows().iter().map(|row| row.class.name()).collect::<Vec<_>>().join(", "),
    })
}

/// A folder is handed on as a whole: what is outside of it is not part of it.
fn inside(at: &str, path: &str) -> Result<(), ManifestError> {
    let mut components = Path::new(path).components();
    match !path.is_empty() && components.all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(()),
        false => Err(wrong(at, format!("`{path}` must be a path below the folder, without `..`"))),
    }
}

fn wrong(at: &str, why: impl Into<String>) -> ManifestError {
    ManifestError::Entry { at: at.to_owned(), why: why.into() }
}
