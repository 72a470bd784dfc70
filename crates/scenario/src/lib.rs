//! Scenario files: what they say, what is wrong with them, and what a run will cost.

mod bounded;
mod canonical;
mod change;
mod check;
mod country;
mod day;
mod distribution;
mod document;
mod estimate;
mod file;
mod kinds;
mod meaning;
mod normal;
mod party;
mod problem;
mod profile;
mod quantity;
mod replay;
mod sample;
mod scenario;
mod schema;
mod written;

pub use country::Country;
pub use day::Day;
pub use distribution::{Distribution, DrawnTurns, Turns};
pub use estimate::Estimate;
pub use party::Party;
pub use problem::{Problem, ScenarioError};
pub use quantity::{
    Bandwidth, Bytes, Duration, Moment, Of, Probability, QuantityError, Rate, TimeOfDay, TrafficRate,
};
pub use sample::{Sampler, exponential};
pub use scenario::{
    Adversary, Burst, Businesses, Consumers, Crypto, Device, Fault, Link, Measurements, Messages, Network,
    Node, Online, Padding, Profile, RandomFault, Registers, Relay, Replay, ReplayRow, Reply, Scenario, Suite,
    Traffic, VERSION,
};
pub use schema::schema;
pub use written::Origin;
