//! The parties in virtual time, and what each of them could see.

mod stage;

pub use stage::StageError;
