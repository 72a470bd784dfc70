//! Why a question about leakage has no answer.

use privacy::PolicyError;
use privacy::leak::SampleError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LeakError {
    /// The world was not made; a mistake of the program.
    #[error("the run can't be made: {0}")]
    Setup(String),
    /// The parties broke a promise: what was measured is not what should be.
    #[error("the run broke {0}")]
    Violation(&'static str),
    /// Not enough messages arrived to say anything.
    #[error("only {0} messages arrived; 20 are the least that say anything")]
    TooFew(usize),
    /// A view has numbers that aren't.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The matrix of who may learn what can't be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
