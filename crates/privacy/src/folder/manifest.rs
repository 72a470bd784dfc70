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

mod raw;

use crate::{Canary, Policy, Principal};

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
        let file: raw::ManifestFile = toml::from_str(text)?;
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
