//! What of a scenario can be changed in the middle of a run, so that all that follows is as if it had been so since then.

use scenario::Scenario;
use serde_json::Value;

/// Keys that parties and links look up whenever they need them; everything else was built into the world when the run
/// began. A star stands for any member.
const LIVE: [&[&str]; 8] = [
    &["network"],
    &["consumers", "*", "reply"],
    &["businesses", "*", "reply"],
    &["traffic", "*", "rate"],
    &["traffic", "*", "day"],
    &["traffic", "*", "turns"],
    &["traffic", "*", "gap"],
    &["traffic", "*", "size"],
];

/// A change that can't be made in the middle of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{key}` can't change in the middle of a run; what can: network, the reply of consumers and businesses, and rate, \
     day, turns, gap and size of traffic"
)]
pub struct ForkError {
    /// The first key that can't.
    pub key: String,
}

/// Whether a run of `from` can go on as one of `to`.
pub(crate) fn check(from: &Scenario, to: &Scenario) -> Result<(), ForkError> {
    match difference(&from.to_json(), &to.to_json(), &mut Vec::new()) {
        None => Ok(()),
        Some(key) => Err(ForkError { key }),
    }
}

/// The path of the first difference outside of what is live.
fn difference(from: &Value, to: &Value, path: &mut Vec<String>) -> Option<String> {
    if from == to || LIVE.iter().any(|live| matches(live, path)) {
        return None;
    }
    match (from, to) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            let mut keys: Vec<&String> = keys.collect();
            keys.sort_unstable();
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                path.push(key.clone());
                let found = difference(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), path);
                path.pop();
                found
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| {
                path.push(index.to_string());
                let found = difference(a, b, path);
                path.pop();
                found
            })
        }
        _ => Some(path.join(".")),
    }
}

fn matches(live: &[&str], path: &[String]) -> bool {
    live.len() == path.len() && live.iter().zip(path).all(|(live, key)| *live == "*" || live == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
version = 1
name = "small"
duration = "1min"
[[consumers]]
name = "people"
count = 3
[[traffic]]
from = "people"
to = "people"
rate = "1/min in total"
"#;

    #[test]
    fn what_was_built_in_at_the_start_cannot_change() {
        let scenario: Scenario = toml::from_str(TEXT).unwrap();
        let with = |key: &str, value: &str| {
            let changed = Scenario::parse("small.toml", TEXT).unwrap().with(key, value).unwrap();
            check(&scenario, &changed)
        };
        assert_eq!(with("network.consumer.loss", "9%"), Ok(()));
        assert_eq!(with("consumers.people.reply.probability", "0.5"), Ok(()));
        assert_eq!(with("traffic.0.rate", "9/min in total"), Ok(()));
        for key in ["consumers.people.count", "node.retention", "duration", "relay.commit"] {
            let value = if key.ends_with("count") { "4" } else { "2min" };
            let error = with(key, value).unwrap_err();
            assert!(error.key.starts_with(key.split('.').next().unwrap()), "{key}: {error}");
        }
    }
}
