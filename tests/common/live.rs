//! The audit of the running program, as tests judge it.

use audit::live::{LiveOptions, LiveOutcome, run};
use privacy::{Finding, Policy, Searched};

/// Runs the program as it is built for these tests, quickly.
pub(crate) fn outcome() -> LiveOutcome {
    let dir = tempfile::tempdir().unwrap();
    let options = LiveOptions {
        program: env!("CARGO_BIN_EXE_blindpost").into(),
        dir: dir.path().to_owned(),
        environment: Vec::new(),
        quick: true,
    };
    run(&options).unwrap()
}

/// What was found in a view though the policy does not permit it.
pub(crate) fn leaks<'a>(outcome: &'a LiveOutcome, view: &'a Searched) -> Vec<&'a Finding> {
    let policy = Policy::of_this_project().unwrap();
    let permitted = |finding: &&Finding| {
        let canary = outcome.canaries.iter().find(|canary| *canary.name() == finding.canary);
        canary.is_some_and(|canary| policy.permits(&view.party, canary))
    };
    view.findings.iter().filter(|finding| !permitted(finding)).collect()
}
