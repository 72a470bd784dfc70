//! A small run, the same every time, and the programs that judge what is written.
#![allow(
    dead_code,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests only, of which each uses a part"
)]

use report::tables::{Epoch, Event, Exposure, Message, Metric, Principal, View};
use report::{
    Checkpoint, Endpoint, Facts, Finding, Findings, Format, Link, Outcome, Packet, RunDirectory, Totals,
};
use std::path::Path;
use std::process::{Command, Output};

pub(crate) const MESSAGES: u64 = 2_000;

/// Runs a program of the test's environment; says what to install if it isn't there.
pub(crate) fn run(command: &mut Command, install: &str) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("can't start {command:?}: {e}; {install}"));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

pub(crate) fn facts() -> Facts {
    Facts {
        version: "0.1.0".into(),
        scenario: "two-countries".into(),
        scenario_digest: "5d41402abc4b2a76".repeat(4),
        seed: 42,
        threads: 2,
        crypto: "real".into(),
        provider: "aws-lc".into(),
        command: "blindpost run scenarios/two-countries.toml --seed 42 --out DIR".into(),
        started_us: 0,
    }
}

pub(crate) fn totals() -> Totals {
    Totals {
        ended_us: 7_200_000_000,
        trace_hash: "9e107d9d372bb682".repeat(4),
        events: 48_211,
        messages: MESSAGES,
        wall_s: 3.25,
        checkpoints: vec![Checkpoint { at_us: 3_600_000_000, events: 24_000, trace_hash: "ab".repeat(32) }],
    }
}

/// A message whose every value follows from its number.
pub(crate) fn message(id: u64) -> Message<'static> {
    let draw = |salt: u64| {
        (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03))
            .wrapping_mul(0x2545_F491_4F6C_DD1D)
            >> 40
    };
    let created_us = id * 3_500_000 + draw(1) % 900_000;
    let relay = created_us + 20_000 + draw(2) % 30_000;
    let slow = if draw(3).is_multiple_of(20) { 4_000_000 + draw(4) % 9_000_000 } else { draw(4) % 200_000 };
    let delivered = relay + 30_000 + slow;
    let lost = id % 97 == 96;
    let size_text = 12 + draw(5) % 180 + if draw(6).is_multiple_of(8) { draw(7) % 3_000 } else { 0 };
    let size_padded = size_text.next_multiple_of(160);
    Message {
        id,
        kind: if id.is_multiple_of(11) { "media, \"quoted\"\nand more" } else { "text" },
        from: id % 7,
        to: id % 500,
        business: Some(id % 7),
        node: Some(id % 2),
        relay: 0,
        suite: "pqxdh+triple-ratchet",
        direction: if id.is_multiple_of(3) { "to-business" } else { "to-consumer" },
        size_text,
        size_padded: Some(size_padded),
        size_envelope: Some(size_padded + 212),
        begins_session: id < 500,
        created_us,
        accepted_us: Some(created_us + 3_000 + draw(8) % 4_000),
        submitted_us: Some(created_us + 9_000),
        relay_us: Some(relay),
        shown_us: (!lost).then_some(delivered),
        delivered_us: (!lost).then_some(delivered + 45_000 + draw(10) % 20_000),
        read_us: (!lost && !id.is_multiple_of(4)).then_some(delivered + 2_000_000 + draw(9) % 60_000_000),
        status: if lost { "expired" } else { "delivered" },
    }
}

/// Writes a run with something of everything.
pub(crate) fn write(dir: &Path, formats: &[Format], outcome: Outcome) {
    let mut run = RunDirectory::create(dir, false, formats, facts()).unwrap();
    run.scenario(
        "name = \"two-countries\" # <script>alert(1)</script>\n[population]\nconsumers = 500\n",
        "{}\n",
    )
    .unwrap();
    for id in 0..MESSAGES {
        let message = message(id);
        run.write(&message).unwrap();
        views(&mut run, &message);
        let adversaries = [("state-thief", id % 400 < 60), ("quantum-recorder", id < 300)];
        for (adversary, readable) in adversaries {
            let because = if readable { "held the chain key" } else { "healed" };
            let (conversation, message) = (id % 50, id / 50);
            run.write(&Exposure {
                adversary,
                at_us: id * 3_500_000,
                conversation,
                message,
                readable,
                because,
            })
            .unwrap();
        }
        if id.is_multiple_of(12) {
            let messages_since = 34 + (id * id) % 23 + id % 5;
            run.write(&Epoch {
                conversation: id % 50,
                epoch: 1 + id / 600,
                at_us: id * 3_500_000,
                messages_since,
            })
            .unwrap();
        }
    }
    for minute in 0..120_u32 {
        for (label, factor) in [("relay/0", 3.0), ("node/0", 1.0)] {
            let value = factor
                * (1.0 + f64::from(minute % 30)).sqrt().mul_add(8.0, f64::from(minute * 7 % 13)).floor();
            run.write(&Metric { at_s: f64::from(minute) * 60.0, metric: "queue_depth", label, value })
                .unwrap();
        }
    }
    run.write(&Event { at_us: 1, sequence: 0, party: "node/0", what: "submit", peer: None, bytes: 372 })
        .unwrap();
    run.findings(&Findings {
        adversaries: vec![Finding {
            name: "state-thief".into(),
            at_us: 60_000_000,
            what: "Took the state of node 0 & read on until it healed.".into(),
            numbers: [("messages_read".into(), 312.0)].into(),
        }],
        faults: vec![Finding {
            name: "relay-restart".into(),
            at_us: 1_800_000_000,
            what: "The relay lost power.".into(),
            numbers: [("outage_s".into(), 4.0)].into(),
        }],
    })
    .unwrap();
    for packet in packets() {
        run.packets(&links()).unwrap().write(&packet).unwrap();
    }
    run.finish(outcome, totals()).unwrap();
}

pub(crate) fn links() -> Vec<Link> {
    vec![
        Link { name: "mobile".into(), description: "Consumers on mobile networks".into() },
        Link { name: "datacentre".into(), description: "Node to relay".into() },
    ]
}

const PAYLOAD: [u8; 1_200] = [0xA5; 1_200];

pub(crate) fn packets() -> Vec<Packet<'static>> {
    (0..40_u16)
        .map(|i| Packet {
            at_us: 1_700_000_000_000_000 + u64::from(i) * 1_234_567,
            link: u32::from(i % 2),
            from: Endpoint { index: u32::from(i), port: 50_000 + i },
            to: Endpoint { index: 70_000, port: 4433 },
            payload: &PAYLOAD[..usize::from(i) * 30],
            comment: (i == 3).then_some("the first of a session"),
        })
        .collect()
}

fn views(run: &mut RunDirectory, message: &Message<'_>) {
    let on_wire = message.size_envelope.unwrap_or(0);
    let seen = [
        (Principal::Network, "packet", on_wire + 60, "timing"),
        (Principal::Relay, "envelope", on_wire, "routing"),
        (Principal::Relay, "receipt", 48, "delivery"),
        (Principal::Node, "message", message.size_text, "content"),
        (Principal::Business, "message", message.size_text, "content"),
        (Principal::Consumer, "message", message.size_text, "content"),
        (Principal::Operator, "count", 8, "statistics"),
    ];
    for (principal, what, bytes, class) in seen {
        let (from, to) = if principal == Principal::Operator {
            (None, None)
        } else {
            (Some(message.from), Some(message.to))
        };
        run.write(&View { at_us: message.created_us, principal, party: 0, what, from, to, bytes, class })
            .unwrap();
    }
}
