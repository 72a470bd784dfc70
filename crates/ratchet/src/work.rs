//! What a message may still cost before anything of it is authentic.

use crate::limits::{MAX_FORWARD_JUMP, MAX_OWN_FORWARD_JUMP, MAX_WALKS};

/// Steps of chains that are left for one message, over all the sessions that it is tried in.
///
/// A message key can be computed only by walking the chain to it, so whoever names a far one makes the receiver work
/// before it can see that the message is a forgery. This is what bounds it.
#[derive(Debug)]
pub struct Work {
    steps: u32,
}

impl Work {
    /// For one message; `own` if it may be of a session with oneself, and only if that was proved.
    pub(crate) const fn allowed(own: bool) -> Self {
        Self { steps: MAX_WALKS * Self::jump(own) }
    }

    /// How many messages may be missing before one.
    pub(crate) const fn jump(own: bool) -> u32 {
        if own { MAX_OWN_FORWARD_JUMP } else { MAX_FORWARD_JUMP }
    }

    /// Takes what walking over so many messages costs; `None` if it is more than is left.
    pub fn walk(&mut self, steps: u32) -> Option<()> {
        self.steps = self.steps.checked_sub(steps)?;
        Some(())
    }
}
