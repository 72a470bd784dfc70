//! Scenario files: what they say, what is wrong with them, and what a run will cost.

mod country;
mod day;
mod distribution;
mod file;
mod party;
mod quantity;
mod sample;
mod scenario;

pub use country::Country;
pub use day::Day;
pub use distribution::{Distribution, DrawnTurns, Turns};
pub use file::ScenarioError;
pub use party::Party;
pub use quantity::{
    Bandwidth, Bytes, Duration, Moment, Of, Probability, QuantityError, Rate, TimeOfDay, TrafficRate,
};
pub use sample::exponential;
pub use scenario::{
    Adversary, Burst, Businesses, Consumers, Crypto, Device, Fault, Link, Measurements, Messages, Network,
    Node, Online, Padding, Profile, RandomFault, Registers, Relay, Replay, ReplayRow, Reply, Scenario, Suite,
    Traffic, VERSION,
};
