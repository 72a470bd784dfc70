//! A run: all parties of a scenario in one engine. How it is begun, gone on with and forked, and what can be asked of
//! it.

use crate::calamity::{Misfortune, Restore};
use crate::credentials::Credentials;
use crate::crew::Crew;
use crate::engine::Outcome;
use crate::fate;
use crate::fork::{self, ForkError};
use crate::lanes::{Event, suite};
use crate::notes::{Epoch, Metric, Progress, PublicKeys, Sent, Submitted};
use crate::options::Options;
use crate::plan::Plan;
use crate::record::{Kind, OnTheWire, Record, Who};
use crate::refusal::{self, Refusal};
use crate::sight::Seen;
use crate::violation::Violation;
use cloud::ConfigError;
use kernel::{Row, Time};
use scenario::{Party, Scenario};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wire::{Envelope, EnvelopeId};

/// A run that can't begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A node's tenants can't be; never for a scenario that was checked.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It asks for what can't be modelled.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A run that has not ended.
pub struct Simulation {
    plan: Arc<Plan>,
    crew: Crew,
    seed: u64,
    options: Options,
}

/// What has happened since somebody last asked.
#[derive(Default)]
pub struct Observations {
    /// In the order of lanes, and of time in each.
    pub records: Vec<Record>,
    /// What went over the links, in the same order.
    pub wire: Vec<OnTheWire>,
    /// Messages that were made.
    pub sent: Vec<Sent>,
    /// Messages on their way to the relay, as often as they were sent.
    pub submitted: Vec<Submitted>,
    /// Post-quantum epochs.
    pub epochs: Vec<Epoch>,
    /// How far messages came.
    pub progress: Vec<Progress>,
    /// The time series.
    pub metrics: Vec<Metric>,
    /// Envelopes that the relay took.
    pub envelopes: Vec<(Time, Envelope)>,
    /// Which of them the relay has said to be durable. It may have forgotten others, when power failed.
    pub taken: Vec<EnvelopeId>,
    /// Who found that they and their relay did not have the same past, and when.
    pub started_over: Vec<(Time, Who)>,
    /// Public keys that passed the relay.
    pub public_keys: Vec<(Time, PublicKeys)>,
    /// Private keys that were drawn, and other draws of their length, if a quantum computer is to know them.
    pub drawn: Vec<[u8; 32]>,
    /// Envelopes that left their senders.
    pub submissions: Vec<Envelope>,
    /// Texts that somebody read.
    pub texts: Vec<(Who, u64, String)>,
    /// What must never happen and did.
    pub violations: Vec<Violation>,
    /// What parties could see.
    pub seen: Vec<Seen>,
    /// Requests that the API refused, all told.
    pub refused: u64,
}

