//! `cargo xtask mutants`: the known faults (`crates/audit/mutants`) still fit the source that they break.

use ::mutants::Mutants;

use crate::step::{Failure, Step, root, target};

/// Whether every mutant fits. Nothing is compiled.
pub(crate) fn fit() -> Result<(), Failure> {
    Step::new("mutants fit").check("cargo xtask mutants", || {
        let mutants = Mutants::read(&root()).map_err(|error| error.to_string())?;
        mutants.fit().map_err(|misfits| misfits.to_string())?;
        Ok(format!("{} mutants fit", mutants.all().len()))
    })
}

/// A copy of the source that has all mutants, to test one by hand.
pub(crate) fn copy() -> Result<(), Failure> {
    Step::new("copy with the mutants").check("cargo xtask mutants", || {
        let mutants = Mutants::read(&root()).map_err(|error| error.to_string())?;
        let copy = mutants.copy(&target().join("mutants"), &target()).map_err(|error| error.to_string())?;
        let (all, variable) = (mutants.all().len(), ::mutants::CHOICE);
        Ok(format!("{all} mutants in {}; {variable}=NAME chooses one there", copy.root().display()))
    })
}
