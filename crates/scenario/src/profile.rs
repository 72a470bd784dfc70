//! What a traffic entry has if only its profile is given.

use crate::Profile;
use crate::document::Node;
use serde_json::{Map, Value, json};

/// The document as JSON, with what profiles say of keys that are not given.
pub(crate) fn filled(document: &Node) -> Value {
    let mut scenario = document.to_json();
    let entries = scenario.get("traffic").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, entry) in entries.iter().enumerate() {
        let profile = entry.get("profile").and_then(|name| serde_json::from_value(name.clone()).ok());
        let Some(profile) = profile else { continue };
        if let Some(entry) = scenario.pointer_mut(&format!("/traffic/{index}")).and_then(Value::as_object_mut)
        {
            fill_traffic(entry, profile);
        }
        if let (Some(reply), Some(to)) = (reply(profile), entry.get("to")) {
            for kind in ["consumers", "businesses"] {
                let populations = scenario.get_mut(kind).and_then(Value::as_array_mut);
                let populations = populations.into_iter().flatten().filter_map(Value::as_object_mut);
                for population in populations.filter(|population| population.get("name") == Some(to)) {
                    population.entry("reply").or_insert_with(|| reply.clone());
                }
            }
        }
    }
    scenario
}

fn fill_traffic(entry: &mut Map<String, Value>, profile: Profile) {
    let volume_is_given = ["rate", "burst", "replay"].iter().any(|key| entry.contains_key(*key));
    let Value::Object(values) = traffic(profile) else { return };
    for (key, value) in values {
        if !(volume_is_given && ["rate", "burst"].contains(&key.as_str())) {
            entry.entry(key).or_insert(value);
        }
    }
}

/// What the keys of a traffic entry are; docs/scenarios.md has them as a table.
pub(crate) fn traffic(profile: Profile) -> Value {
    match profile {
        Profile::SupportChat => json!({
            "rate": "1/day per consumer",
            "day": "office",
            "turns": { "kind": "geometric", "mean": 4.0 },
            "gap": lognormal("40s", "10min"),
            "size": lognormal("80B", "600B"),
        }),
        Profile::OneTimeCodes => json!({
            "rate": "0.5/day per consumer",
            "day": "waking",
            "turns": 1,
            "size": "60B",
        }),
        Profile::Campaign => json!({
            "burst": { "every": "7d", "at": "10:00", "within": "1h" },
            "turns": 1,
            "size": lognormal("300B", "900B"),
        }),
        Profile::Notifications => json!({
            "rate": "1/day per consumer",
            "day": "waking",
            "turns": 1,
            "size": lognormal("120B", "300B"),
        }),
        Profile::CatalogueSales => json!({
            "rate": "0.2/day per consumer",
            "day": "evening",
            "turns": { "kind": "uniform", "min": 2, "max": 6 },
            "gap": lognormal("90s", "15min"),
            "size": lognormal("600B", "2kB"),
        }),
    }
}

/// How the population that is written to answers.
pub(crate) fn reply(profile: Profile) -> Option<Value> {
    match profile {
        Profile::SupportChat => Some(json!({
            "probability": 0.9,
            "delay": lognormal("30s", "10min"),
            "size": lognormal("120B", "800B"),
        })),
        Profile::CatalogueSales => Some(json!({
            "probability": 0.3,
            "delay": lognormal("1min", "30min"),
            "size": lognormal("40B", "200B"),
        })),
        Profile::OneTimeCodes | Profile::Campaign | Profile::Notifications => None,
    }
}

fn lognormal(median: &str, p99: &str) -> Value {
    json!({ "kind": "lognormal", "median": median, "p99": p99 })
}
