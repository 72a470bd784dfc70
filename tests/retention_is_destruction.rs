//! Invariant 6: after delivery, or after the retention period, no file, no memory and no key gives the content back,
//! whenever the process died in between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::live::outcome;
use privacy::{DataClass, Searched};

#[test]
fn what_is_over_is_gone_from_files_and_memory() {
    let outcome = outcome();
    // Those that were found broken, which includes every search that should have found something and did not.
    assert_eq!(outcome.broken, []);
    assert!(outcome.crash_points >= 5, "{}", outcome.crash_points);

    let view = |party: &str, view: &str| -> &Searched {
        let found = outcome.searched.iter().find(|seen| seen.party.name() == party && *seen.view == *view);
        found.unwrap_or_else(|| panic!("{view} of {party} was not searched"))
    };
    let texts =
        |view: &Searched| view.findings.iter().filter(|finding| finding.canary.starts_with("text ")).count();
    // The same search, of the same process, before and after.
    assert!(texts(view("node/0", "memory, messages in flight")) > 0);
    assert_eq!(texts(view("node/0", "memory, after delivery")), 0);
    assert_eq!(texts(view("node/1", "memory, after retention")), 0);
    for (party, when) in [
        ("node/0", "files, messages in flight"),
        ("node/0", "files, after delivery"),
        ("node/1", "files, after retention"),
        ("node/0", "files after kill -9, number 1"),
        ("node/0", "files after compaction"),
    ] {
        let content = view(party, when).findings.iter().filter(|finding| finding.class == DataClass::Content);
        assert_eq!(content.count(), 0, "{when} of {party}");
    }
}
