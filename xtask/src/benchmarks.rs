//! `cargo xtask benchmarks`: runs `benches/` and the demonstration, and writes `docs/benchmarks.md`.

use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::profile;
use crate::step::{Failure, Step, cargo, target};

const DOCUMENT: &str = "docs/benchmarks.md";

const HEAD: &str = "\
# Benchmarks

Made by `cargo xtask benchmarks`; don't edit. All numbers of a section are from one run on one machine, which may be
shared and noisy: read the ratios, not the microseconds.

## The ratchet

    cargo bench -p blindpost-benches --bench ratchet [-- --quick] [-- --json FILE]

Medians. `official` is the official code as the crate `libsignal-protocol-syft` publishes it, built with the same
profile, in a process of its own; all take turns in rounds, each with fresh ciphertexts. `floor` is the sum of the
primitives that the operation can't do without, measured in the same rounds with the same provider: `benches/src/floor.rs`
says how many of which. Counts of instructions are in `benches/instructions.toml`, and `cargo xtask test` compares them.

";

const PATHS: [(&str, &str); 3] = [
    (
        "envelope_through_relay",
        "one envelope through the relay's machine: submit, deliver, acknowledge, receipt",
    ),
    (
        "whole_path_one_way",
        "API call to screen and back to three status webhooks, all machines, no socket and no disk",
    ),
    ("whole_path_one_way_rustcrypto", "the same with primitives in Rust only (`--provider rustcrypto`)"),
];

pub(crate) fn run() -> Result<(), Failure> {
    let ratchet = target().join("benchmark-ratchet.json");
    let bench = |name: &str, more: &[&str]| {
        let bench = ["bench", "--package", "blindpost-benches", "--bench", name];
        Step::new(name).run(cargo(&[&bench, more].concat()))
    };
    bench("ratchet", &["--", "--json", &ratchet.to_string_lossy()])?;
    bench("paths", &[])?;
    bench("world", &[])?;
    let world = target().join("benchmark-world.md");
    let arguments = ["run", "--profile", "bench", "--package", "blindpost-benches", "--bin", "world", "--"];
    let file = world.to_string_lossy();
    let arguments = [&arguments[..], &["--markdown", &file]].concat();
    Step::new("whole scenarios").run(cargo(&arguments))?;
    let profile = profile::table()?;
    let demo = target().join("benchmark-demo.json");
    let file = demo.to_string_lossy();
    let arguments =
        ["run", "--release", "--", "demo", "--consumers", "100", "--messages", "10000", "--json", &file];
    Step::new("demonstration").run(cargo(&arguments))?;
    Step::new(DOCUMENT).check("cargo xtask benchmarks", || {
        let document = document(&ratchet, &demo, &world, &profile)?;
        fs::write(DOCUMENT, &document).map_err(|error| format!("can't write {DOCUMENT}: {error}"))?;
        Ok(document)
    })
}

fn document(ratchet: &Path, demo: &Path, world: &Path, profile: &str) -> Result<String, String> {
    let mut out = HEAD.to_owned();
    let wrong = |_| "can't format".to_owned();
    out +=
        json(ratchet)?.get("markdown").and_then(Value::as_str).ok_or("the ratchet's JSON has no markdown")?;
    writeln!(out, "\n## Paths through the machines\n\n| path | µs | per second and core |\n|---|---:|---:|")
        .map_err(wrong)?;
    for (name, what) in PATHS {
        let time = median("path", name)?;
        writeln!(out, "| {what} | {time:.1} | {:.0} |", 1e6 / time).map_err(wrong)?;
    }
    let section = fs::read_to_string(world).map_err(|error| format!("can't read the section: {error}"))?;
    writeln!(out, "\n{section}\n{profile}").map_err(wrong)?;
    let demo = json(demo)?;
    let number =
        |key: &str| demo.get(key).and_then(Value::as_f64).ok_or(format!("the demo's JSON has no {key}"));
    writeln!(out, "\n## The demonstration: everything over real sockets and disks\n").map_err(wrong)?;
    writeln!(
        out,
        "`blindpost demo --consumers 100 --messages 10000`: {:.1} s for 10,000 messages each way,",
        number("elapsed_s")?
    )
    .map_err(wrong)?;
    writeln!(
        out,
        "{:.0} messages/s end to end with durable commits at every party, {:.0} MiB of memory at most, all parties in one process.\n",
        number("messages_per_s")?,
        number("peak_memory_mib")?
    )
    .map_err(wrong)?;
    writeln!(out, "| stage, ms | p50 | p90 | p99 | max |\n|---|---:|---:|---:|---:|").map_err(wrong)?;
    for (stage, values) in demo.get("latency_ms").and_then(Value::as_object).into_iter().flatten() {
        let at = |key: &str| values.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
        writeln!(
            out,
            "| {stage} | {:.1} | {:.1} | {:.1} | {:.1} |",
            at("p50"),
            at("p90"),
            at("p99"),
            at("max")
        )
        .map_err(wrong)?;
    }
    Ok(out)
}

/// Criterion's median of a benchmark, in microseconds.
fn median(group: &str, name: &str) -> Result<f64, String> {
    let file = target().join("criterion").join(group).join(name).join("new/estimates.json");
    let estimates = json(&file)?;
    let nanos = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
    nanos.map(|nanos| nanos / 1000.0).ok_or(format!("{} has no median", file.display()))
}

fn json(file: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
