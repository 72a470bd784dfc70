//! `views.toml`: which file is whose view, and what was planted.
//!
//! ```toml
//! version = 1
//!
//! [[views]]
//! party = "server"         # who; canaries name their owners so
//! principal = "server"     # what it is: a column of the policy
//! name = "log"
//! file = "server.log"      # or dir = "server-data": every file in it, and the files' names
//! bytes = 48211            # how long it was when it was written; of a directory, of all files together
//! sha256 = "9f86d0…"       # optional, of a file
//! empty = false            # true: there may be no byte in it
//!
//! [[canaries]]
//! name = "ada's first message"
//! class = "content"        # a row of the policy
//! text = "heron-5c1f7a90"  # or hex, base64, or number
//! owners = ["ada", "bo"]   # parties; they may see it where the policy says `own`
//! expected = true          # every party that may see it must have seen it; false: may have
//!
//! [[pairs]]                # two runs that differ in a secret
//! name = "the words of a message"
//! class = "content"        # what the secret is; parties that may not learn it must see the same in both
//! owners = ["ada", "bo"]
//! expected = true          # and one that may must see a difference, or the runs don't differ
//! masked = ["body"]        # random in both runs: only the length is compared
//! renamed = ["id"]         # drawn afresh: compared up to renaming
//! [[pairs.views]]
//! party = "operator"
//! principal = "operator"
//! name = "log"
//! left = "pairs/left.jsonl"    # one event a line: {"time": 12, "event": "submit", "to": "bo", "body": "…"}
//! right = "pairs/right.jsonl"
//! ```

use std::path::{Component, Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{Canary, DataClass, Policy, Principal};

/// A manifest whose every name means something.
#[derive(Debug)]
pub struct Manifest {
    pub(super) views: Vec<ViewEntry>,
    pub(super) canaries: Vec<CanaryEntry>,
    pub(super) pairs: Vec<PairEntry>,
}

#[derive(Debug)]
pub(super) struct ViewEntry {
    pub(super) party: String,
    pub(super) principal: Principal,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) is_dir: bool,
    pub(super) bytes: u64,
    pub(super) sha256: Option<String>,
    pub(super) empty: bool,
}

#[derive(Debug)]
pub(super) struct CanaryEntry {
    pub(super) canary: Canary,
    pub(super) expected: bool,
}

#[derive(Debug)]
pub(super) struct PairEntry {
    pub(super) name: String,
    /// Stands for the secret: who may see it may see the difference.
    pub(super) secret: Canary,
    pub(super) expected: bool,
    pub(super) masked: Vec<String>,
    pub(super) renamed: Vec<String>,
    pub(super) views: Vec<PairView>,
}

#[derive(Debug)]
pub(super) struct PairView {
    pub(super) party: String,
    pub(super) principal: Principal,
    pub(super) name: String,
    pub(super) left: String,
    pub(super) right: String,
}

/// Why a manifest was refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, or a key that is missing or means nothing; says where.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// Another format.
    #[error("`version = {0}` is not known; this reads version 1")]
    Version(u32),
    /// Nothing to look at, or nothing to look for.
    #[error("there are no {0}: nothing would be checked")]
    Nothing(&'static str),
    /// A principal that the policy doesn't have.
    #[error("{at} has `principal = \"{name}\"`, who is not in the policy; it has {known}")]
    UnknownPrincipal {
        /// Which entry.
        at: String,
        /// What it says.
        name: String,
        /// What it could say.
        known: String,
    },
    /// A class that the policy doesn't have.
    #[error("{at} has `class = \"{name}\"`, which is not in the policy; it has {known}")]
    UnknownClass {
        /// Which entry.
        at: String,
        /// What it says.
        name: String,
        /// What it could say.
        known: String,
    },
    /// An entry that says too much, too little, or something impossible.
    #[error("{at}: {why}")]
    Entry {
        /// Which entry.
        at: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Manifest {
    /// Parses `views.toml`; names of principals and classes are those of `policy`.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, ManifestError> {
        let file: ManifestFile = toml::from_str(text)?;
        if file.version != 1 {
            return Err(ManifestError::Version(file.version));
        }
        if file.views.is_empty() && file.pairs.is_empty() {
            return Err(ManifestError::Nothing("[[views]] and no [[pairs]]"));
        }
        if !file.views.is_empty() && file.canaries.is_empty() {
            return Err(ManifestError::Nothing("[[canaries]]"));
        }
        Ok(Self {
            views: file.views.into_iter().map(|view| view.check(policy)).collect::<Result<_, _>>()?,
            canaries: file.canaries.into_iter().map(|one| one.check(policy)).collect::<Result<_, _>>()?,
            pairs: file.pairs.into_iter().map(|pair| pair.check(policy)).collect::<Result<_, _>>()?,
        })
    }

    /// Every path that the manifest names.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let views = self.views.iter().map(|view| &*view.path);
        let pairs = self.pairs.iter().flat_map(|pair| &pair.views);
        views.chain(pairs.flat_map(|view| [&*view.left, &*view.right]))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestFile {
    version: u32,
    #[serde(default)]
    views: Vec<RawView>,
    #[serde(default)]
    canaries: Vec<RawCanary>,
    #[serde(default)]
    pairs: Vec<RawPair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawView {
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
struct RawCanary {
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
struct RawPair {
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
    fn check(self, policy: &Policy) -> Result<ViewEntry, ManifestError> {
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
    fn check(self, policy: &Policy) -> Result<CanaryEntry, ManifestError> {
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
    fn check(self, policy: &Policy) -> Result<PairEntry, ManifestError> {
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
