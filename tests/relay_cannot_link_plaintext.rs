//! Invariant 1: no path leads from `relay` to a crate that could read a message, and nobody links those
//! crates but who is on the lists below.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    process::Command,
};

use serde_json::Value;

/// Who can read messages: the engine, what is inside a ciphertext, and what both ends share.
const PLAINTEXT: [&str; 3] = ["content", "endpoint", "ratchet"];

/// Who may name `ratchet` in its Cargo.toml, but for tests, for which deny.toml names more: the ends, and what holds
/// both sides of every conversation in virtual time to check and to attack them.
const NAMES_RATCHET: [&str; 4] = ["endpoint", "figures", "lab", "world"];

/// Who may name `content` in its Cargo.toml, likewise, and the terminal that is a person's screen and keyboard.
const NAMES_CONTENT: [&str; 6] = ["cli", "cloud", "consumer", "endpoint", "figures", "world"];

/// Who may have one of the two anywhere beneath it: the ends, and what runs all parties at once.
const HAS_PLAINTEXT: [&str; 12] = [
    "audit",
    "blindpost",
    "cli",
    "cloud",
    "consumer",
    "content",
    "endpoint",
    "figures",
    "lab",
    "ratchet",
    "sweep",
    "world",
];

/// What only tests and measures, and is part of no product.
const NOT_SHIPPED: [&str; 2] = ["blindpost-benches", "interop"];

/// Who never has, whatever the lists above come to say: the transport and all that it is made of, and the API's language.
const NEVER: [&str; 7] = ["graph", "kernel", "link", "live", "relay", "store", "wire"];

#[test]
fn relay_cannot_link_plaintext() {
    let graph = Graph::of_the_workspace();
    for from in NEVER {
        for to in PLAINTEXT {
            let path = graph.path(from, to);
            assert!(path.is_none(), "{}", path.unwrap_or_default().join(" -> "));
        }
    }
}

#[test]
fn only_the_ends_link_plaintext() {
    let graph = Graph::of_the_workspace();
    let naming = |to: &str| -> Vec<&str> {
        let naming = graph.shipped().filter(|from| graph.names(from, to));
        naming.map(String::as_str).collect()
    };
    assert_eq!(naming("ratchet"), NAMES_RATCHET);
    assert_eq!(naming("content"), NAMES_CONTENT);
    for member in graph.shipped().filter(|member| !HAS_PLAINTEXT.contains(&member.as_str())) {
        let path = ["ratchet", "content"].into_iter().find_map(|to| graph.path(member, to));
        assert!(path.is_none(), "{}", path.unwrap_or_default().join(" -> "));
    }
}

/// Else they would be shipped, and the lists above would lack them.
#[test]
fn nothing_links_what_is_not_shipped() {
    let graph = Graph::of_the_workspace();
    for member in graph.shipped() {
        let path = NOT_SHIPPED.into_iter().find_map(|to| graph.path(member, to));
        assert!(path.is_none(), "{}", path.unwrap_or_default().join(" -> "));
    }
}

/// A graph in which nothing is found proves nothing.
#[test]
fn the_search_finds_a_path_where_there_is_one() {
    let graph = Graph::of_the_workspace();
    assert_eq!(graph.path("consumer", "ratchet").unwrap(), ["consumer", "endpoint", "ratchet"]);
    let mut broken = Graph::of_the_workspace();
    broken.edges.entry("store".to_owned()).or_default().insert("endpoint".to_owned());
    assert_eq!(broken.path("relay", "content").unwrap(), ["relay", "store", "endpoint", "content"]);
}

/// What is linked into what: normal and build dependencies, with all features.
struct Graph {
    /// The crates of this repository.
    members: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// The graph that cargo resolves for this platform, and what the Cargo.toml files declare for any.
    fn of_the_workspace() -> Self {
        let metadata = metadata();
        let packages = array(&metadata, "packages");
        let name_of: BTreeMap<&str, &str> =
            packages.iter().map(|package| (text(package, "id"), text(package, "name"))).collect();
        let members: BTreeSet<String> = array(&metadata, "workspace_members")
            .iter()
            .map(|id| name_of[id.as_str().unwrap()].to_owned())
            .collect();
        for name in NEVER.iter().chain(&PLAINTEXT).chain(&HAS_PLAINTEXT).chain(&NOT_SHIPPED) {
            assert!(members.contains(*name), "{name} is not a crate of this workspace any more");
        }

        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut link = |from: &str, to: &str| {
            edges.entry(from.to_owned()).or_default().insert(to.to_owned());
        };
        for node in array(&metadata["resolve"], "nodes") {
            for dependency in array(node, "deps") {
                if array(dependency, "dep_kinds").iter().any(is_linked) {
                    link(name_of[text(node, "id")], name_of[text(dependency, "pkg")]);
                }
            }
        }
        for package in packages.iter().filter(|package| members.contains(text(package, "name"))) {
            for dependency in array(package, "dependencies").iter().filter(|dependency| is_linked(dependency))
            {
                link(text(package, "name"), text(dependency, "name"));
            }
        }
        Self { members, edges }
    }

    fn shipped(&self) -> impl Iterator<Item = &String> {
        self.members.iter().filter(|member| !NOT_SHIPPED.contains(&member.as_str()))
    }

    fn names(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|edges| edges.contains(to))
    }

    /// The shortest path, both ends included.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut paths = vec![vec![from.to_owned()]];
        let mut seen = BTreeSet::from([from.to_owned()]);
        while !paths.is_empty() {
            let mut longer = Vec::new();
            for path in paths {
                let last = path.last()?;
                if last == to {
                    return Some(path);
                }
                for next in self.edges.get(last).into_iter().flatten() {
                    if seen.insert(next.clone()) {
                        longer.push([path.as_slice(), std::slice::from_ref(next)].concat());
                    }
                }
            }
            paths = longer;
        }
        None
    }
}

/// True unless the dependency is for tests and benchmarks only.
fn is_linked(dependency: &Value) -> bool {
    dependency["kind"] != "dev"
}

/// For the platform of this build only: what other platforms need may not have been downloaded.
fn metadata() -> Value {
    let arguments = ["metadata", "--format-version", "1", "--all-features", "--filter-platform", &platform()];
    let metadata = run(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), &arguments);
    serde_json::from_str(&metadata).unwrap()
}

fn platform() -> String {
    let version = run(&env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()), &["-vV"]);
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap_or_else(|| panic!("cargo metadata has no `{field}`"))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("cargo metadata has no `{field}`"))
}
