//! The engine: what happens in virtual time, in the same order on one thread or on many.
//!
//! Whatever has a state is in a [`Lane`], and a lane is handled by one thread at a time. Lanes act on each other only
//! through events that take at least the lookahead to arrive, as no link is faster. So all lanes can be
//! handled at once for that long without missing anything (Chandy and Misra's conservative
//! synchronisation, in rounds). Events at the same time happen in the order of who scheduled them and
//! as which of its own, which does not depend on threads: invariant 8, `same_seed_same_trace`.

mod lane;
mod rounds;
mod wheel;

pub use lane::{Agenda, Lane};
pub use rounds::{Engine, Outcome};
