//! The world: the same machines that the live shell drives, in one deterministic loop with virtual
//! time, modelled disks and links, and crashes between any two effects.
//!
//! A run is a function of a scenario, a seed and its [`Options`], and its [hashes](Simulation::hashes) say whether two
//! runs were the same (invariant 8, `same_seed_same_trace`).

mod calamity;
mod calibration;
mod costs;
mod credentials;
mod crew;
mod direction;
mod draws;
pub mod engine;
mod fork;
mod lanes;
mod link;
mod notes;
mod plan;
mod presence;
mod processor;
mod record;
mod refusal;
mod rehearsal;
mod sight;
mod simulation;
mod traffic;
mod variation;

pub use calamity::Misfortune;
pub use calibration::{Calibration, Clock, Step};
pub use costs::Costs;
pub use credentials::Credentials;
pub use engine::Outcome;
pub use fork::ForkError;
pub use lanes::Violation;
pub use notes::{Epoch, Keep, Metric, Progress, PublicKeys, Sent, Stage, Submitted};
pub use record::{Kind, Record, What, Who};
pub use refusal::Refusal;
pub use rehearsal::{Cast, Heard, Rehearsal, RehearsalError};
pub use sight::{Seen, Sight};
pub use simulation::{Observations, Options, SetupError, Simulation};
pub use traffic::ANSWER;
pub use variation::{Audit, Secret, Variation};
