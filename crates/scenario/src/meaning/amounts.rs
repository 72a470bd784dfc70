//! What distributions must keep to, wherever they stand: ends in order, means and medians above zero, sizes that fit a
//! message.

use super::{Check, MAX_TEXT};
use crate::document::{Node, Value};
use crate::problem::Problem;
use crate::{Bytes, Duration};

impl Check<'_> {
    pub(super) fn amounts(&mut self) {
        self.problems.extend(look(self.document, ""));
    }
}

/// Looks at `node`, which is the value of `key`.
fn look(node: &Node, key: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add =
        |at: &Node, problem: String, hint: &str| problems.push(Problem::new(at.place.clone(), problem, hint));
    let get = |key: &str| node.get(key).and_then(|at| Some((at, amount(at)?)));
    match node.get("kind").and_then(Node::text) {
        Some("uniform") => {
            if let (Some((_, min)), Some((at, max))) = (get("min"), get("max"))
                && max < min
            {
                add(at, "`max` is less than `min`".into(), "swap them");
            }
        }
        Some("lognormal") => match (get("median"), get("p99")) {
            (Some((at, 0)), _) => {
                add(at, "the median is 0".into(), "a lognormal distribution has a median above 0")
            }
            (Some((_, median)), Some((at, p99))) if p99 < median => {
                add(
                    at,
                    "`p99` is less than `median`".into(),
                    "one in a hundred is longer than `p99`, half than `median`",
                );
            }
            _ => {}
        },
        Some("exponential") => {
            if let Some((at, 0)) = get("mean") {
                add(at, "the mean is 0".into(), "an exponential distribution has a mean above 0");
            }
        }
        _ => {}
    }
    if key == "size" {
        let largest = [Some(node), node.get("median"), node.get("mean"), node.get("max")];
        for at in largest.into_iter().flatten() {
            if amount(at).is_some_and(|bytes| bytes > MAX_TEXT) {
                add(at, format!("a text has at most {MAX_TEXT} bytes"), "make it smaller");
            }
        }
    }
    match &node.value {
        Value::Array(items) => problems.extend(items.iter().flat_map(|item| look(item, key))),
        Value::Table(entries) => {
            problems.extend(entries.iter().flat_map(|entry| look(&entry.node, &entry.key)))
        }
        _ => {}
    }
    problems
}

/// In nanoseconds, bytes or as counted: comparable within one distribution.
fn amount(node: &Node) -> Option<u64> {
    match &node.value {
        Value::Integer(integer) => u64::try_from(*integer).ok(),
        Value::Text(text) => {
            let duration = text.parse::<Duration>().map(Duration::as_nanos);
            duration.or_else(|_| text.parse::<Bytes>().map(Bytes::get)).ok()
        }
        _ => None,
    }
}
