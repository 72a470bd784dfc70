//! What became of each message, put together from what lanes have noted.

use report::tables;
use std::collections::BTreeMap;
use world::{Kind, Observations, Sent, Simulation, Stage, Submitted, Who};

/// All messages of a run.
#[derive(Default)]
pub(crate) struct Messages {
    messages: BTreeMap<u64, Message>,
}

/// One message, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) sent: Option<Sent>,
    pub(crate) submitted: Option<Submitted>,
    /// When it first came to each stage.
    stages: [Option<u64>; STAGES],
    /// How often it was read.
    pub(crate) shown: u32,
}

const STAGES: usize = 6;

impl Messages {
    pub(crate) fn add(&mut self, seen: &Observations) {
        for sent in &seen.sent {
            self.messages.entry(sent.message).or_default().sent = Some(*sent);
        }
        for submitted in &seen.submitted {
            self.messages.entry(submitted.message).or_default().submitted.get_or_insert(*submitted);
        }
        for progress in &seen.progress {
            let message = self.messages.entry(progress.message).or_default();
            let at = progress.at.as_micros();
            if let Some(first) = message.stages.get_mut(progress.stage as usize) {
                *first = Some(first.map_or(at, |first| first.min(at)));
            }
            message.shown += u32::from(progress.stage == Stage::Shown);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Message)> {
        self.messages.iter().map(|(id, message)| (*id, message))
    }

    /// How many messages have come to a stage.
    pub(crate) fn reached(&self, stage: Stage) -> u64 {
        self.messages.values().filter(|message| message.at(stage).is_some()).count() as u64
    }

    /// Microseconds from making to showing, ascending.
    pub(crate) fn latencies(&self) -> Vec<u64> {
        let took = |message: &Message| Some(message.at(Stage::Shown)? - message.sent?.created.as_micros());
        let mut latencies: Vec<u64> = self.messages.values().filter_map(took).collect();
        latencies.sort_unstable();
        latencies
    }
}

impl Message {
    /// When the message came to a stage, in microseconds.
    pub(crate) fn at(&self, stage: Stage) -> Option<u64> {
        self.stages.get(stage as usize).copied().flatten()
    }

    /// What became of it.
    pub(crate) fn status(&self) -> &'static str {
        let furthest = [
            (Stage::Failed, "failed"),
            (Stage::Read, "read"),
            (Stage::Delivered, "delivered"),
            (Stage::Shown, "shown"),
            (Stage::Relayed, "relayed"),
            (Stage::Accepted, "accepted"),
        ];
        furthest.into_iter().find(|(stage, _)| self.at(*stage).is_some()).map_or("made", |(_, name)| name)
    }

    /// The message's row; `None` if nobody knows who sent it.
    pub(crate) fn row<'a>(&self, id: u64, kind: &'a str, run: &Simulation) -> Option<tables::Message<'a>> {
        let sent = self.sent?;
        let business = [sent.from, sent.to].into_iter().find(|who| who.kind() == Kind::Business);
        let submitted = self.submitted.as_ref();
        Some(tables::Message {
            id,
            kind,
            from: u64::from(sent.from.index()),
            to: u64::from(sent.to.index()),
            business: business.map(|business| u64::from(business.index())),
            node: business.map(|business| u64::from(run.node_of(business).index())),
            relay: u64::from(run.relay_of(sent.from).index()),
            suite: run.suite(sent.from),
            direction: direction(sent.from, sent.to),
            size_text: u64::from(sent.bytes),
            size_padded: submitted.map(|submitted| u64::from(submitted.padded_bytes)),
            size_envelope: submitted.map(|submitted| u64::from(submitted.ciphertext_bytes)),
            begins_session: submitted.is_some_and(|submitted| submitted.prekey),
            created_us: sent.created.as_micros(),
            accepted_us: self.at(Stage::Accepted),
            submitted_us: submitted.map(|submitted| submitted.at.as_micros()),
            relay_us: self.at(Stage::Relayed),
            shown_us: self.at(Stage::Shown),
            delivered_us: self.at(Stage::Delivered),
            read_us: self.at(Stage::Read),
            status: self.status(),
        })
    }
}

fn direction(from: Who, to: Who) -> &'static str {
    match (from.kind(), to.kind()) {
        (Kind::Business, _) => "to-consumer",
        (_, Kind::Business) => "to-business",
        _ => "between-consumers",
    }
}
