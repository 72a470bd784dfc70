//! What happened, as tables: the trace, each party's view, the time series, packets.

use kernel::Time;
use privacy::DataClass;
use report::tables::{self, Principal};
use report::{Endpoint, Link, Packet, RunDirectory, WriteError};
use std::collections::BTreeMap;
use world::{Kind, Observations, OnTheWire, Record, What, Who};

/// What is written while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) events: bool,
    pub(crate) packets: bool,
    /// When the run began.
    start: Time,
    sequence: u64,
    /// Packets, in QUIC's terms: each has a number.
    packet_number: u16,
    /// Conversations are numbered as they come to an epoch.
    conversations: BTreeMap<(Who, Who), u64>,
}

/// The time series that are queues: the report draws them.
const QUEUE: &str = "queue_depth";

/// Classes of links, in the order of the packet file.
const CONSUMER: u32 = 0;
const NODE: u32 = 1;

/// What QUIC adds to a frame that fits one packet: before it a short header with an 8-byte connection id, a packet number
/// of 2 bytes and the stream frame's header of 4; behind it the tag of 16 (RFC 9000, sections 17.3 and 19.8).
const HEADER_BYTES: usize = 1 + 8 + 2 + 4;
const TAG_BYTES: usize = 16;

/// The largest datagram's payload (RFC 9000, section 14: 1,200 bytes always fit).
const DATAGRAM: usize = 1200;

/// The first byte of a short header, and that of a stream frame with a length (RFC 9000, sections 17.3.1 and 19.8).
const SHORT_HEADER: u8 = 0x40;
const STREAM: u8 = 0x0A;

const PORT: u16 = 4433;

/// Relays come first in 10.0.0.0/8, then nodes, then consumers.
const FIRST_NODE: u32 = 1 << 10;
const FIRST_CONSUMER: u32 = 1 << 16;

impl Recorder {
    pub(crate) fn new(events: bool, packets: bool, start: Time) -> Self {
        Self { events, packets, start, ..Self::default() }
    }

    pub(crate) fn write(
        &mut self,
        directory: &mut RunDirectory,
        seen: &Observations,
    ) -> Result<(), WriteError> {
        self.metrics(directory, seen)?;
        for epoch in &seen.epochs {
            let next = self.conversations.len() as u64;
            directory.write(&tables::Epoch {
                conversation: *self.conversations.entry((epoch.business, epoch.consumer)).or_insert(next),
                epoch: epoch.epoch,
                at_us: epoch.at.as_micros(),
                messages_since: u64::from(epoch.messages),
            })?;
        }
        if !self.events && !self.packets {
            return Ok(());
        }
        // Lanes note in their own order of time; the trace is one.
        let mut records: Vec<&Record> = seen.records.iter().collect();
        records.sort_by_key(|record| record.at);
        for record in records {
            self.sequence += 1;
            if self.events {
                event(directory, record, self.sequence)?;
                views(directory, record)?;
            }
        }
        if self.packets {
            let mut wire: Vec<&OnTheWire> = seen.wire.iter().collect();
            wire.sort_by_key(|on| on.record.at);
            wire.into_iter().try_for_each(|on| self.packets_of(directory, on))?;
        }
        Ok(())
    }
}

impl Recorder {
    /// The time series; consumers count together, wherever their lanes are.
    fn metrics(&self, directory: &mut RunDirectory, seen: &Observations) -> Result<(), WriteError> {
        let mut values: BTreeMap<(Time, &str, String), u64> = BTreeMap::new();
        for metric in &seen.metrics {
            let whose = match metric.who.kind() {
                Kind::Consumer => "consumers".to_owned(),
                _ => metric.who.to_string(),
            };
            let (name, label) = match metric.name {
                "consumers online" => ("consumers_online", whose),
                queue => (QUEUE, format!("{whose}: {queue}")),
            };
            *values.entry((metric.at, name, label)).or_default() += metric.value;
        }
        for ((at, metric, label), value) in values {
            let at_s = at.since(self.start).as_secs_f64();
            directory.write(&tables::Metric { at_s, metric, label: &label, value: value as f64 })?;
        }
        Ok(())
    }
}

