//! A scenario in one form, however it was written.

use crate::{Scenario, replay};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

impl Scenario {
    /// As JSON: defaults filled in, keys sorted, replays by their path.
    #[must_use]
    pub fn to_json(&self) -> Value {
        sorted(serde_json::to_value(self).unwrap_or_default())
    }

    /// SHA-256 of the JSON, with the rows of replays in the place of their paths. Comments, order and formatting of the
    /// file don't change it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut json = self.to_json();
        for (index, traffic) in self.traffic.iter().enumerate() {
            let place = json.pointer_mut(&format!("/traffic/{index}/replay"));
            if let (Some(replay), Some(place)) = (&traffic.replay, place) {
                *place = replay::canonical(replay);
            }
        }
        Sha256::digest(json.to_string()).into()
    }
}

/// With the keys of every object in their order: maps keep the order of insertion if any crate of the program asks
/// serde_json for it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        other => other,
    }
}
