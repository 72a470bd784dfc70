//! Sweeps: one scenario under many settings, each with many seeds, and what the settings change.
//!
//! A [`Sweep`] is read from a file and expands to points. Workers take their runs from a [`Queue`]; the [`Journal`]
//! is the queue of one machine, and remembers every run, so that an interrupted sweep goes on where it was.

mod cells;
mod error;
mod file;
mod journal;
mod measures;
mod page;
mod plan;
mod queue;
mod statistics;
mod work;

pub use cells::Cell;
pub use error::JournalError;
pub use file::{FileError, Sweep};
pub use journal::Journal;
pub use measures::MEASURES;
pub use plan::{Point, Setting};
pub use queue::{Done, Job, Queue};
pub use statistics::Interval;
pub use work::{Progress, WorkError, work};
