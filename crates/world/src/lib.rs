//! The world: the same machines that the live shell drives, in one deterministic loop with virtual
//! time, modelled disks and links, and crashes between any two effects.
//!
//! A run is a function of a scenario, a seed and its [`Options`], and its [hashes](Simulation::hashes) say whether two
//! runs were the same (invariant 8, `same_seed_same_trace`).

mod calamity;
mod calibration;
mod conditions;
mod costs;
mod credentials;
mod crew;
mod direction;
mod draws;
pub mod engine;
mod fate;
mod fork;
mod keep;
mod lanes;
mod link;
mod notes;
mod options;
mod parcel;
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
mod violation;

pub use calamity::{Misfortune, Restore};
pub use calibration::{Calibration, Clock, Step};
pub use costs::Costs;
pub use credentials::Credentials;
pub use engine::Outcome;
pub use fork::ForkError;
pub use keep::Keep;
pub use notes::{Epoch, Metric, Progress, PublicKeys, Sent, Stage, Submitted};
pub use options::Options;
pub use record::{Kind, Record, What, Who};
pub use refusal::Refusal;
pub use rehearsal::{Cast, Heard, Rehearsal, RehearsalError};
pub use sight::{Seen, Sight};
pub use simulation::{Observations, SetupError, Simulation};
pub use traffic::ANSWER;
pub use variation::{Audit, Secret, Variation};
pub use violation::Violation;
