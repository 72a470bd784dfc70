//! What adversaries make of what they have.

use super::{Adversaries, Attacker, Haul, Means};
use kernel::Time;
use ratchet::adversary::{Attacker as Reader, Recording};
use ratchet::{Ciphertext, MessageKind};
use std::collections::{BTreeMap, BTreeSet};
use wire::{Address, Envelope, EnvelopeKind};
use world::{Kind, Simulation, Who};

/// What an adversary achieved.
pub(crate) struct Coup {
    /// The adversary's name, or that of several together.
    pub(crate) name: String,
    /// When it struck.
    pub(crate) at: Time,
    /// What it has.
    pub(crate) means: String,
    /// What it makes of each message of the conversations that it tried, in the order of conversations and of time.
    pub(crate) readings: Vec<Reading>,
}

/// What an adversary makes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When the relay took it.
    pub(crate) at: Time,
    pub(crate) conversation: u64,
    /// Its number among the texts of its conversation, from 0.
    pub(crate) number: u64,
    pub(crate) readable: bool,
    /// By what it is read, or which secret is missing.
    pub(crate) because: String,
    /// Whether what was read is not what was sent: never.
    pub(crate) wrong: bool,
}

/// All envelopes between two addresses, in the order in which the relay took them.
type Conversation<'a> = Vec<&'a (Time, Envelope)>;

impl Adversaries {
    /// What each of them reads in the end, and what they read together if more than one of them has more than the recording.
    pub(crate) fn coups(&self, run: &Simulation) -> Vec<Coup> {
        let conversations = self.conversations();
        let mut coups: Vec<Coup> =
            self.attackers.iter().map(|attacker| self.coup(run, &[attacker], &conversations)).collect();
        let strong: Vec<&Attacker> =
            self.attackers.iter().filter(|attacker| !matches!(attacker.means, Means::Recording)).collect();
        if strong.len() > 1 {
            coups.push(self.coup(run, &strong, &conversations));
        }
        coups
    }

