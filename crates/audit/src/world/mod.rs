//! The parties in virtual time, and what each of them could see.

mod canaries;
mod names;
mod pairs;
mod remains;
mod reseed;
mod stage;
mod trials;
mod views;

use crate::matrix::Matrix;
use privacy::surfaces::Surfaces;
use stage::Direction;

pub(crate) use pairs::run;
pub use pairs::{PairPlan, TrialReport, Unequal, trials};
pub use remains::Remains;
pub(crate) use remains::look;
pub(crate) use reseed::check as reseed;
pub use stage::StageError;

/// Plays the scene once, and searches what everybody saw for what could be recognised.
///
/// # Errors
/// [`StageError`].
pub(crate) fn search(seed: u64, surfaces: &Surfaces, matrix: &mut Matrix) -> Result<(), StageError> {
    let played = stage::play(&Direction::default(), seed)?;
    let planted = canaries::of(&played);
    matrix.searched(&planted, &canaries::search(&played, &planted)?);
    views::count(&played, surfaces, matrix);
    names::check(&played, matrix);
    Ok(())
}
