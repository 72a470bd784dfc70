//! The privacy boundary, executed.
//!
//! `privacy` knows who may learn what and how to look for it; here the parties are run, in virtual time and as real
//! processes, and everything that each could see is looked at.

mod audit;
mod construction;
pub mod leak;
mod matrix;
mod world;

pub use audit::{Audit, AuditError, Progress, Report, Verdict};
pub use construction::Construction;
pub use matrix::{Bits, Blind, CellReport, Leak, Matrix};
pub use world::{PairPlan, StageError, TrialReport, Unequal, trials};
