//! Checks the graph against `deny.toml`: licences, bans and sources.
//!
//! cargo-deny does the same and more, but takes longer to build than everything else that must pass.
//! This reads what deny.toml says of these three, and refuses words in it that it doesn't know.

use std::{collections::BTreeSet, fs};

use serde::Deserialize;

use crate::{
    graph::{Graph, Package},
    licence,
    step::root,
};

#[derive(Deserialize)]
pub(crate) struct Rules {
    licenses: Licences,
    bans: Bans,
    #[serde(rename = "sources")]
    _sources: Sources,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Licences {
    allow: BTreeSet<String>,
    /// How much of a licence's text must be there where no expression is; we ask for an expression.
    #[serde(rename = "confidence-threshold")]
    _confidence_threshold: f64,
    #[serde(rename = "private")]
    _private: toml::Table,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Bans {
    deny: Vec<Ban>,
    wildcards: Deny,
    allow_wildcard_paths: bool,
    #[serde(rename = "multiple-versions")]
    _multiple_versions: Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// The only ones that may name it. None: nobody may.
    #[serde(default)]
    wrappers: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Sources {
    #[serde(rename = "unknown-registry")]
    _unknown_registry: Deny,
    #[serde(rename = "unknown-git")]
    _unknown_git: Deny,
}

/// The only setting of a rule that is checked here.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deny {
    Deny,
}

/// The only setting of a rule that is not.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Allow {
    Allow,
}

/// What passed, or everything that is wrong.
pub(crate) fn check() -> Result<String, String> {
    let path = root().join("deny.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("can't read deny.toml: {error}"))?;
    let rules: Rules = toml::from_str(&text).map_err(|error| format!("deny.toml: {error}"))?;
    let graph = Graph::resolve()?;
    let wrong = violations(&rules, &graph);
    match wrong.is_empty() {
        true => Ok(format!("{} packages: licences, bans and sources as in deny.toml", graph.packages.len())),
        false => Err(wrong.join("\n")),
    }
}

fn violations(rules: &Rules, graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in &graph.packages {
        wrong.extend(licence_violation(&rules.licenses, package));
        wrong.extend(source_violation(package));
        for ban in &rules.bans.deny {
            wrong.extend(ban_violations(ban, package));
        }
    }
    for package in graph.ours() {
        wrong.extend(wildcard_violations(&rules.bans, package));
    }
    wrong
}

fn licence_violation(licences: &Licences, package: &Package) -> Option<String> {
    let Package { name, version, license, .. } = package;
    let Some(expression) = license else { return Some(format!("{name} {version} names no licence")) };
    match licence::allows(expression, &|licence| licences.allow.contains(licence)) {
        Ok(true) => None,
        Ok(false) => {
            Some(format!("{name} {version} is licensed {expression}, which [licenses] doesn't allow"))
        }
        Err(what) => Some(format!("{name} {version}: the licence `{expression}` can't be read: {what}")),
    }
}

fn source_violation(package: &Package) -> Option<String> {
    let source = package.source.as_deref().filter(|source| !is_crates_io(source))?;
    Some(format!("{} {} comes from {source}: only crates.io is a source", package.name, package.version))
}

/// As cargo names it, from whatever mirror it takes the files.
fn is_crates_io(source: &str) -> bool {
    source.starts_with("registry+https://") && source.ends_with("/rust-lang/crates.io-index")
}

fn ban_violations(ban: &Ban, package: &Package) -> Vec<String> {
    let mut wrong = Vec::new();
    if package.name == ban.name && ban.wrappers.is_empty() {
        wrong.push(format!("{} {} is banned", package.name, package.version));
    }
    let names_it = package.dependencies.iter().any(|dependency| dependency.name == ban.name);
    if names_it && !ban.wrappers.is_empty() && !ban.wrappers.contains(&package.name) {
        wrong.push(format!("{} may not depend on {}: see its wrappers in deny.toml", package.name, ban.name));
    }
    wrong
}

fn wildcard_violations(bans: &Bans, package: &Package) -> Vec<String> {
    let Bans { wildcards: Deny::Deny, allow_wildcard_paths, .. } = bans;
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.req == "*" && !(dependency.source.is_none() && *allow_wildcard_paths))
        .map(|dependency| format!("{} takes any version of {}", package.name, dependency.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES_IO: &str = "registry+https://example.com/rust-lang/crates.io-index";

    fn rules() -> Rules {
        toml::from_str(include_str!("../../deny.toml")).unwrap()
    }

    fn wrong(name: &str, license: &str, source: Option<&str>, dependencies: &[&str]) -> Vec<String> {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|name| serde_json::json!({ "name": name, "req": "^1", "source": CRATES_IO }))
            .collect();
        let graph = serde_json::json!({ "packages": [{
            "name": name, "version": "1.0.0", "license": license, "source": source, "dependencies": dependencies,
        }] });
        violations(&rules(), &serde_json::from_value(graph).unwrap())
    }

    #[test]
    fn what_the_rules_allow_passes() {
        assert_eq!(wrong("good", "MIT OR Apache-2.0", Some(CRATES_IO), &["other"]), [""; 0]);
        assert_eq!(wrong("endpoint", "Apache-2.0 OR MIT", None, &["ratchet", "content"]), [""; 0]);
    }

    #[test]
    fn copyleft_is_refused() {
        let wrong = wrong("libx", "AGPL-3.0-only", Some(CRATES_IO), &[]);
        assert_eq!(wrong, ["libx 1.0.0 is licensed AGPL-3.0-only, which [licenses] doesn't allow"]);
    }

    #[test]
    fn only_wrappers_may_name_who_can_read_messages() {
        assert_eq!(
            wrong("relay", "MIT", None, &["ratchet"]),
            ["relay may not depend on ratchet: see its wrappers in deny.toml"]
        );
        assert_eq!(
            wrong("store", "MIT", None, &["content"]),
            ["store may not depend on content: see its wrappers in deny.toml"]
        );
    }

    #[test]
    fn banned_crates_and_other_sources_are_refused() {
        assert_eq!(wrong("openssl", "MIT", Some(CRATES_IO), &[]), ["openssl 1.0.0 is banned"]);
        assert_eq!(
            wrong("x", "MIT", Some("git+https://example.com/x"), &[]),
            ["x 1.0.0 comes from git+https://example.com/x: only crates.io is a source"]
        );
    }

    #[test]
    fn any_version_is_refused_but_for_our_own() {
        let graph = |source: Option<&str>| -> Graph {
            serde_json::from_value(serde_json::json!({ "packages": [{
                "name": "relay", "version": "1.0.0", "license": "MIT", "source": null,
                "dependencies": [{ "name": "x", "req": "*", "source": source }],
            }] }))
            .unwrap()
        };
        assert_eq!(violations(&rules(), &graph(Some(CRATES_IO))), ["relay takes any version of x"]);
        assert_eq!(violations(&rules(), &graph(None)), [""; 0]);
    }
}