impl Simulation {
    /// A scenario in which nothing has happened yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(scenario: Scenario, seed: u64, options: &Options) -> Result<Self, SetupError> {
        refusal::check(&scenario, options)?;
        let plan = Arc::new(fate::plan(scenario, seed, options));
        let crew = Crew::new(&plan, options)?;
        Ok(Self { plan, crew, seed, options: options.clone() })
    }

    /// Lets virtual time pass until `until`, or until everything is over.
    pub fn run_until(&mut self, until: Time, stop: &AtomicBool) -> Outcome {
        self.crew.run_until(until.min(self.end()), self.options.threads, stop)
    }

    /// Goes on as another scenario, from now on.
    ///
    /// # Errors
    /// If the two differ in more than can change in the middle of a run.
    pub fn fork(&mut self, scenario: Scenario) -> Result<(), ForkError> {
        fork::check(self.plan.scenario(), &scenario)?;
        self.plan = Arc::new(fate::plan(scenario, self.seed, &self.options));
        self.crew.fork(&self.plan);
        Ok(())
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.crew.now()
    }

    /// When the run began.
    #[must_use]
    pub fn start(&self) -> Time {
        self.plan.start()
    }

    /// When the run is over.
    #[must_use]
    pub fn end(&self) -> Time {
        self.plan.end()
    }

    /// How many events have happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.crew.handled()
    }

    /// What has happened since this was last asked.
    pub fn observe(&mut self) -> Observations {
        let mut all = Observations::default();
        for lane in 0..self.plan.lanes() {
            self.crew.with_notes(lane, |notes| {
                all.records.append(&mut notes.records);
                all.wire.append(&mut notes.wire);
                all.sent.append(&mut notes.sent);
                all.submitted.append(&mut notes.submitted);
                all.epochs.append(&mut notes.epochs);
                all.progress.append(&mut notes.progress);
                all.metrics.append(&mut notes.metrics);
                all.envelopes.append(&mut notes.envelopes);
                all.taken.append(&mut notes.taken);
                all.started_over.append(&mut notes.started_over);
                all.public_keys.append(&mut notes.public_keys);
                all.submissions.append(&mut notes.submissions);
                all.texts.append(&mut notes.texts);
                all.violations.append(&mut notes.violations);
                all.seen.append(&mut notes.seen);
                all.refused += notes.refused;
            });
            if self.plan.is_tapped() {
                all.drawn.extend(self.crew.drawn(lane));
            }
        }
        all
    }

    /// Hashes of everything that has happened: of the metadata, and of metadata and all bytes. Two runs with the same
    /// were the same run.
    pub fn hashes(&mut self) -> ([u8; 32], [u8; 32]) {
        let (mut metadata, mut everything) = (Sha256::new(), Sha256::new());
        for lane in 0..self.plan.lanes() {
            if let Some((of_records, of_all)) = self.crew.with_notes(lane, |notes| notes.hashes()) {
                metadata.update(of_records);
                everything.update(of_all);
            }
        }
        (metadata.finalize().into(), everything.finalize().into())
    }

    /// Everything on a party's disk, one row after the other, as somebody finds it who takes the disk now. Empty for a
    /// party whose disk nobody ever looks at.
    pub fn disk(&mut self, who: Who) -> Vec<Row> {
        self.crew.disk(self.plan.lane_of(who), who)
    }

    /// Makes a party's machine speak before what it promises is durable: whoever checks a run must notice.
    pub fn sabotage(&mut self, who: Who) {
        self.crew.sabotage(self.plan.lane_of(who), who);
    }

    /// Something from outside happens to a party now.
    pub(crate) fn schedule(&mut self, who: Who, event: Event) {
        self.crew.schedule(self.plan.lane_of(who), event);
    }

    /// When the first traffic is made: what a scenario schedules is after this.
    #[must_use]
    pub fn traffic_begins(&self) -> Time {
        self.plan.traffic_begins()
    }

    /// Who is meant by a party of a scenario, ascending.
    #[must_use]
    pub fn members(&self, party: &Party) -> Vec<Who> {
        fate::everyone(&self.plan, party).collect()
    }

    /// The businesses that a node speaks for.
    pub fn businesses_of(&self, node: u32) -> impl Iterator<Item = Who> + use<> {
        self.plan.businesses_of(node).map(Who::business)
    }

    /// Whose number it is.
    #[must_use]
    pub fn who(&self, number: wire::Number) -> Option<Who> {
        self.plan.who(number)
    }

    /// All relays and nodes.
    pub fn servers(&self) -> impl Iterator<Item = Who> + use<> {
        (0..self.plan.relays()).map(Who::relay).chain((0..self.plan.nodes()).map(Who::node))
    }

    /// All consumers.
    pub fn consumers(&self) -> impl Iterator<Item = Who> + use<> {
        (0..self.plan.consumers()).map(Who::consumer)
    }

    /// What the scenario and the seed let go wrong.
    #[must_use]
    pub fn faults(&self) -> &[Misfortune] {
        self.plan.calamities().faults()
    }

    /// Who is put back to a copy of the disk, and when.
    pub fn restores(&self) -> impl Iterator<Item = (Who, Restore)> {
        self.plan.calamities().restores()
    }

    /// The node that speaks for a business.
    #[must_use]
    pub fn node_of(&self, business: Who) -> Who {
        self.plan.node_of(business)
    }

    /// The relay that a party is connected to.
    #[must_use]
    pub fn relay_of(&self, who: Who) -> Who {
        self.plan.relay_of(who)
    }

    /// The name of the suite that a consumer or business speaks.
    #[must_use]
    pub fn suite(&self, who: Who) -> &'static str {
        let spoken = match who.kind() {
            Kind::Consumer => self.plan.population(who.index()).map(|population| population.suite),
            _ => self.plan.business_population(who.index()).map(|population| population.suite),
        };
        spoken.map_or("", |spoken| suite(spoken).name())
    }

    /// What a business has for itself.
    #[must_use]
    pub fn credentials(&self, business: Who) -> Credentials {
        Credentials::of(&self.plan, business.index())
    }

    /// The number of a party's phone, if it has one.
    #[must_use]
    pub fn number(&self, who: Who) -> Option<wire::Number> {
        matches!(who.kind(), Kind::Business | Kind::Consumer).then(|| self.plan.number(who))
    }
}
