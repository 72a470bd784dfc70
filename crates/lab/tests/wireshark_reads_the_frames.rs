//! The frames of a run are in its packets, and Wireshark with `tools/wireshark/blindpost.lua` reads in them what they say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use lab::{Experiment, Watcher};
use report::{Facts, Format, RunDirectory};
use scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use wire::{Address, Decoder, Envelope, InboxItem, ToEndpoint, ToRelay};

const DISSECTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/wireshark/blindpost.lua");
const PROTO: &str = include_str!("../../../proto/transport.proto");
/// QUIC's header and tag around a part of a frame.
const HEADER: usize = 15;
const TAG: usize = 16;

const SCENARIO: &str = r#"
version = 1
name = "packets"
duration = "1min"
[[consumers]]
name = "people"
count = 4
one_time_prekeys = 1
reply = { probability = "50%", delay = { kind = "exponential", mean = "3s" } }
[[businesses]]
name = "shop"
count = 2
[[traffic]]
from = "shop"
to = "people"
rate = "30/min in total"
[measurements]
packets = true
"#;

fn run(crypto: &str, dir: &Path) {
    let text = SCENARIO.replace("duration", &format!("crypto = \"{crypto}\"\nduration"));
    let experiment = Experiment::new(Scenario::parse("packets.toml", &text).unwrap(), 5);
    let out = RunDirectory::create(dir, false, &[Format::Csv], Facts::default()).unwrap();
    let (stop, mut progress) = (AtomicBool::new(false), |_| {});
    experiment.run(Some(out), Watcher::silent(&stop, &mut progress)).unwrap();
}

/// What tshark prints; it complains of nothing.
fn tshark(dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("tshark");
    command.args(["-X", &format!("lua_script:{DISSECTOR}"), "-r"]).arg(dir.join("packets.pcapng"));
    let output = command
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("can't start tshark: {error}; it is missing: `apt install tshark`"));
    let complaints = String::from_utf8(output.stderr).unwrap();
    let mut complaints = complaints.lines().filter(|line| !line.starts_with("Running as user \"root\""));
    assert_eq!(complaints.next(), None);
    String::from_utf8(output.stdout).unwrap()
}

/// Packets as tshark sees them: the values of fields, by name; of one that occurs often they stand in a row.
fn packets(dir: &Path, fields: &BTreeSet<String>) -> Vec<BTreeMap<String, String>> {
    let mut arguments = vec!["-T", "fields", "-E", "separator=|", "-E", "aggregator=,"];
    fields.iter().for_each(|field| arguments.extend(["-e", field]));
    let read = tshark(dir, &arguments);
    let packet = |line: &str| {
        fields.iter().cloned().zip(line.split('|').map(String::from)).collect::<BTreeMap<_, _>>()
    };
    read.lines().map(packet).collect()
}

/// What a frame says, in the names of the dissector.
#[derive(Default)]
struct Said(BTreeMap<String, String>);

impl Said {
    fn number(&mut self, name: &str, value: u64) {
        // What is 0 is not written (proto3).
        self.put(name, if value == 0 { String::new() } else { value.to_string() });
    }

    fn bytes(&mut self, name: &str, value: &[u8]) {
        self.put(name, hex::encode(value));
    }

    fn address(&mut self, name: &str, address: Address) {
        self.number(&format!("{name}.number"), address.number.as_integer());
        self.number(&format!("{name}.device"), address.device.get().into());
    }

    fn envelope(&mut self, name: &str, envelope: &Envelope) {
        self.bytes(&format!("{name}.id"), &envelope.id.0);
        self.address(&format!("{name}.from"), envelope.from);
        self.address(&format!("{name}.to"), envelope.to);
        self.number(&format!("{name}.kind"), envelope.kind as u64);
        self.bytes(&format!("{name}.ciphertext"), &envelope.ciphertext);
        self.number(&format!("{name}.billing_class"), envelope.billing_class as u64);
    }

    fn put(&mut self, name: &str, value: String) {
        let known = self.0.entry(format!("blindpost.{name}")).or_default();
        *known = if known.is_empty() { value } else { format!("{known},{value}") };
    }

