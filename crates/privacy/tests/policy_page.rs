//! `docs/privacy.md` says what `policy.toml` says, and what the rules name is there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{fs, path::Path};

use privacy::{Policy, page};

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_page_says_what_the_policy_says() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/privacy.md")).unwrap();
    let updated = page::updated(&page, &Policy::of_this_project().unwrap()).unwrap();
    assert!(
        page == updated,
        "docs/privacy.md is not what policy.toml says; write it with: {}",
        page::COMMAND
    );
}

#[test]
fn what_keeps_a_rule_exists() {
    for rule in Policy::of_this_project().unwrap().rules() {
        for check in &rule.checks {
            assert!(Path::new(TOP).join(check).exists(), "[[rules]] {}: {check} is not there", rule.id);
        }
    }
}
