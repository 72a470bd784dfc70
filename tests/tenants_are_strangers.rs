//! Invariant 7: no business, and no node, sees anything of another's, in any byte that it gets or holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::live::{leaks, outcome};
use privacy::Principal;
use std::collections::BTreeSet;

#[test]
fn nobody_sees_what_is_anothers() {
    let outcome = outcome();
    let mut parties = BTreeSet::new();
    for view in &outcome.searched {
        if matches!(
            view.party.principal(),
            Principal::Business | Principal::Cloud | Principal::Onprem | Principal::Consumer
        ) {
            let leaks = leaks(&outcome, view);
            assert!(leaks.is_empty(), "{} of {}: {leaks:?}", view.view, view.party);
            parties.insert(view.party.name());
        }
    }
    let all = [
        "business/0",
        "business/1",
        "business/2",
        "consumer/0",
        "consumer/1",
        "consumer/2",
        "node/0",
        "node/1",
    ];
    assert_eq!(parties.into_iter().collect::<Vec<_>>(), all);
    // One who asks for what is another's hears no, and nothing of it.
    let asked = outcome.searched.iter().filter(|view| view.view.starts_with("answers about "));
    assert_eq!(asked.count(), 6, "each business about each other");
    // And each sees its own: the search is not blind.
    for business in ["business/0", "business/1", "business/2"] {
        let own = outcome.searched.iter().filter(|view| view.party.name() == business);
        assert!(own.flat_map(|view| &view.findings).any(|finding| finding.canary.starts_with("text ")));
    }
    assert_eq!(outcome.broken, [], "other promises");
}
