//! The example for others: a server in another language whose every leak is found, and which passes without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{path::Path, process::Command};

use privacy::folder::{FolderReport, Verdict, audit};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/leaky-chat");

#[test]
fn every_leak_of_the_chat_is_found() {
    let report = audited(&[]);
    assert_eq!(report.verdict(), Verdict::Leak, "{report}");
    assert!(report.unchecked.is_empty(), "{report}");

    let leaked = |canary: &str, party: &str, file: &str, compressed: bool| {
        let found = report.leaks.iter().any(|leak| {
            let finding = &leak.finding;
            (&*finding.canary, leak.party.name()) == (canary, party)
                && finding.view.ends_with(file)
                && finding.inside.is_some() == compressed
        });
        assert!(found, "{canary}, {party}, {file}:\n{report}");
    };
    for name in ["ada", "bo"] {
        leaked(&format!("number of {name}"), "operator", "debug.log", false);
        leaked(&format!("token of {name}"), "disk", "people.txt", false);
    }
    leaked("token of ada", "operator", "error.log", false);
    for text in ["ada to bo", "bo to ada"] {
        leaked(text, "disk", ".json", false);
        leaked(text, "operator", "dump.json.gz", true);
    }
    let [differs] = report.differs.as_slice() else { panic!("{report}") };
    assert_eq!((differs.party.name(), &*differs.pair), ("operator", "what ada says"));
    assert!(differs.difference.to_string().contains("event 0: `size` differs"), "{report}");

    // And what is not named above is no leak: the numbers in the dump are the only others.
    let others: Vec<_> = report
        .leaks
        .iter()
        .filter(|leak| !(leak.finding.inside.is_some() && leak.finding.canary.starts_with("number of")))
        .collect();
    assert_eq!(others.len(), 2 + 2 + 1 + 2 + 2, "{report}");
}

#[test]
fn the_chat_without_its_leaks_is_clean() {
    let report = audited(&["--fixed"]);
    assert_eq!(report.verdict(), Verdict::Clean, "{report}");
    assert!(report.seen.len() >= 12, "{report}");
    assert_eq!(report.compared, 1);
}

/// Runs the example and audits what it wrote.
fn audited(arguments: &[&str]) -> FolderReport {
    let dir = tempfile::tempdir().unwrap();
    let views = dir.path().join("views");
    let mut command = Command::new("python3");
    // Without -B Python writes its cache beside the source.
    command.arg("-B").arg(Path::new(EXAMPLE).join("drive.py")).arg(&views).args(arguments);
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("this test needs Python 3: {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let policy = std::fs::read_to_string(Path::new(EXAMPLE).join("policy.toml")).unwrap();
    audit(&views, &policy).unwrap()
}
