//! The faults that a list of surfaces must find, each in a process of its own: in the copy of the source that has them.

use crate::root;
use crate::stage::Stage;
use mutants::{CHOICE, Layer, Mutant, Mutants, Seat};
use std::process::{Command, Output};

/// What a process with a fault does.
#[test]
fn a_conversation_shows_nothing_that_is_not_listed() {
    let mut stage = Stage::new();
    stage.converse();
    assert!(stage.problems.is_empty(), "found: {}", stage.problems.join("; "));
}

/// The same in another process, where this fault is chosen.
fn with(mutant: &Mutant) -> (Output, String) {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "mutants::a_conversation_shows_nothing_that_is_not_listed", "--nocapture"])
        .env(CHOICE, &mutant.name)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    (run, shown)
}

fn all() -> Mutants {
    Mutants::read(root()).unwrap()
}

#[test]
fn what_is_shipped_takes_no_fault() {
    let [mutant] = &all().called(&["relay-logs-envelope".to_owned()]).unwrap()[..] else { panic!("not one") };
    let (run, shown) = with(mutant);
    assert!(run.status.success() && shown.contains("1 passed"), "{shown}");
}

#[test]
#[ignore = "there are none here: cargo xtask mutants makes a copy of the source that has them"]
fn every_fault_that_the_lists_must_find_is_found() {
    let all = all();
    let must_find =
        |mutant: &&Mutant| mutant.seat == Seat::Machine && mutant.layers.contains(&Layer::Surface);
    let mutants: Vec<_> = all.all().iter().filter(must_find).collect();
    assert!(mutants.len() >= 7, "{mutants:?}");
    for mutant in mutants {
        let (run, shown) = with(mutant);
        assert!(!run.status.success() && shown.contains("found: "), "{} was not found\n{shown}", mutant.name);
    }
}
