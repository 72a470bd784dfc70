//! The world: the same machines that the live shell drives, in one deterministic loop with virtual
//! time, modelled disks and links, and crashes between any two effects.
//!
//! A run is a function of its [`Setup`], and its [`trace hash`](World::trace_hash) says whether two runs
//! were the same (invariant 8, `same_seed_same_trace`).

mod business;
mod calamity;
mod calibration;
mod costs;
mod crew;
mod draws;
pub mod engine;
mod fork;
mod host;
mod link;
mod modelled;
mod network;
mod plan;
mod presence;
mod processor;
mod real;
mod record;
mod sight;
mod simulation;
mod trace;
mod traffic;
mod variation;
mod world;

pub use business::{Business, Event as BusinessEvent};
pub use calamity::Misfortune;
pub use calibration::{Calibration, Clock, Step};
pub use costs::Costs;
pub use engine::Outcome;
pub use fork::ForkError;
pub use host::Fault;
pub use modelled::Refusal;
pub use real::host::Violation;
pub use real::notes::{Epoch, Keep, Metric, Progress, PublicKeys, Sent, Stage, Submitted};
pub use record::{Kind, Record, What, Who};
pub use sight::{Seen, Sight};
pub use simulation::{Credentials, Observations, Options, SetupError, Simulation};
pub use traffic::ANSWER;
pub use variation::{Audit, Secret, Variation};
pub use world::{Party, Setup, World};
