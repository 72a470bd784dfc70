//! What crosses a boundary beside the fields of `proto/`, and how it is told apart from what must not.
//!
//! `surfaces.toml` is a list of all that may be there: each row that a store keeps, each header and JSON path of
//! HTTP, each log line, metric and file, with its data class. Whatever is not on the list is a [`Problem`], so
//! something new fails until somebody says what it tells, and the policy says that its reader may know.
//!
//! A check answers with [`Seen`]: what was there, leaf by leaf, and what was wrong with it.

mod catalogue;
mod error;
mod files;
mod form;
mod frames;
mod http;
mod logs;
mod metrics;
mod problem;
mod rows;
mod source;

pub use error::SurfacesError;
pub use http::{Direction, HttpMessage};
pub use logs::LogEvent;
pub use metrics::MetricName;
pub use problem::{Leaf, Problem, Seen, Value};
pub use source::Exit;

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;

use crate::{
    DataClass, Policy, Principal,
    labels::{self, Labels},
};

/// `surfaces.toml`, parsed, with the policy and the messages that it speaks of.
pub struct Surfaces {
    policy: Policy,
    pool: DescriptorPool,
    labels: Labels,
    /// The message that is inside of a field of type bytes, by the field's full name.
    nested: BTreeMap<String, String>,
    /// The forms of fields, by full name.
    fields: BTreeMap<String, form::Forms>,
    tables: BTreeMap<String, rows::Table>,
    http: http::Catalogue,
    logs: logs::Catalogue,
    metrics: metrics::Catalogue,
    files: files::Catalogue,
    source: source::Catalogue,
}

impl Surfaces {
    /// The surfaces of this project, `crates/privacy/surfaces.toml`, with the messages of `proto/` as they were when
    /// this program was built.
    ///
    /// # Errors
    /// The list, or the policy, can't be read.
    pub fn of_this_project() -> Result<Self, SurfacesError> {
        let pool = DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/proto.bin"))[..])?;
        Self::parse(include_str!("../surfaces.toml"), pool, Policy::of_this_project()?)
    }

    /// Everything that a principal may be told by these surfaces is compared with this.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The messages of `proto/`.
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// How many declared fields, columns, headers, paths and log fields of each class can get to each principal.
    pub fn reach(&self) -> BTreeMap<(Principal, DataClass), u64> {
        let mut counts = labels::reach(&self.pool, &self.policy);
        let http = self.http.classes().map(|class| (Principal::Business, class));
        let logs = self.logs.classes().map(|class| (Principal::Operator, class));
        for place in http.chain(logs) {
            *counts.entry(place).or_default() += 1;
        }
        counts
    }

    /// Adds a leaf, and a problem if its class must not get to `principal`.
    fn note(&self, principal: Principal, path: String, class: DataClass, value: Value, seen: &mut Seen) {
        if !self.policy.allows(principal, class) {
            let cell = self.policy.cell(principal, class);
            seen.problems.push(Problem::NotAllowed { what: path.clone(), class, principal, cell });
        }
        seen.leaves.push(Leaf { path, class, value });
    }
}
