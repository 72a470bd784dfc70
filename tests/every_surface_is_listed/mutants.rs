//! The faults that a list of surfaces must find, each in a process of its own (`--features mutants`).

use crate::stage::Stage;
use kernel::mutant::{self, Layer, Mutant, Seat};
use std::process::Command;

const CHOICE: &str = "BLINDPOST_MUTANT";

/// What a process with a fault does; without one it has nothing to do.
#[test]
fn converse_with_a_fault() {
    let Ok(name) = std::env::var(CHOICE) else { return };
    mutant::choose(&name).unwrap();
    let mut stage = Stage::new();
    stage.converse();
    assert!(stage.problems.is_empty(), "found: {}", stage.problems.join("; "));
}

#[test]
fn every_fault_that_the_lists_must_find_is_found() {
    let must_find =
        |mutant: &Mutant| mutant.seat() == Seat::Machine && mutant.caught_by().contains(&Layer::Surface);
    let mutants: Vec<_> = Mutant::ALL.into_iter().filter(must_find).collect();
    assert!(mutants.len() >= 7, "{mutants:?}");
    for mutant in mutants {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "mutants::converse_with_a_fault", "--nocapture"])
            .env(CHOICE, mutant.name())
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && shown.contains("found: "), "{mutant} was not found\n{shown}");
    }
}
