//! The parties say what the script says; and what passed of it where.

use super::script::{CONSUMERS, Script, Way};
use super::{LeakError, Padding, Secret, name_of};
use kernel::Time;
use scenario::{ReplayRow, Scenario};
use serde_json::json;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use wire::EnvelopeId;
use world::{Keep, Observations, Options, Sent, Simulation, Stage, What, Who};

/// A run says how far it is so often.
const STEPS: u32 = 50;

/// How long what is under way may take to arrive: people who are away come back.
const DRAIN: Duration = Duration::from_secs(2 * 3600);

/// The populations: of the second the apps don't tell that they have seen a message.
const POPULATIONS: [&str; 2] = ["people", "private"];

/// What QUIC adds to a frame in each datagram, and how long those are: as packets of runs are written (docs/research-guide.md).
const QUIC_BYTES: u32 = 31;
const DATAGRAM: u32 = 1200;

/// An envelope at the relay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    pub(super) at: Time,
    /// Of the ciphertext.
    pub(super) bytes: u32,
    /// Of the datagrams that brought it.
    pub(super) wire_bytes: u32,
    pub(super) prekey: bool,
}

/// A text that the secret is about.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) secret: String,
    pub(super) from: Who,
    pub(super) to: Who,
    pub(super) text_bytes: u32,
    pub(super) created: Time,
    pub(super) passed: Passed,
    /// When the recipient had it on the screen, or in a webhook.
    pub(super) shown: Time,
    /// When the business's server was told so.
    pub(super) delivered: Option<Time>,
    pub(super) read: Option<Time>,
}

/// What happened, for views to be taken of.
#[derive(Debug, Clone, Default)]
pub(super) struct Happened {
    pub(super) messages: Vec<Message>,
    /// When the relay got those of the secret, by sender and recipient, by time.
    pub(super) texts: BTreeMap<(Who, Who), Vec<Time>>,
    /// Envelopes by sender and recipient, by time.
    pub(super) envelopes: BTreeMap<(Who, Who), Vec<Passed>>,
    /// When each recipient acknowledged something.
    pub(super) acknowledged: BTreeMap<Who, Vec<Time>>,
    /// When packets with messages came to each recipient.
    pub(super) arrived: BTreeMap<Who, Vec<Time>>,
    /// What dashboards show, by time: the sums over all parties, by name.
    pub(super) dashboard: BTreeMap<Time, BTreeMap<&'static str, u64>>,
    /// Who has the business's messages on the network: its node.
    pub(super) node: Option<Who>,
}

/// A stream of the scenario's traffic: what all its texts have in common.
type Stream = (Way, u32, Option<String>);

/// Runs the script with this padding at both ends.
pub(super) fn run(
    script: &Script,
    padding: Padding,
    seed: u64,
    threads: NonZeroUsize,
    told: &dyn Fn(f64),
) -> Result<Happened, LeakError> {
    let (scenario, streams) = scenario(script, padding)?;
    let keep = Keep { records: true, envelopes: true, ..Keep::default() };
    let options = Options { keep, threads, ..Options::default() };
    let mut run =
        Simulation::new(scenario, seed, &options).map_err(|error| LeakError::Setup(error.to_string()))?;
    let (start, end, stop) = (run.start(), run.end(), AtomicBool::new(false));
    let step = end.since(start) / STEPS;
    for number in 1..STEPS {
        run.run_until(start + step * number, &stop);
        told(f64::from(number) / f64::from(STEPS));
    }
    run.run_until(end, &stop);
    let seen = run.observe();
    if let Some(violation) = seen.violations.first() {
        return Err(LeakError::Violation(violation.invariant));
    }
    Ok(happened(script.secret, &streams, &run, &seen))
}

fn scenario(script: &Script, padding: Padding) -> Result<(Scenario, Vec<Stream>), LeakError> {
    let mut rows: BTreeMap<Stream, Vec<ReplayRow>> = BTreeMap::new();
    let each = CONSUMERS / 2;
    for said in &script.said {
        let (population, index) = (said.consumer / each, said.consumer % each);
        let (from, to) = if said.way == Way::Down { (0, index) } else { (index, 0) };
        let row = ReplayRow { at: said.at, from, to, bytes: said.bytes };
        // The length of each text would be a stream of its own; it shows in the run.
        let known = said.secret.as_ref().map(|known| match script.secret {
            Secret::TextLength => String::new(),
            _ => known.clone(),
        });
        rows.entry((said.way, population, known)).or_default().push(row);
    }
    let traffic = rows.keys().map(|(way, population, _)| {
        let population = POPULATIONS.get(usize::try_from(*population).unwrap_or(0));
        let (from, to) =
            if *way == Way::Down { (Some(&"shop"), population) } else { (population, Some(&"shop")) };
        json!({ "from": from, "to": to, "replay": "made here" })
    });
    let consumers = POPULATIONS.iter().enumerate().map(|(place, name)| {
        let online = match script.secret {
            Secret::Presence => {
                let stays = json!({ "kind": "exponential", "mean": "10min" });
                json!({ "kind": "sessions", "online": stays, "offline": stays })
            }
            _ => json!({ "kind": "always" }),
        };
        let read_receipts = script.secret != Secret::Read || place == 0;
        json!({ "name": name, "count": each, "online": online, "read_receipts": read_receipts })
    });
    let padding = name_of(padding);
    let mut scenario: Scenario = serde_json::from_value(json!({
        "version": 1,
        "name": "leak",
        "duration": format!("{}s", script.lasts.as_secs()),
        "drain": format!("{}s", DRAIN.as_secs()),
        "consumers": consumers.collect::<Vec<_>>(),
        "businesses": [{ "name": "shop", "count": 1 }],
        "traffic": traffic.collect::<Vec<_>>(),
        "network": { "consumer": {
            "latency": { "kind": "lognormal", "median": "40ms", "p99": "400ms" }, "loss": 0.005, "bandwidth": "5Mbit/s",
        } },
        "node": { "padding": padding },
        "device": { "padding": padding },
    }))
    .map_err(|error| LeakError::Setup(error.to_string()))?;
    let streams = rows.keys().cloned().collect();
    for (traffic, rows) in scenario.traffic.iter_mut().zip(rows.into_values()) {
        if let Some(replay) = &mut traffic.replay {
            replay.rows = rows;
        }
    }
    Ok((scenario, streams))
}

