//! What is the same for all that happens in one step of the node.

use crate::output::Output;
use kernel::{Effects, Rng, Time};

/// When it happens, what is drawn in it, and what follows from it.
pub(crate) struct Step<'s> {
    pub(crate) now: Time,
    pub(crate) rng: &'s mut Rng,
    pub(crate) fx: &'s mut Effects<Output>,
}
