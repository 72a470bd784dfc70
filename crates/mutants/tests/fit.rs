//! The mutants of this project fit its source: whoever changes a party hears in a second which one has to follow.

#![allow(clippy::unwrap_used, reason = "a test")]

use mutants::Mutants;
use std::path::Path;

fn this_project() -> Mutants {
    Mutants::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

#[test]
fn every_mutant_still_fits() {
    let mutants = this_project();
    // As many as there are today, or more: a reader that reads nothing finds nothing wrong.
    assert!(mutants.all().len() >= 34, "{}", mutants.all().len());
    if let Err(misfits) = mutants.fit() {
        panic!("\n{misfits}");
    }
}

#[test]
fn one_is_called_by_its_name_and_by_no_other() {
    let mutants = this_project();
    let called =
        |names: &[&str]| mutants.called(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(called(&[]).unwrap(), mutants.all());
    let [one] = &called(&["not-padded"]).unwrap()[..] else { panic!("not one") };
    assert_eq!(one.fault, "Messages are not padded.");
    assert_eq!(
        called(&["not-padded", "not-paded"]).unwrap_err().to_string(),
        "there is no mutant `not-paded`"
    );
}