fn happened(secret: Secret, streams: &[Stream], run: &Simulation, seen: &Observations) -> Happened {
    let mut happened =
        Happened { node: run.servers().find(|who| who.kind() == world::Kind::Node), ..Happened::default() };
    // The relay notes an envelope when it notes the frame that it came in.
    let submits = seen.records.iter().filter(|record| record.what == What::Submit);
    let mut passed = BTreeMap::new();
    for (record, (at, envelope)) in submits.zip(&seen.envelopes) {
        let (from, to) = (run.who(envelope.from.number), run.who(envelope.to.number));
        let (Some(from), Some(to)) = (from, to) else { continue };
        let this = Passed {
            at: *at,
            bytes: u32::try_from(envelope.ciphertext.len()).unwrap_or(u32::MAX),
            wire_bytes: record.bytes + QUIC_BYTES * record.bytes.div_ceil(DATAGRAM - QUIC_BYTES),
            prekey: envelope.kind == wire::EnvelopeKind::Prekey,
        };
        // What is sent again is the same envelope.
        passed.entry(envelope.id).or_insert_with(|| {
            happened.envelopes.entry((from, to)).or_default().push(this);
            this
        });
    }
    for record in &seen.records {
        match record.what {
            What::Acknowledge => happened.acknowledged.entry(record.peer).or_default().push(record.at),
            What::Deliver => happened.arrived.entry(record.party).or_default().push(record.at),
            _ => {}
        }
    }
    for metric in &seen.metrics {
        *happened.dashboard.entry(metric.at).or_default().entry(metric.name).or_default() += metric.value;
    }
    let connected = connected(seen);
    let mut stages: BTreeMap<(u64, Stage), Time> = BTreeMap::new();
    for progress in &seen.progress {
        stages.entry((progress.message, progress.stage)).or_insert(progress.at);
    }
    let envelopes: BTreeMap<u64, EnvelopeId> =
        seen.submitted.iter().map(|submitted| (submitted.message, submitted.envelope)).collect();
    let mut sent: Vec<&Sent> = seen.sent.iter().collect();
    sent.sort_by_key(|sent| (sent.created, sent.message));
    happened.messages = sent
        .into_iter()
        .filter_map(|sent| {
            let stage = |stage| stages.get(&(sent.message, stage)).copied();
            let known = streams.get(usize::from(sent.stream))?.2.as_ref()?;
            Some(Message {
                secret: match secret {
                    Secret::TextLength => sent.bytes.to_string(),
                    Secret::Presence => {
                        if online(&connected, sent) { "online" } else { "offline" }.to_owned()
                    }
                    Secret::Read => if stage(Stage::Read).is_some() { "told" } else { "not told" }.to_owned(),
                    _ => known.clone(),
                },
                from: sent.from,
                to: sent.to,
                text_bytes: sent.bytes,
                created: sent.created,
                passed: *passed.get(envelopes.get(&sent.message)?)?,
                // What has not arrived by the end was written to somebody who did not come back.
                shown: stage(Stage::Shown).unwrap_or(run.end()),
                delivered: stage(Stage::Delivered),
                read: stage(Stage::Read),
            })
        })
        .collect();
    for message in &happened.messages {
        happened.texts.entry((message.from, message.to)).or_default().push(message.passed.at);
    }
    happened.texts.values_mut().for_each(|times| times.sort_unstable());
    happened
}

/// When each consumer's connection came and went.
fn connected(seen: &Observations) -> BTreeMap<Who, Vec<(Time, bool)>> {
    let mut connected: BTreeMap<Who, Vec<(Time, bool)>> = BTreeMap::new();
    for record in seen.records.iter().filter(|record| record.party.kind() == world::Kind::Consumer) {
        match record.what {
            What::Up => connected.entry(record.party).or_default().push((record.at, true)),
            What::Down => connected.entry(record.party).or_default().push((record.at, false)),
            _ => {}
        }
    }
    connected
}

fn online(connected: &BTreeMap<Who, Vec<(Time, bool)>>, sent: &Sent) -> bool {
    let turns = connected.get(&sent.to).map(Vec::as_slice).unwrap_or_default();
    let before = turns.partition_point(|(at, _)| *at <= sent.created);
    before.checked_sub(1).and_then(|last| turns.get(last)).is_some_and(|(_, up)| *up)
}
