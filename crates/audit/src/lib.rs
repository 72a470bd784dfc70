//! The privacy boundary, executed.
//!
//! `privacy` knows who may learn what and how to look for it; here the parties are run, in virtual time and as real
//! processes, and everything that each could see is looked at.

mod attacks;
mod audit;
mod construction;
mod estimation;
pub mod leak;
pub mod live;
mod looked;
mod matrix;
mod mutants;
pub mod picture;
mod state;
mod wamid;
mod world;

pub use attacks::{Attack, AttackError};
pub use audit::{Audit, AuditError, Processes, Progress, Repeat, Report, Verdict};
pub use construction::Construction;
pub use estimation::Measured;
pub use looked::{Looked, NEVER};
pub use matrix::{Bits, Blind, CellReport, Leak, Matrix};
pub use mutants::{MutantError, MutantPlan, MutantReport, MutantsReport, run as run_mutants};
pub use state::State;
pub use world::{PairPlan, Remains, StageError, TrialReport, Unequal, trials};