    /// Between whom envelopes went. Every envelope is in one.
    fn conversations(&self) -> BTreeMap<(Address, Address), Conversation<'_>> {
        let mut conversations: BTreeMap<(Address, Address), Conversation<'_>> = BTreeMap::new();
        for recorded in &self.envelopes {
            let (from, to) = (recorded.1.from, recorded.1.to);
            conversations.entry((from.min(to), from.max(to))).or_default().push(recorded);
        }
        conversations
    }

    fn coup(
        &self,
        run: &Simulation,
        together: &[&Attacker],
        conversations: &BTreeMap<(Address, Address), Conversation<'_>>,
    ) -> Coup {
        let mut reader = Reader::default();
        let (mut quantum, mut robbed, mut at_rest) = (false, BTreeSet::new(), BTreeSet::new());
        for attacker in together {
            match &attacker.means {
                Means::Recording => {}
                Means::QuantumComputer => {
                    quantum = true;
                    reader = reader.with_broken_curve(&self.curve);
                }
                Means::Theft { of, haul } => {
                    robbed.extend(of.iter().copied());
                    if let Some(Haul { keys, rows }) = haul.as_deref() {
                        reader = reader.with_snapshot(keys);
                        at_rest.append(&mut self.at_rest(rows));
                    }
                }
            }
        }
        let by = match (quantum, robbed.is_empty()) {
            (true, true) => "X25519 is broken",
            (true, false) => "X25519 is broken and keys were taken",
            _ => "keys were taken",
        };
        let concerned = |who: &(Address, Address)| {
            let is_robbed = |address: Address| {
                let who = run.who(address.number);
                who.is_some_and(|who| robbed.contains(&speaks_for(run, who)))
            };
            quantum || robbed.is_empty() || is_robbed(who.0) || is_robbed(who.1)
        };
        let mut readings = Vec::new();
        for (number, (between, envelopes)) in (0..).zip(conversations) {
            if concerned(between) {
                let read = if self.records { self.read(&reader, *between, envelopes) } else { Vec::new() };
                readings.extend(self.rows(number, envelopes, read, &at_rest, by));
            }
        }
        let names: Vec<&str> = together.iter().map(|attacker| attacker.name.as_str()).collect();
        Coup {
            name: names.join(" + "),
            at: together.iter().map(|attacker| attacker.at).max().unwrap_or_else(|| run.end()),
            means: self.told(together),
            readings,
        }
    }

    /// What it makes of the envelopes of a conversation: the plaintext, or why not.
    fn read(
        &self,
        reader: &Reader<'_>,
        (one, other): (Address, Address),
        envelopes: &Conversation<'_>,
    ) -> Vec<Option<ratchet::adversary::Reading>> {
        let mut recording = Recording::default();
        for bundle in [one, other].iter().filter_map(|address| self.bundles.get(address)).flatten() {
            recording.published(bundle);
        }
        let places: Vec<Option<usize>> = envelopes
            .iter()
            .map(|(at, envelope)| {
                let kind = match envelope.kind {
                    EnvelopeKind::Prekey => MessageKind::Prekey,
                    EnvelopeKind::Ratchet => MessageKind::Ratchet,
                    _ => return None,
                };
                let (from, to) = (self.identity(envelope.from, *at)?, self.identity(envelope.to, *at)?);
                let message = Ciphertext { kind, bytes: envelope.ciphertext.to_vec() };
                Some(recording.sent(from, to, &message))
            })
            .collect();
        let mut read: Vec<Option<ratchet::adversary::Reading>> =
            reader.reads(&recording).into_iter().map(Some).collect();
        places.into_iter().map(|place| read.get_mut(place?)?.take()).collect()
    }

    /// A row for each text of a conversation. One that was sent again counts once, as it was read best.
    fn rows(
        &self,
        conversation: u64,
        envelopes: &Conversation<'_>,
        read: Vec<Option<ratchet::adversary::Reading>>,
        at_rest: &BTreeSet<u64>,
        by: &str,
    ) -> Vec<Reading> {
        let mut rows: Vec<Reading> = Vec::new();
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        let mut read = read.into_iter();
        for (at, envelope) in envelopes.iter().copied() {
            let read = read.next().flatten();
            let Some(message) = self.carries.get(&envelope.id) else { continue };
            let (readable, because, wrong) = match read {
                Some(Ok(plaintext)) => {
                    let text = self.texts.get(message).map_or(&[][..], |text| text.as_bytes());
                    let found = text.is_empty() || plaintext.windows(text.len()).any(|part| part == text);
                    (true, by.to_owned(), !found)
                }
                _ if at_rest.contains(message) => (true, "its text was on the disk".into(), false),
                Some(Err(unread)) => (false, unread.to_string(), false),
                None => (false, "nobody recorded it".into(), false),
            };
            let number = rows.len();
            let place = *places.entry(*message).or_insert(number);
            let row = Reading { at: *at, conversation, number: place as u64, readable, because, wrong };
            match rows.get_mut(place) {
                Some(before) if row.readable && !before.readable => *before = row,
                Some(_) => {}
                None => rows.push(row),
            }
        }
        rows
    }

    fn told(&self, together: &[&Attacker]) -> String {
        let means = together.iter().map(|attacker| match &attacker.means {
            Means::Recording => "what passed the relay".to_owned(),
            Means::QuantumComputer => "a broken X25519".to_owned(),
            Means::Theft { of, .. } => {
                let of: Vec<String> = of.iter().map(ToString::to_string).collect();
                format!("what was on {}", of.join(", "))
            }
        });
        let mut means: Vec<String> = means.collect();
        if self.records && !means.iter().any(|means| means.starts_with("what passed")) {
            means.push("what passed the relay".into());
        }
        format!("has {}", means.join(" and "))
    }
}

/// Whose disk has a party's keys.
fn speaks_for(run: &Simulation, who: Who) -> Who {
    if who.kind() == Kind::Business { run.node_of(who) } else { who }
}
