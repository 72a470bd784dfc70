//! Whose eyes bytes were seen with.

use std::{fmt, sync::Arc};

use serde::Serialize;

use crate::{Finding, Principal, shared_text::as_str};

/// One of the parties of a run: which principal it is, and which of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Party {
    principal: Principal,
    #[serde(serialize_with = "as_str")]
    name: Arc<str>,
}

/// A view that was searched to its end: how much there was of it, and what was found.
///
/// A finding is no leak by itself: the policy says which canaries may be where.
#[derive(Clone, Debug)]
pub struct Searched {
    /// Whose view.
    pub party: Party,
    /// Which of its views, for example `memory` or `files after kill -9`.
    pub view: Arc<str>,
    /// How many bytes were searched: nothing found in nothing proves nothing.
    pub bytes: u64,
    /// Every canary in it.
    pub findings: Vec<Finding>,
}

impl Party {
    /// A party by its name in a run, for example `business/0`: canaries name their owners so.
    pub fn new(principal: Principal, name: impl Into<Arc<str>>) -> Self {
        Self { principal, name: name.into() }
    }

    /// What it is.
    pub fn principal(&self) -> Principal {
        self.principal
    }

    /// Which one it is.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.principal)
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
