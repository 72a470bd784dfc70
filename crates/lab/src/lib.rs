//! Experiments with the world.
//!
//! An [`Experiment`] runs a scenario into a directory. All that it leaves is a function of version, scenario and seed.

mod adversaries;
mod campaign;
mod checkpoint;
mod experiment;
mod invariants;
mod messages;
mod recorder;
mod resume;

pub use adversaries::loot;
pub use campaign::{Campaign, Failure, Verdict};
pub use checkpoint::{Checkpoint, CheckpointError, SavedTurn};
pub use experiment::{Error, Experiment, Exposed, Progress, Summary, Turn, Watcher};
pub use invariants::Broken;
