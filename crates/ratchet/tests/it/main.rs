//! The promises of the engine, kept from outside through its public API.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod adversary;
mod counting;
mod crafted;
mod debug;
mod decryption_errors;
mod device;
mod fields;
mod forgery;
mod fuzzing;
mod garbage;
mod harvest_now;
mod hostile;
mod laboratory;
mod limits;
mod lockstep;
mod model;
mod naive;
mod official;
mod official_spqr;
mod primitives;
mod recorder;
mod rederivation;
mod replay;
mod safety_numbers;
mod sessions;
mod storage;
#[path = "../../fuzz/targets.rs"]
mod targets;
mod trust;
mod work;
