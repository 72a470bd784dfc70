//! The privacy boundary: who may learn what, and the scan that proves it.
//!
//! `docs/privacy.md` says who may learn what. Here it is data and executed:
//! - `Policy` is the matrix of principals and data classes (`policy.toml`);
//! - `labels` compares it with the label of every field in `proto/`;
//! - `surfaces` lists all that is in no `proto/` file: HTTP, rows, log lines, metrics, files (`surfaces.toml`);
//! - [`Scanner`] looks for planted [`Canary`]s in every byte that a principal could see;
//! - `judge` says which of the findings are leaks, and whether the search could see at all;
//! - [`equal`] compares the views of two runs that differ in a secret;
//! - `leak` says in bits what a view tells of a secret, where the two can't be made independent;
//! - `folder` does all of it with views of any system, as files.
//!
//! A checker that finds nothing proves nothing: each has tests that show what it finds.

mod canary;
mod encoding;
pub mod equal;
#[cfg(feature = "policy")]
pub mod folder;
mod inflate;
#[cfg(feature = "policy")]
mod judge;
#[cfg(feature = "policy")]
pub mod labels;
#[cfg(feature = "leak")]
pub mod leak;
#[cfg(feature = "policy")]
pub mod page;
#[cfg(feature = "policy")]
mod policy;
mod principal;
mod scan;
mod search;
mod shared_text;
#[cfg(feature = "policy")]
pub mod surfaces;
mod view;

pub use canary::{Canary, CanaryError};
pub use encoding::Encoding;
pub use inflate::Compression;
#[cfg(feature = "policy")]
pub use judge::{Blind, JudgeError, Judgement, Leak, Presence, judge};
#[cfg(feature = "policy")]
pub use policy::{Cell, Outlives, Policy, PolicyError, Row, Rule};
pub use principal::{DataClass, Principal};
pub use scan::{Finding, Inside, Scan, ScanError, Scanner, Stream};
pub use view::{Party, Searched};
