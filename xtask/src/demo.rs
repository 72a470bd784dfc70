//! The demo as a smoke test: every message arrives once and no boundary is crossed.

use std::fs;

use serde_json::Value;

use crate::step::{Failure, Step, cargo, root};

const CONSUMERS: u64 = 20;
const MESSAGES: u64 = 200;
const SUMMARY: &str = "target/demo.json";

pub(crate) fn run() -> Result<(), Failure> {
    let (consumers, messages) = (CONSUMERS.to_string(), MESSAGES.to_string());
    let demo = [
        "run",
        "--release",
        "--",
        "demo",
        "--consumers",
        &consumers,
        "--messages",
        &messages,
        "--json",
        SUMMARY,
    ];
    let command = cargo(&demo).to_string();
    // What a former run left must not pass for this one's.
    let _ = fs::remove_file(root().join(SUMMARY));
    Step::new("demo").run(cargo(&demo))?;
    Step::new("what the demo says").check(&command, || {
        let text = fs::read_to_string(root().join(SUMMARY))
            .map_err(|error| format!("the demo left no {SUMMARY}: {error}"))?;
        let summary =
            serde_json::from_str(&text).map_err(|error| format!("{SUMMARY} is not JSON: {error}"))?;
        let wrong = wrong(&summary);
        match wrong.is_empty() {
            true => Ok(format!("{MESSAGES} messages arrived once, and no boundary was crossed")),
            false => Err(wrong.join("\n")),
        }
    })
}

fn wrong(summary: &Value) -> Vec<String> {
    let expected = [("messages_delivered", MESSAGES), ("duplicates", 0), ("lost", 0), ("boundary_leaks", 0)];
    let mut wrong: Vec<_> = expected
        .into_iter()
        .filter(|(field, expected)| summary.get(field).and_then(Value::as_u64) != Some(*expected))
        .map(|(field, expected)| {
            let said = summary.get(field).map_or_else(|| "nothing".to_owned(), Value::to_string);
            format!("`{field}` must be {expected}; the demo says {said}")
        })
        .collect();
    // A search that finds nothing where there is something proves nothing.
    if summary.get("control_found").and_then(Value::as_u64).unwrap_or_default() == 0 {
        wrong.push("`control_found` must be above 0: the search for canaries is blind".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Value {
        serde_json::json!({
            "messages_delivered": MESSAGES, "duplicates": 0, "lost": 0, "boundary_leaks": 0, "control_found": 3,
        })
    }

    #[test]
    fn a_sound_run_passes() {
        assert_eq!(wrong(&summary()), [""; 0]);
    }

    #[test]
    fn everything_that_is_wrong_is_said() {
        let mut bad = summary();
        bad["lost"] = 1.into();
        bad["boundary_leaks"] = Value::Null;
        bad["control_found"] = 0.into();
        bad.as_object_mut().unwrap().remove("messages_delivered");
        assert_eq!(
            wrong(&bad),
            [
                "`messages_delivered` must be 200; the demo says nothing",
                "`lost` must be 0; the demo says 1",
                "`boundary_leaks` must be 0; the demo says null",
                "`control_found` must be above 0: the search for canaries is blind",
            ]
        );
    }
}