impl Recorder {
    /// The datagrams of something that went over a link. Where QUIC has ciphertext they have the frame itself: who looks
    /// at a simulation wants to see it. `tools/wireshark/blindpost.lua` reads them.
    fn packets_of(&mut self, directory: &mut RunDirectory, on: &OnTheWire) -> Result<(), WriteError> {
        let (from, to) = direction(&on.record, on.record.what);
        let consumer = from.kind() == Kind::Consumer || to.kind() == Kind::Consumer;
        let seen =
            "as the relay sees it: routing and ciphertext; a network sees lengths, times and addresses only";
        let link = |name: &str, ends| Link { name: name.into(), description: format!("{ends}, {seen}") };
        let links = [
            link("consumers", "between consumers' apps and the relay"),
            link("nodes", "between nodes and the relay"),
        ];
        // Of a handshake there is only the length: padding frames are zeros (RFC 9000, section 19.1).
        let padding = vec![0; usize::try_from(on.record.bytes).unwrap_or(0)];
        let (kind, bytes) = if on.frame.is_empty() { (0, &padding[..]) } else { (STREAM, &on.frame[..]) };
        // What has no bytes is a packet all the same.
        let nothing: [&[u8]; 1] = [&[]];
        let parts = bytes.chunks(DATAGRAM - HEADER_BYTES - TAG_BYTES);
        for part in parts.chain(nothing.into_iter().filter(|_| bytes.is_empty())) {
            self.packet_number = self.packet_number.wrapping_add(1);
            let payload = datagram(self.packet_number, kind, part);
            directory.packets(&links)?.write(&Packet {
                at_us: on.record.at.as_micros(),
                link: if consumer { CONSUMER } else { NODE },
                from: endpoint(from),
                to: endpoint(to),
                payload: &payload,
                comment: None,
            })?;
        }
        Ok(())
    }
}

/// A QUIC packet as if it were not encrypted: short header, stream frame, a tag of zeros.
fn datagram(number: u16, kind: u8, part: &[u8]) -> Vec<u8> {
    let mut payload = vec![SHORT_HEADER, 0, 0, 0, 0, 0, 0, 0, 0];
    payload.extend(number.to_be_bytes());
    if kind == STREAM {
        // The stream's number, and a length in two bytes (RFC 9000, section 16).
        payload.extend([kind, 0]);
        payload.extend((0x4000 | u16::try_from(part.len()).unwrap_or(0)).to_be_bytes());
    } else {
        payload.resize(HEADER_BYTES, kind);
    }
    payload.extend_from_slice(part);
    payload.resize(payload.len() + TAG_BYTES, 0);
    payload
}

fn event(directory: &mut RunDirectory, record: &Record, sequence: u64) -> Result<(), WriteError> {
    let peer = (record.peer != record.party).then(|| record.peer.to_string());
    directory.write(&tables::Event {
        at_us: record.at.as_micros(),
        sequence,
        party: &record.party.to_string(),
        what: record.what.name(),
        peer: peer.as_deref(),
        bytes: u64::from(record.bytes),
    })
}

/// Who sees a record, in the party's own terms: a relay sees who is on its connections, the network sees endpoints and
/// sizes, a node sees its business and the consumer.
fn views(directory: &mut RunDirectory, record: &Record) -> Result<(), WriteError> {
    let way = |what| direction(record, what);
    let see = |directory: &mut RunDirectory, principal, who: Who, what, from, to| {
        directory.write(&tables::View {
            at_us: record.at.as_micros(),
            principal,
            party: u64::from(who.index()),
            what,
            from,
            to,
            bytes: u64::from(record.bytes),
            class: class(record.what).name(),
        })
    };
    let (from, to) = way(record.what);
    let number = |who: Who| Some(u64::from(who.index()));
    for who in [record.party, record.peer] {
        let principal = match who.kind() {
            Kind::Relay => Principal::Relay,
            Kind::Node => Principal::Node,
            Kind::Business => Principal::Business,
            Kind::Consumer => Principal::Consumer,
        };
        let said_or_shown = matches!(record.what, What::Say | What::Show);
        // What a person says or reads happens at one end only.
        if (who == record.party) || (record.peer != record.party && !said_or_shown) {
            see(directory, principal, who, record.what.name(), number(from), number(to))?;
        }
    }
    if is_on_the_wire(record.what) {
        see(directory, Principal::Network, from, "packet", number(from), number(to))?;
    }
    if matches!(record.what, What::Start | What::Stop) {
        see(directory, Principal::Operator, record.party, record.what.name(), None, None)?;
    }
    Ok(())
}

/// Who sent it, and who got it: a record stands where something arrives.
const fn direction(record: &Record, what: What) -> (Who, Who) {
    match what {
        What::Start | What::Stop | What::Say => (record.party, record.peer),
        _ => (record.peer, record.party),
    }
}

/// Whether it crosses the links between endpoints and relay.
const fn is_on_the_wire(what: What) -> bool {
    !matches!(
        what,
        What::Start
            | What::Stop
            | What::Say
            | What::Show
            | What::Request
            | What::Response
            | What::Webhook
            | What::WebhookAnswer
            | What::Down
    )
}

/// The data class of the most that a record stands for.
const fn class(what: What) -> DataClass {
    match what {
        What::Say | What::Show | What::Request | What::Webhook => DataClass::Content,
        What::Submit | What::Deliver | What::Receipt | What::FetchBundle => DataClass::Routing,
        What::Metering => DataClass::Metering,
        What::Publish | What::Bundle => DataClass::PublicKey,
        _ => DataClass::Timing,
    }
}

fn endpoint(who: Who) -> Endpoint {
    let (first, port) = match who.kind() {
        Kind::Relay => (0, PORT),
        Kind::Node | Kind::Business => (FIRST_NODE, 40_000),
        Kind::Consumer => (FIRST_CONSUMER, 50_000),
    };
    Endpoint { index: first + who.index(), port }
}
