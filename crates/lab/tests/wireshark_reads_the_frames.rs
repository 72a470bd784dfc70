//! The frames of a run are in its packets, and Wireshark with `tools/wireshark/blindpost.lua` reads in them what they say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::BytesMut;
use lab::{Experiment, Watcher};
use report::{Endpoint, Facts, Format, Link, Outcome, Packet, RunDirectory, Totals};
use scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use wire::{Address, Decoder, Envelope, Frame as _, InboxItem, Position, Receipt, ToEndpoint, ToRelay};

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

    fn position(&mut self, name: &str, position: Position) {
        self.number(&format!("{name}.sequence"), position.sequence);
        self.number(&format!("{name}.name"), position.name);
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
            ToRelay::Hello { delivered, gateway } => {
                said.position("hello.delivered", *delivered);
                said.number("hello.gateway", u64::from(*gateway));
            }
            ToRelay::Publish(publish) => {
                said.address("publish.address", publish.address);
                said.number("publish.registration_id", publish.registration_id.into());
                said.bytes("publish.identity_key", &publish.identity_key);
                said.bytes("publish.signed_prekey.signature", &publish.signed_prekey.signature);
                said.bytes("publish.last_resort_kem_prekey.key", &publish.last_resort_kem_prekey.key);
                said.number("publish.replaces", u64::from(publish.replaces));
                said.number("publish.name", publish.name);
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
            ToRelay::Acknowledge { through, unread } => {
                said.number("acknowledge.through", *through);
                for sequence in unread {
                    said.number("acknowledge.unread", *sequence);
                }
            }
        }
        said
    }

    fn by_relay(frame: &ToEndpoint) -> Self {
        let mut said = Self::default();
        match frame {
            ToEndpoint::Welcome { accepted, resumes, published } => {
                said.position("welcome.accepted", *accepted);
                said.position("welcome.resumes", *resumes);
                said.number("welcome.published", *published);
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
            ToEndpoint::Delivery { sequence, name, item } => {
                said.number("delivery.sequence", *sequence);
                said.number("delivery.name", *name);
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

/// Wireshark and this program read the same in all packets. What there is to read: names of fields; and in how many packets
/// nothing ends.
fn agree(dir: &Path) -> (BTreeSet<String>, usize) {
    let transport =
        ["ip.src", "ip.dst", "udp.dstport", "udp.payload", "_ws.malformed", "blindpost.malformed"];
    let transport: BTreeSet<String> = transport.map(String::from).into();
    let raw = decoded(&packets(dir, &transport));
    let said = raw.iter().flatten().flat_map(|said| said.0.keys().cloned());
    let fields: BTreeSet<String> = said.chain(transport).collect();
    let read = packets(dir, &fields);
    assert_eq!(read.len(), raw.len());
    for (at, (packet, said)) in read.iter().zip(&raw).enumerate() {
        for (field, value) in packet.iter().filter(|(field, _)| field.starts_with("blindpost.")) {
            let expected = said.as_ref().and_then(|said| said.0.get(field)).map_or("", String::as_str);
            let value = if field.ends_with(".gateway") && value == "True" { "1" } else { value };
            let value = if field.ends_with(".gateway") && value == "False" { "" } else { value };
            assert_eq!(value, expected, "packet {}, {field}", at + 1);
        }
    }
    (fields, raw.iter().filter(|said| said.is_none()).count())
}

#[test]
fn wireshark_reads_in_every_frame_what_it_says() {
    for crypto in ["real", "modelled"] {
        let dir = tempfile::tempdir().unwrap();
        run(crypto, dir.path());
        let (fields, parts) = agree(dir.path());
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
        assert!(parts > 20, "frames of several packets");
    }
}

/// What an undisturbed run does not say.
#[test]
fn wireshark_reads_what_goes_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut out = RunDirectory::create(dir.path(), false, &[Format::Csv], Facts::default()).unwrap();
    let links = [Link { name: "all".into(), description: "all".into() }];
    let (app, relay) = (Endpoint { index: 70_000, port: 50_000 }, Endpoint { index: 0, port: 4433 });
    let mut said = |from, to, frame: &[u8]| {
        let mut payload = vec![0x40; 1];
        payload.resize(HEADER - 4, 0);
        payload.extend([0x0A, 0, 0x40, u8::try_from(frame.len()).unwrap()]);
        payload.extend(frame);
        payload.resize(payload.len() + TAG, 0);
        let packet = Packet { at_us: 1, link: 0, from, to, payload: &payload, comment: None };
        out.packets(&links).unwrap().write(&packet).unwrap();
    };
    let mut frame = BytesMut::new();
    ToRelay::Acknowledge { through: 300, unread: vec![7, 128, 299] }.encode(&mut frame);
    said(app, relay, &frame.split());
    ToEndpoint::Rejected(wire::RejectCode::AddressTaken).encode(&mut frame);
    said(relay, app, &frame.split());
    let receipt = Receipt { envelope_id: wire::EnvelopeId([3; 16]), outcome: wire::Outcome::NotAllowed };
    ToEndpoint::Delivery { sequence: 1 << 40, name: u64::MAX, item: InboxItem::Receipt(receipt) }
        .encode(&mut frame);
    said(relay, app, &frame.split());
    out.finish(Outcome::Complete, Totals::default()).unwrap();
    let (fields, parts) = agree(dir.path());
    for field in ["acknowledge.unread", "rejected.code", "delivery.item.receipt.outcome"] {
        assert!(fields.contains(&format!("blindpost.{field}")), "{field}");
    }
    assert_eq!(parts, 0);
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
