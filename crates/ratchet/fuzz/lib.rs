//! The targets for `cargo fuzz`; one binary each, all of them `target.rs`.
#![allow(missing_docs, dead_code, reason = "shared with the tests")]

#[path = "../tests/it/device.rs"]
pub mod device;
pub mod targets;

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> targets::Target {
    let found = targets::TARGETS.into_iter().find(|(target, _)| *target == name);
    found.unwrap_or_else(|| panic!("no target {name}")).1
}