    fn by_endpoint(frame: &ToRelay) -> Self {
        let mut said = Self::default();
        match frame {
            ToRelay::Hello { delivered_through, gateway } => {
                said.number("hello.delivered_through", *delivered_through);
                said.number("hello.gateway", u64::from(*gateway));
            }
            ToRelay::Publish(publish) => {
                said.address("publish.address", publish.address);
                said.number("publish.registration_id", publish.registration_id.into());
                said.bytes("publish.identity_key", &publish.identity_key);
                said.bytes("publish.signed_prekey.signature", &publish.signed_prekey.signature);
                said.bytes("publish.last_resort_kem_prekey.key", &publish.last_resort_kem_prekey.key);
                for prekey in &publish.one_time_prekeys {
                    said.number("publish.one_time_prekeys.id", prekey.id.into());
                }
                for prekey in &publish.one_time_kem_prekeys {
                    said.bytes("publish.one_time_kem_prekeys.key", &prekey.key);
                }
            }
            ToRelay::FetchBundle(address) => said.address("fetch_bundle.address", *address),
            ToRelay::Submit { sequence, envelope } => {
                said.number("submit.sequence", *sequence);
                said.envelope("submit.envelope", envelope);
            }
            ToRelay::Acknowledge { through } => said.number("acknowledge.through", *through),
        }
        said
    }

    fn by_relay(frame: &ToEndpoint) -> Self {
        let mut said = Self::default();
        match frame {
            ToEndpoint::Welcome { accepted_through } => {
                said.number("welcome.accepted_through", *accepted_through);
            }
            ToEndpoint::Published(address) => said.address("published.address", *address),
            ToEndpoint::Bundle(bundle) => {
                said.address("bundle.address", bundle.address);
                let keys = bundle.bundle.as_ref().unwrap();
                said.bytes("bundle.bundle.identity_key", &keys.identity_key);
                said.number("bundle.bundle.kem_prekey.id", keys.kem_prekey.id.into());
                if let Some(prekey) = &keys.one_time_prekey {
                    said.bytes("bundle.bundle.one_time_prekey.key", &prekey.key);
                }
            }
            ToEndpoint::Accepted { through } => said.number("accepted.through", *through),
            ToEndpoint::Delivery { sequence, item } => {
                said.number("delivery.sequence", *sequence);
                match item {
                    InboxItem::Envelope(envelope) => said.envelope("delivery.item.envelope", envelope),
                    InboxItem::Receipt(receipt) => {
                        said.bytes("delivery.item.receipt.envelope_id", &receipt.envelope_id.0);
                        said.number("delivery.item.receipt.outcome", receipt.outcome as u64);
                    }
                }
            }
            ToEndpoint::PrekeysLow { address, one_time_left } => {
                said.address("prekeys_low.address", *address);
                said.number("prekeys_low.one_time_left", (*one_time_left).into());
            }
            ToEndpoint::Metering(readings) => {
                for reading in readings {
                    said.number("metering.readings.envelopes", reading.envelopes);
                    said.number("metering.readings.bytes", reading.bytes);
                }
            }
            ToEndpoint::Rejected(code) => said.number("rejected.code", *code as u64),
        }
        said
    }
}

/// For each packet in which a frame ends what it says, by this program's own decoder.
fn decoded(packets: &[BTreeMap<String, String>]) -> Vec<Option<Said>> {
    let mut to_relay: BTreeMap<String, Decoder<ToRelay>> = BTreeMap::new();
    let mut to_endpoint: BTreeMap<String, Decoder<ToEndpoint>> = BTreeMap::new();
    let packet = |packet: &BTreeMap<String, String>| {
        let payload = hex::decode(packet["udp.payload"].replace(':', "")).unwrap();
        // A handshake.
        if payload[11] == 0 {
            return None;
        }
        let part = &payload[HEADER..payload.len() - TAG];
        let way = format!("{} {}", packet["ip.src"], packet["ip.dst"]);
        if packet["udp.dstport"] == "4433" {
            let decoder = to_relay.entry(way).or_default();
            decoder.feed(part);
            decoder.next_frame().unwrap().map(|frame| Said::by_endpoint(&frame))
        } else {
            let decoder = to_endpoint.entry(way).or_default();
            decoder.feed(part);
            decoder.next_frame().unwrap().map(|frame| Said::by_relay(&frame))
        }
    };
    packets.iter().map(packet).collect()
}

