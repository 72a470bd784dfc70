//! Known faults that the audit must find, outside of the source that they break.
//!
//! A checker that finds nothing proves nothing. So there is a file for each fault that the checks of the privacy boundary
//! are for, in `crates/audit/mutants`: what the party does wrong, and the [`Edit`]s of the sound source that make it do so.
//! All of them are made in one [`Copy`](struct@Copy) of the source, behind a switch that only the copy has, and compiled together; the
//! variable [`CHOICE`] says which one a process has. The source that is shipped holds none.
//!
//! Parties are read and changed without a thought of mutants: an edit names a piece of source and no line. Where a piece
//! has changed, [`Mutants::fit`] says which mutant no longer fits, in milliseconds.
//!
//! This crate knows files and cargo, and no party, so that whoever changes a party hears of it before anything is compiled.

mod build;
mod copy;
mod fit;
mod mutant;

pub use build::BuildError;
pub use copy::{Copy, CopyError};
pub use fit::{Misfit, Misfits, Mutated, Placed, Why};
pub use mutant::{Edit, Layer, Mutant, Mutants, Place, ReadError, Seat};

/// The variable that a build with mutants looks for when it starts.
pub const CHOICE: &str = "BLINDPOST_MUTANT";

#[cfg(test)]
#[expect(unreachable_pub, reason = "it is public where the copy has it")]
mod switch {
    //! What the copy asks, tried here.
    include!("switch.rs");

    const NAMES: [&str; 2] = ["not-padded", "row-not-sealed"];

    #[test]
    fn a_process_has_one_fault_at_most_and_no_other_name_passes_for_none() {
        assert_eq!(choice(None), Ok(None));
        assert_eq!(choice(Some("not-padded".into())), Ok(Some("not-padded".into())));
        assert!(choice(Some("not-paded".into())).is_err());
        assert!(!is("not-padded"), "nobody has chosen");
        assert_eq!(super::CHOICE, CHOICE);
    }
}
