//! The resolved graph of everything that is linked, as `cargo metadata` gives it.

use serde::Deserialize;

use crate::step::cargo;

#[derive(Deserialize)]
pub(crate) struct Graph {
    pub(crate) packages: Vec<Package>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it comes from; none: this repository.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The requirement.
    pub(crate) req: String,
    /// None for `path` dependencies.
    pub(crate) source: Option<String>,
}

impl Graph {
    /// Every package, with all features and for all platforms.
    pub(crate) fn resolve() -> Result<Self, String> {
        let metadata = cargo(&["metadata", "--format-version", "1", "--all-features"]).output()?;
        serde_json::from_slice(&metadata).map_err(|error| format!("cargo metadata can't be read: {error}"))
    }

    /// The packages of this repository.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none())
    }
}
