//! What a device answers, whoever's it is: what was asked for, or a refusal. A harness that failed says neither.

use thiserror::Error;

/// What a device answers: what was asked for, or that it refuses.
pub type Verdict<T> = Result<T, Refusal>;

/// A device said no.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct Refusal(pub String);
