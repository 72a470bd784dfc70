//! Experiments with the world.
//!
//! An [`Experiment`] runs a scenario into a directory. All that it leaves is a function of version, scenario and seed.

mod experiment;
mod messages;
mod recorder;

pub use experiment::{Error, Experiment, Progress, Summary};
