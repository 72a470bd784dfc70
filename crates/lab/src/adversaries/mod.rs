//! Who attacks a run: what each has seen and taken on the way, and what it reads of it in the end.
//!
//! An attacker decrypts what it claims to read ([`ratchet::adversary`]), and what it decrypts is compared with what was
//! sent. It is passive: it changes nothing, and the run is the same without it.

mod attack;
pub mod loot;

use aho_corasick::AhoCorasick;
pub(crate) use attack::{Coup, Reading};
use kernel::{Rng, Row, Seed, Time};
use ratchet::adversary::{BrokenCurve, Snapshot};
use ratchet::{IdentityKey, PrekeyBundle};
use scenario::Adversary;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::{Address, Envelope, EnvelopeId};
use world::{Observations, PublicKeys, Simulation, Who};

/// Shorter texts occur by chance.
const LONG_ENOUGH: usize = 16;

/// The adversaries of a run, and all that they have.
#[derive(Default)]
pub(crate) struct Adversaries {
    attackers: Vec<Attacker>,
    /// Whether somebody keeps what passes the relay.
    records: bool,
    envelopes: Vec<(Time, Envelope)>,
    /// Whose identity key is which, since when.
    identities: BTreeMap<Address, Vec<(Time, IdentityKey)>>,
    bundles: BTreeMap<Address, Vec<PrekeyBundle>>,
    curve: BrokenCurve,
    /// The texts that were read, by message.
    texts: BTreeMap<u64, String>,
    /// Which message an envelope carries.
    carries: BTreeMap<EnvelopeId, u64>,
}

/// One of them.
struct Attacker {
    name: String,
    /// When it strikes.
    at: Time,
    means: Means,
}

/// What it has beyond what is recorded.
enum Means {
    /// Nothing.
    Recording,
    /// What is on the disks of some parties.
    Theft { of: Vec<Who>, haul: Option<Box<Haul>> },
    /// The private key of every public one on Curve25519.
    QuantumComputer,
}

/// What was on the disks.
struct Haul {
    keys: Snapshot,
    rows: Vec<Row>,
}

impl Adversaries {
    /// Those of a run that has not begun.
    pub(crate) fn of(run: &Simulation, listed: &[Adversary], seed: u64) -> Self {
        let after = |at: scenario::Duration| run.traffic_begins() + at.to_std();
        let mut all = Self::default();
        for (index, adversary) in listed.iter().enumerate() {
            let (name, at, means) = match adversary {
                Adversary::NetworkRecorder => ("network-recorder", run.start(), Means::Recording),
                Adversary::CuriousRelay => ("curious-relay", run.start(), Means::Recording),
                Adversary::QuantumComputer { at } => ("quantum-computer", after(*at), Means::QuantumComputer),
                Adversary::SeizedNode { node, at } => {
                    ("seized-node", after(*at), Means::Theft { of: vec![Who::node(*node)], haul: None })
                }
                Adversary::StolenDevice { party, count, at } => {
                    let everybody: Vec<Who> = run.consumers().collect();
                    let candidates = party.as_ref().map_or(everybody, |party| run.members(party));
                    let of = match count {
                        Some(count) => drawn(candidates, *count, seed, index),
                        None => candidates,
                    };
                    ("stolen-device", after(*at), Means::Theft { of, haul: None })
                }
            };
            let same = all.attackers.iter().filter(|other| other.name.starts_with(name)).count();
            let name = if same == 0 { name.to_owned() } else { format!("{name} {}", same + 1) };
            all.records |= matches!(means, Means::Recording);
            all.attackers.push(Attacker { name, at, means });
        }
        all
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.attackers.is_empty()
    }

    /// When something is taken: the run must stop there.
    pub(crate) fn strikes(&self, start: Time) -> impl Iterator<Item = Duration> {
        let thefts = self.attackers.iter().filter(|attacker| matches!(attacker.means, Means::Theft { .. }));
        thefts.map(move |attacker| attacker.at.since(start))
    }

    /// What is taken now, is taken.
    pub(crate) fn strike(&mut self, run: &mut Simulation) -> Result<(), loot::LootError> {
        let now = run.now();
        for attacker in self.attackers.iter_mut().filter(|attacker| attacker.at == now) {
            if let Means::Theft { of, haul } = &mut attacker.means {
                let rows: Vec<Row> = of.iter().flat_map(|who| run.disk(*who)).collect();
                *haul = Some(Box::new(Haul { keys: loot::snapshot(&rows)?, rows }));
            }
        }
        Ok(())
    }

    /// What happened, as far as it can be of use to somebody.
    pub(crate) fn observe(&mut self, seen: &Observations) {
        if self.is_empty() {
            return;
        }
        self.envelopes.extend(seen.envelopes.iter().cloned());
        seen.drawn.iter().for_each(|key| self.curve.teach_private_key(key));
        self.texts.extend(seen.texts.iter().map(|(_, message, text)| (*message, text.clone())));
        self.carries.extend(seen.submitted.iter().map(|submitted| (submitted.envelope, submitted.message)));
        for (at, keys) in &seen.public_keys {
            match keys {
                PublicKeys::Identity(address, key) => {
                    let known = self.identities.entry(*address).or_default();
                    known.extend(IdentityKey::parse(key).ok().map(|key| (*at, key)));
                }
                PublicKeys::Bundle(address, bundle) => {
                    self.bundles.entry(*address).or_default().extend(loot::read_bundle(bundle));
                }
            }
        }
    }

    /// Whose identity key it was at a time.
    fn identity(&self, address: Address, at: Time) -> Option<IdentityKey> {
        let known = self.identities.get(&address)?;
        known.iter().rev().find(|(since, _)| *since <= at).or(known.first()).map(|(_, key)| *key)
    }

    /// The messages whose texts are in rows as they are.
    fn at_rest(&self, rows: &[Row]) -> BTreeSet<u64> {
        let texts: Vec<(&u64, &String)> =
            self.texts.iter().filter(|(_, text)| text.len() >= LONG_ENOUGH).collect();
        let Ok(search) = AhoCorasick::new(texts.iter().map(|(_, text)| text.as_bytes())) else {
            return BTreeSet::new();
        };
        let found = rows.iter().flat_map(|row| search.find_overlapping_iter(&row.value));
        found
            .filter_map(|found| texts.get(found.pattern().as_usize()).map(|(message, _)| **message))
            .collect()
    }
}

/// So many of them, from the seed.
fn drawn(mut candidates: Vec<Who>, count: u32, seed: u64, index: usize) -> Vec<Who> {
    let mut rng = Rng::for_entity(&Seed::from_number(seed), &format!("adversary/{index}"));
    let mut chosen = BTreeSet::new();
    for _ in 0..count {
        let place = rng.below(u32::try_from(candidates.len()).unwrap_or(u32::MAX));
        if usize::try_from(place).is_ok_and(|place| place < candidates.len()) {
            chosen.insert(candidates.swap_remove(place as usize));
        }
    }
    chosen.into_iter().collect()
}
