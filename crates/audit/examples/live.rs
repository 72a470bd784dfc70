//! Scratch.
#![allow(warnings, clippy::all, clippy::pedantic)]
use audit::live::{LiveOptions, run};
use std::collections::BTreeMap;
fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap().into();
    let quick = args.next().as_deref() != Some("full");
    let dir = tempfile::tempdir().unwrap();
    let outcome = run(&LiveOptions { program, dir: dir.path().into(), environment: vec![], quick }).unwrap();
    let policy = privacy::Policy::of_this_project().unwrap();
    let canaries: BTreeMap<_, _> = outcome.canaries.iter().map(|c| (c.name().clone(), c)).collect();
    for s in &outcome.searched {
        let bad: Vec<_> = s
            .findings
            .iter()
            .filter(|f| canaries.get(&f.canary).is_none_or(|c| !policy.permits(&s.party, c)))
            .collect();
        println!(
            "{:28} {:40} {:>12} bytes {:>5} findings {:>4} bad",
            s.party.to_string(),
            s.view,
            s.bytes,
            s.findings.len(),
            bad.len()
        );
        for f in bad.iter().take(12) {
            println!("      BAD {f}");
        }
    }
    println!(
        "{} canaries; {} crash points; took {:?}",
        outcome.canaries.len(),
        outcome.crash_points,
        outcome.phases
    );
    for b in outcome.broken.iter().take(60) {
        println!("BROKEN {b}");
    }
}
