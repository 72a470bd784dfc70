//! Where the instructions of a modelled message go: callgrind's counts of two runs that differ in their length only, so that
//! what people do before they write is not in it. Unlike times they are the same on a busy machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::step::{Failure, Step, cargo, program, target};
use crate::tools;

/// The scenario, so small that callgrind is done in a minute and every conversation is established.
const RUN: [&str; 7] = [
    "scenarios/benchmark-modelled.toml",
    "--set",
    "consumers.people.count=200",
    "--set",
    "businesses.shops.count=4",
    "--set",
    "drain=1min",
];

/// What is taken off, and what it is taken off from.
const DURATIONS: [&str; 2] = ["20min", "40min"];

/// Groups, with what the names of their functions begin with; the first that fits counts. Functions of the standard
/// library that were made for a crate's types count as that crate's where the compiler has put them into its functions.
const GROUPS: [(&str, &[&str]); 11] = [
    (
        "memory: taking, giving back, wiping",
        &["mi_", "_mi_", "__rustc", "memset", "__memset", "alloc::raw_vec", "<zeroiz"],
    ),
    ("moving and comparing bytes", &["mem", "__mem", "bcmp"]),
    ("ordered maps", &["alloc::collections::btree", "<alloc::collections::btree"]),
    (
        "JSON",
        &[
            "serde",
            "<serde",
            "<&mut serde",
            "graph::",
            "<graph::",
            "base64",
            "<base64",
            "core::str",
            "core::fmt",
            "<&mut W as core::fmt",
        ],
    ),
    ("hashes", &["sha1", "sha2", "digest", "<sha", "<digest", "hmac", "<hmac"]),
    (
        "random numbers",
        &[
            "rand_chacha",
            "<rand_chacha",
            "chacha20",
            "<chacha20",
            "rand_core",
            "<rand_core",
            "kernel::rng",
            "<kernel::rng",
        ],
    ),
    ("node", &["cloud::", "<cloud::"]),
    (
        "relay, links and their frames",
        &["relay::", "<relay::", "wire::", "<wire::", "prost", "<prost", "bytes::", "<bytes::"],
    ),
    (
        "endpoints and apps",
        &["endpoint::", "<endpoint::", "consumer::", "<consumer::", "content::", "<content::"],
    ),
    ("ratchet", &["ratchet::", "<ratchet::"]),
    ("virtual time", &["world::", "<world::", "scenario::", "<scenario::"]),
];

const OTHERS: &str = "all else";

/// Counts, and says so as a table.
pub(crate) fn table() -> Result<String, Failure> {
    tools::from_debian(&["valgrind"], &["valgrind"], "callgrind counts the instructions")?;
    let build = ["build", "--profile", "bench", "--package", "blindpost-benches", "--bin", "world"];
    Step::new("what is profiled").run(cargo(&build))?;
    let mut table = String::new();
    Step::new("profile of a modelled message").check("cargo xtask benchmarks", || {
        let [before, after] = DURATIONS.map(counted);
        table = shown(&before?, &after?);
        Ok(table.clone())
    })?;
    Ok(table)
}

/// One run: its messages, and the instructions of each function.
struct Counted {
    messages: f64,
    functions: BTreeMap<String, f64>,
}

fn counted(duration: &str) -> Result<Counted, String> {
    let (binary, out) = (target().join("release/world"), target().join("callgrind-world.out"));
    let collect = format!("--callgrind-out-file={}", out.display());
    let length = format!("duration={duration}");
    let run = program("valgrind", &["--tool=callgrind", "--quiet", &collect, &binary.to_string_lossy()]);
    let took = run.and(&RUN).and(&["--set", &length]).output()?;
    let took: Value = serde_json::from_slice(&took).map_err(|error| format!("what the run says: {error}"))?;
    let messages = took.get("messages").and_then(Value::as_f64).ok_or("the run doesn't count messages")?;
    let annotated =
        program("callgrind_annotate", &["--threshold=100", "--auto=no", &out.to_string_lossy()]).output()?;
    Ok(Counted { messages, functions: functions(&String::from_utf8_lossy(&annotated)) })
}

/// Lines like `1,234 (5.67%)  file.rs:name [binary]`.
fn functions(annotated: &str) -> BTreeMap<String, f64> {
    let mut functions = BTreeMap::new();
    for line in annotated.lines() {
        let Some((count, rest)) = line.trim_start().split_once(" (") else { continue };
        let Ok(count) = count.replace(',', "").parse::<f64>() else { continue };
        let Some((_, place)) = rest.split_once("%)") else { continue };
        let place = place.trim().split(" [").next().unwrap_or_default();
        // The totals have no place.
        if let Some((_, name)) = place.split_once(':') {
            *functions.entry(name.to_owned()).or_default() += count;
        }
    }
    functions
}

fn shown(before: &Counted, after: &Counted) -> String {
    let mut groups = BTreeMap::<&str, f64>::new();
    for (name, count) in &after.functions {
        let count = count - before.functions.get(name).unwrap_or(&0.0);
        *groups.entry(group(name)).or_default() += count / (after.messages - before.messages);
    }
    let total: f64 = groups.values().sum();
    let mut rows: Vec<_> = groups.into_iter().collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut table = format!(
        "Where the {total:.0} instructions of a modelled message go, from request to receipt; counted by callgrind, whose \
         processor has no instructions for hashes:\n\n| | instructions | % |\n|---|---:|---:|\n"
    );
    for (name, count) in rows {
        // Formatting to a string does not fail.
        let _ = writeln!(table, "| {name} | {count:.0} | {:.1} |", count / total * 100.0);
    }
    table
}

fn group(name: &str) -> &'static str {
    let fits =
        |(_, beginnings): &&(&str, &[&str])| beginnings.iter().any(|beginning| name.starts_with(beginning));
    GROUPS.iter().find(fits).map_or(OTHERS, |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_runs_do_is_taken_off_and_the_rest_is_a_messages() {
        let before = "10,000 (50.00%)  /x/mod.rs:sha2::compress [/bin/world]\n1 (0.1%)  PROGRAM TOTALS\n";
        let after = "12,000 (50.00%)  /x/mod.rs:sha2::compress [/bin/world]\n\
                     3,000 (9.00%)  ???:mi_free [/bin/world]\n6,000 (9.00%)  /y/lib.rs:cloud::node::f [/bin/world]\n";
        let counted = |messages, text| Counted { messages, functions: functions(text) };
        let table = shown(&counted(100.0, before), &counted(110.0, after));
        assert!(table.contains("the 1100 instructions"), "{table}");
        for row in [
            "| node | 600 | 54.5 |",
            "| hashes | 200 | 18.2 |",
            "| memory: taking, giving back, wiping | 300 | 27.3 |",
        ] {
            assert!(table.contains(row), "{table}");
        }
    }
}