#[test]
fn wireshark_reads_in_every_frame_what_it_says() {
    for crypto in ["real", "modelled"] {
        let dir = tempfile::tempdir().unwrap();
        run(crypto, dir.path());
        let transport =
            ["ip.src", "ip.dst", "udp.dstport", "udp.payload", "_ws.malformed", "blindpost.malformed"];
        let transport: BTreeSet<String> = transport.map(String::from).into();
        let raw = decoded(&packets(dir.path(), &transport));
        let said = raw.iter().flatten().flat_map(|said| said.0.keys().cloned());
        let fields: BTreeSet<String> = said.chain(transport).collect();
        let read = packets(dir.path(), &fields);
        assert_eq!(read.len(), raw.len());
        for (at, (packet, said)) in read.iter().zip(&raw).enumerate() {
            for (field, value) in packet.iter().filter(|(field, _)| field.starts_with("blindpost.")) {
                let expected = said.as_ref().and_then(|said| said.0.get(field)).map_or("", String::as_str);
                let value = if field.ends_with(".gateway") && value == "True" { "1" } else { value };
                let value = if field.ends_with(".gateway") && value == "False" { "" } else { value };
                assert_eq!(value, expected, "{crypto}: packet {}, {field}", at + 1);
            }
        }
        for kind in [
            "hello",
            "publish.",
            "fetch_bundle",
            "submit",
            "acknowledge",
            "welcome",
            "published",
            "bundle.",
            "accepted",
            "delivery.item.envelope",
            "delivery.item.receipt",
            "prekeys_low",
            "metering",
        ] {
            let kind = format!("blindpost.{kind}");
            assert!(fields.iter().any(|field| field.starts_with(&kind)), "{crypto}: no {kind} in the run");
        }
        assert!(raw.iter().filter(|said| said.is_none()).count() > 20, "frames of several packets");
    }
}

#[test]
fn nothing_of_a_run_is_malformed_and_what_is_shows() {
    let dir = tempfile::tempdir().unwrap();
    run("real", dir.path());
    let odd = "_ws.malformed || blindpost.malformed || _ws.expert.severity >= \"Warning\"";
    assert_eq!(tshark(dir.path(), &["-Y", odd]), "");
    let file = dir.path().join("packets.pcapng");
    let mut bytes = std::fs::read(&file).unwrap();
    // The first stream frame's part of a frame, and of that the version.
    let header = bytes.windows(4).position(|part| part[..3] == [0x0A, 0, 0x40] && part[3] > 4).unwrap();
    assert_eq!(bytes[header + 8], wire::VERSION);
    bytes[header + 8] = 9;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(tshark(dir.path(), &["-Y", odd]).lines().count(), 1);
}

/// Of each message and enumeration the lines that the dissector must have.
#[test]
fn the_dissector_has_every_field_of_the_frames() {
    let dissector = std::fs::read_to_string(DISSECTOR).unwrap();
    let (mut block, mut is_enum, mut checked) = (String::new(), false, 0);
    for line in PROTO.lines().map(|line| line.split("//").next().unwrap().trim()) {
        let words: Vec<&str> = line.trim_start_matches("repeated ").split_whitespace().collect();
        match words.as_slice() {
            ["message" | "enum", name, "{"] => (block, is_enum) = ((*name).into(), words[0] == "enum"),
            [name, "=", number, ..] if is_enum => {
                let all = dissector.split(&format!("    {block} = {{")).nth(1).unwrap_or_default();
                let entry = format!("[{}] = \"{name}\"", number.trim_end_matches(';'));
                let is_there = all.split('}').next().unwrap().contains(&entry);
                assert!(is_there, "{block}: {entry} is missing in {DISSECTOR}");
                checked += 1;
            }
            [kind, name, "=", number, ..] if !block.is_empty() && !is_enum => {
                let all = dissector.split(&format!("\n    {block} = {{\n")).nth(1).unwrap_or_default();
                let all = all.split("\n    },").next().unwrap();
                let entry = format!("{{ {number}, \"{name}\", \"{kind}\" }}");
                assert!(all.contains(&entry), "{block}: {entry} is missing in {DISSECTOR}");
                checked += 1;
            }
            _ => {}
        }
    }
    assert!(checked > 70, "{checked} fields and values are compared");
}
