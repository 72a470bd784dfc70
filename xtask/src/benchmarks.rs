//! `cargo xtask benchmarks`: runs `benches/` and the demonstration, and writes `docs/benchmarks.md`.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use crate::step::{Failure, Step, cargo};

const DOCUMENT: &str = "docs/benchmarks.md";

const HEAD: &str = "\
# Benchmarks

Made by `cargo xtask benchmarks`; don't edit. All numbers of a table are from one run on one machine, which may be
shared and noisy: read the ratios, not the microseconds.
";

/// A row of the first table: what is measured, and the primitives that it can't do without.
struct Measured {
    name: &'static str,
    what: &'static str,
    floor: &'static [(f64, &'static str)],
}

/// PQXDH §3.3 and §3.4 and Double Ratchet §3 say how many of each; one HKDF output of 64 bytes is three HMACs,
/// one of 80 bytes four.
const RATCHET: [Measured; 5] = [
    Measured {
        name: "initiate",
        what: "start a session from a bundle",
        floor: &[
            (5.0, "x25519_dh"),
            (2.0, "x25519_public_key"),
            (2.0, "xeddsa_verify"),
            (1.0, "kyber1024_encapsulate"),
        ],
    },
    Measured {
        name: "first_decrypt",
        what: "read a first message, 256 B",
        floor: &[(6.0, "x25519_dh"), (1.0, "x25519_public_key"), (1.0, "kyber1024_decapsulate")],
    },
    Measured {
        name: "encrypt_256",
        what: "encrypt 256 B on a chain",
        floor: &[(6.0, "hmac_sha256_32"), (1.0, "hmac_sha256_384"), (1.0, "aes256_cbc_encrypt_256")],
    },
    Measured {
        name: "decrypt_256",
        what: "decrypt 256 B on a chain",
        floor: &[(6.0, "hmac_sha256_32"), (1.0, "hmac_sha256_384"), (1.0, "aes256_cbc_decrypt_256")],
    },
    Measured {
        name: "ping_pong",
        what: "encrypt and decrypt 256 B with a DH ratchet step",
        floor: &[
            (2.0, "x25519_dh"),
            (1.0, "x25519_public_key"),
            (18.0, "hmac_sha256_32"),
            (2.0, "hmac_sha256_384"),
            (1.0, "aes256_cbc_encrypt_256"),
            (1.0, "aes256_cbc_decrypt_256"),
        ],
    },
];

const PATHS: [(&str, &str); 2] = [
    (
        "envelope_through_relay",
        "one envelope through the relay's machine: submit, deliver, acknowledge, receipt",
    ),
    (
        "whole_path_one_way",
        "API call to screen and back to three status webhooks, all machines, no socket and no disk",
    ),
];

pub(crate) fn run() -> Result<(), Failure> {
    Step::new("benchmarks").run(cargo(&["bench", "--package", "blindpost", "--bench", "paths"]))?;
    let demo = target().join("benchmark-demo.json");
    let file = demo.to_string_lossy();
    let arguments =
        ["run", "--release", "--", "demo", "--consumers", "100", "--messages", "10000", "--json", &file];
    Step::new("demonstration").run(cargo(&arguments))?;
    Step::new(DOCUMENT).check("cargo xtask benchmarks", || {
        let document = document(&demo)?;
        fs::write(DOCUMENT, &document).map_err(|error| format!("can't write {DOCUMENT}: {error}"))?;
        Ok(document)
    })
}

fn document(demo: &Path) -> Result<String, String> {
    let mut out = HEAD.to_owned();
    let wrong = |_| "can't format".to_owned();
    writeln!(out, "\n## The ratchet, suite B (PQXDH and Double Ratchet)\n").map_err(wrong)?;
    writeln!(
        out,
        "`floor` is the sum of the primitives that the operation can't do without, from the same run and"
    )
    .map_err(wrong)?;
    writeln!(out, "the same crates (curve25519-dalek, libcrux, RustCrypto).\n").map_err(wrong)?;
    writeln!(out, "| operation | µs | floor, µs | ratio |\n|---|---:|---:|---:|").map_err(wrong)?;
    for Measured { name, what, floor } in RATCHET {
        let time = median("ratchet", name)?;
        let parts: Vec<_> = floor
            .iter()
            .map(|(count, primitive)| Ok(count * median("floor", primitive)?))
            .collect::<Result<_, String>>()?;
        let floor: f64 = parts.iter().sum();
        writeln!(out, "| {what} | {time:.1} | {floor:.1} | {:.2} |", time / floor).map_err(wrong)?;
    }
    writeln!(out, "\n## Paths through the machines\n\n| path | µs | per second and core |\n|---|---:|---:|")
        .map_err(wrong)?;
    for (name, what) in PATHS {
        let time = median("path", name)?;
        writeln!(out, "| {what} | {time:.1} | {:.0} |", 1e6 / time).map_err(wrong)?;
    }
    let text = fs::read_to_string(demo).map_err(|error| format!("can't read {}: {error}", demo.display()))?;
    let demo: Value = serde_json::from_str(&text).map_err(|error| format!("the demo's JSON: {error}"))?;
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
    let text =
        fs::read_to_string(&file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    let estimates: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let nanos = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
    nanos.map(|nanos| nanos / 1000.0).ok_or(format!("{} has no median", file.display()))
}

fn target() -> std::path::PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), Into::into)
}
