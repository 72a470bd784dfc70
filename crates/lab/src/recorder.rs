//! What happened, as tables: the trace, each party's view, the time series, packets.

use kernel::Time;
use privacy::DataClass;
use report::tables::{self, Principal};
use report::{Endpoint, Link, Packet, RunDirectory, WriteError};
use std::collections::BTreeMap;
use world::{Kind, Observations, Record, What, Who};

/// What is written while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) events: bool,
    pub(crate) packets: bool,
    /// When the run began.
    start: Time,
    sequence: u64,
    /// Conversations are numbered as they come to an epoch.
    conversations: BTreeMap<(Who, Who), u64>,
}

/// The time series that are queues: the report draws them.
const QUEUE: &str = "queue_depth";

/// Classes of links, in the order of the packet file.
const CONSUMER: u32 = 0;
const NODE: u32 = 1;

/// What QUIC, UDP and IP add to a frame that fits one packet: a short header with an 8-byte connection id, a packet
/// number of 2 bytes, the stream frame's header of 4 and the tag of 16 (RFC 9000, sections 17.3 and 19.8).
const QUIC_BYTES: u32 = 1 + 8 + 2 + 4 + 16;

/// The largest datagram's payload (RFC 9000, section 14: 1,200 bytes always fit).
const DATAGRAM: u32 = 1200;

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
            if self.packets {
                packets(directory, record)?;
            }
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

fn packets(directory: &mut RunDirectory, record: &Record) -> Result<(), WriteError> {
    if !is_on_the_wire(record.what) {
        return Ok(());
    }
    let (from, to) = direction(record, record.what);
    let consumer = from.kind() == Kind::Consumer || to.kind() == Kind::Consumer;
    let links = [
        Link { name: "consumers".into(), description: "between consumers' apps and the relay".into() },
        Link { name: "nodes".into(), description: "between nodes and the relay".into() },
    ];
    let writer = directory.packets(&links)?;
    let mut left = record.bytes;
    loop {
        let frame = left.min(DATAGRAM - QUIC_BYTES);
        left -= frame;
        writer.write(&Packet {
            at_us: record.at.as_micros(),
            link: if consumer { CONSUMER } else { NODE },
            from: endpoint(from),
            to: endpoint(to),
            payload_bytes: u16::try_from(frame + QUIC_BYTES).unwrap_or(u16::MAX),
            comment: None,
        })?;
        if left == 0 {
            return Ok(());
        }
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
