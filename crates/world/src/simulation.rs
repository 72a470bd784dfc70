//! A run: all parties of a scenario in one engine.

use crate::calamity::{Misfortune, everyone};
use crate::costs::Costs;
use crate::crew::Crew;
use crate::draws::Purpose;
use crate::engine::Outcome;
use crate::fork::{self, ForkError};
use crate::modelled::{self, Model, Refusal};
use crate::plan::Plan;
use crate::real::business::Business;
use crate::real::host::{Host, Violation};
use crate::real::notes::{Epoch, Keep, Metric, Notes, Progress, PublicKeys, Sent, Submitted};
use crate::real::{ConsumersLane, Event, NodeLane, PartyLane, RelayLane};
use crate::record::{Kind, Record, Who};
use crate::sight::Seen;
use crate::variation::{Audit, Secret};
use cloud::{
    AccessToken, App, BusinessAccount, BusinessNumber, Callback, ConfigError, NodeConfig, Sizes, Tenant,
};
use consumer::ConsumerConfig;
use kernel::{Row, Time};
use ratchet::Suites;
use relay::RelayConfig;
use scenario::{Crypto, Padding, Party, Scenario, Suite};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wire::{Address, Envelope};

/// How a scenario is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What each step takes a processor: with scenario and seed it decides what happens.
    pub costs: Costs,
    /// Of the things that go wrong only those with these numbers; `None`: all. Part of what happens, too.
    pub faults: Option<BTreeSet<usize>>,
    /// What is kept beside the hashes.
    pub keep: Keep,
    /// Whether the disks of all parties are kept, to look at them, or to start again from them.
    pub disks: bool,
    /// On how many threads.
    pub threads: NonZeroUsize,
    /// What apps answer by themselves to each text, beside what their people say: part of what happens, too.
    pub apps_answer: consumer::Reply,
    /// Whether the run is one of an audit, and what is different in it: part of what happens, too.
    pub audit: Option<Audit>,
}

impl Default for Options {
    fn default() -> Self {
        let (costs, keep) = (Costs::default(), Keep::default());
        let threads = NonZeroUsize::MIN;
        let apps_answer = consumer::Reply::None;
        Self { costs, faults: None, keep, disks: false, threads, apps_answer, audit: None }
    }
}

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
        let modelled = scenario.crypto == Crypto::Modelled;
        if modelled {
            modelled::check(&scenario, options)?;
        }
        let plan = Arc::new(Plan::new(scenario, seed, options));
        let crew = if modelled { modelled_crew(&plan, options) } else { real_crew(&plan, options)? };
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
        self.plan = Arc::new(Plan::new(scenario, self.seed, &self.options));
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
                all.sent.append(&mut notes.sent);
                all.submitted.append(&mut notes.submitted);
                all.epochs.append(&mut notes.epochs);
                all.progress.append(&mut notes.progress);
                all.metrics.append(&mut notes.metrics);
                all.envelopes.append(&mut notes.envelopes);
                all.public_keys.append(&mut notes.public_keys);
                all.submissions.append(&mut notes.submissions);
                all.texts.append(&mut notes.texts);
                all.violations.append(&mut notes.violations);
                all.seen.append(&mut notes.seen);
                all.refused += notes.refused;
            });
            if self.plan.is_tapped() {
                all.drawn.extend(self.crew.with_real(lane, PartyLane::drawn).unwrap_or_default());
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
        let lane = self.plan.lane_of(who);
        let rows = self.crew.with_real(lane, |lane| match lane {
            PartyLane::Relay(lane) => lane.host.rows(),
            PartyLane::Node(lane) => lane.host.rows(),
            PartyLane::Consumers(lane) => lane.host(who.index()).map(Host::rows).unwrap_or_default(),
        });
        rows.unwrap_or_default()
    }

    /// Makes a party's machine speak before what it promises is durable: whoever checks a run must notice.
    pub fn sabotage(&mut self, who: Who) {
        let lane = self.plan.lane_of(who);
        self.crew.with_real(lane, |lane| match lane {
            PartyLane::Relay(lane) => lane.host.speaks_too_soon = true,
            PartyLane::Node(lane) => lane.host.speaks_too_soon = true,
            PartyLane::Consumers(lane) => {
                if let Some(host) = lane.host(who.index()) {
                    host.speaks_too_soon = true;
                }
            }
        });
    }

    /// Something from outside happens to a party now.
    pub(crate) fn schedule(&mut self, who: Who, event: Event) {
        let (lane, now) = (self.plan.lane_of(who), self.crew.now());
        self.crew.schedule(lane, now, event);
    }

    /// When the first traffic is made: what a scenario schedules is after this.
    #[must_use]
    pub fn traffic_begins(&self) -> Time {
        self.plan.traffic_begins()
    }

    /// Who is meant by a party of a scenario, ascending.
    #[must_use]
    pub fn members(&self, party: &Party) -> Vec<Who> {
        everyone(&self.plan, party).collect()
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

/// Real parties, with the first that happens to them.
fn real_crew(plan: &Arc<Plan>, options: &Options) -> Result<Crew, ConfigError> {
    let notes = || Notes::new(options.keep);
    let mut lanes = Vec::new();
    for relay in 0..plan.relays() {
        lanes.push(PartyLane::Relay(Box::new(relay_lane(plan, relay, notes()))));
    }
    for node in 0..plan.nodes() {
        lanes.push(PartyLane::Node(Box::new(node_lane(plan, node, notes())?)));
    }
    for lane in plan.relays() + plan.nodes()..plan.lanes() {
        lanes.push(PartyLane::Consumers(Box::new(consumers_lane(plan, lane, &options.apps_answer, notes()))));
    }
    Ok(Crew::real(lanes, plan))
}

/// Parties with keys by reference.
fn modelled_crew(plan: &Arc<Plan>, options: &Options) -> Crew {
    let model = Model::new(plan, &server(plan, 0), sizes(plan));
    let lane = |lane| modelled::PartyLane::new(plan, &model, lane, Notes::of_records(options.keep));
    Crew::modelled((0..plan.lanes()).map(lane).collect(), plan)
}

fn relay_lane(plan: &Arc<Plan>, index: u32, notes: Notes) -> RelayLane {
    let who = Who::relay(index);
    let nodes = (0..plan.nodes()).map(Who::node).filter(|node| plan.relay_of(*node) == who);
    let config = RelayConfig {
        gateways: nodes.map(|node| plan.link_key(node)).collect(),
        enrol_first_gateway: false,
        inbox_ttl: plan.scenario().relay.retention.to_std(),
        ..RelayConfig::default()
    };
    let host = Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who));
    RelayLane::new(Arc::clone(plan), host, notes)
}

fn node_lane(plan: &Arc<Plan>, index: u32, notes: Notes) -> Result<NodeLane, ConfigError> {
    let who = Who::node(index);
    let mut businesses = BTreeMap::new();
    let mut tenants = Vec::new();
    let mut spoken = Vec::new();
    for business in plan.businesses_of(index) {
        tenants.extend(tenant(plan, business));
        businesses.insert(business, server(plan, business));
        if let Some(population) = plan.business_population(business) {
            spoken.push(suite(population.suite));
        }
    }
    let suites = Suites {
        newest: spoken.iter().max().copied().unwrap_or(ratchet::Suite::Triple),
        oldest: spoken.iter().min().copied().unwrap_or(ratchet::Suite::Triple),
    };
    let mut config = NodeConfig::new(tenants)?;
    let retention = plan.scenario().node.retention.to_std();
    config.retention = retention;
    let padding = padding(plan.scenario().node.padding);
    config.endpoint =
        endpoint::Policy { gateway: true, retention, suites, padding, ..endpoint::Policy::default() };
    let host = Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who));
    Ok(NodeLane::new(Arc::clone(plan), plan.lane_of(who), host, businesses, notes))
}

fn consumers_lane(plan: &Arc<Plan>, lane: u32, answers: &consumer::Reply, notes: Notes) -> ConsumersLane {
    let hosts = plan.consumers_of_lane(lane).filter_map(|index| {
        let who = Who::consumer(index);
        let population = plan.population(index)?;
        let policy = endpoint::Policy {
            one_time_prekeys: population.one_time_prekeys,
            suites: Suites::only(suite(population.suite)),
            padding: padding(plan.scenario().device.padding),
            ..endpoint::Policy::default()
        };
        let config = ConsumerConfig {
            address: Address::primary(plan.number(who)),
            reply: answers.clone(),
            read_receipts: population.read_receipts,
            policy,
        };
        Some(Host::new(plan.seed(), who, config, plan.disk(who), plan.calamities().conditions(who)))
    });
    ConsumersLane::new(Arc::clone(plan), lane, hosts, notes)
}

fn server(plan: &Plan, index: u32) -> Business {
    let draws = |purpose| plan.origin().draws(purpose, u64::from(Who::business(index).as_u32()));
    let credentials = Credentials::of(plan, index);
    Business {
        app_secret: credentials.app_secret,
        token: credentials.token,
        phone_number_id: credentials.phone_number_id,
        latency: draws(Purpose::Business),
        answers: draws(Purpose::Reply),
        words: draws(Purpose::Traffic),
        callback_data: plan.is_audited().then_some(credentials.callback_data),
        heard: BTreeMap::new(),
    }
}

/// What a business has for itself: secrets, and the names by which the API knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Opens the API.
    pub token: String,
    /// Signs its webhooks.
    pub app_secret: String,
    /// What its webhook endpoint wants to hear in the handshake.
    pub verify_token: String,
    /// Where its webhooks go.
    pub callback_url: String,
    /// What it notes for itself with each message, in an audit.
    pub callback_data: String,
    /// Its number's id in the API.
    pub phone_number_id: String,
    /// Its account's.
    pub waba_id: String,
    /// Its app's.
    pub app_id: String,
    /// What people call it.
    pub name: String,
}

impl Credentials {
    fn of(plan: &Plan, index: u32) -> Self {
        let who = Who::business(index);
        let value = |secret: Secret, number: u64| {
            let mut draws = plan.origin().draws(Purpose::Credentials, u64::from(who.as_u32()) << 8 | number);
            let salt = plan.variation(who, secret).map_or(0, |variation| variation.salt);
            [draws.next() ^ salt, draws.next()]
        };
        let hex = |secret, number| value(secret, number).map(|word| format!("{word:016x}")).concat();
        // Fifteen digits, in the order of businesses: what ids are must not change who is served first.
        let id = |first: u64, number| {
            let [word, _] = value(Secret::GraphIds, number);
            (first * 100_000_000_000_000 + u64::from(index) * 1_000_000_000 + word % 1_000_000_000)
                .to_string()
        };
        let name = match plan.variation(who, Secret::GraphIds) {
            Some(variation) => format!("Firm {index} {:016x}", variation.salt),
            None => format!("Business {index}"),
        };
        Self {
            token: format!("EAA{}", hex(Secret::Token, 0)),
            app_secret: hex(Secret::AppSecret, 1),
            verify_token: hex(Secret::VerifyToken, 2),
            callback_url: format!("http://business.example/{}/{index}", hex(Secret::Callback, 3)),
            callback_data: hex(Secret::CallbackData, 4),
            phone_number_id: id(3, 5),
            waba_id: id(2, 6),
            app_id: id(1, 7),
            name,
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Every business is a tenant of its own.
fn tenant(plan: &Plan, index: u32) -> Option<Tenant> {
    let has = Credentials::of(plan, index);
    let number = BusinessNumber {
        id: has.phone_number_id.parse().ok()?,
        number: plan.number(Who::business(index)),
        display_name: has.name.clone(),
    };
    let callback = Callback { url: has.callback_url, verify_token: has.verify_token.into() };
    Some(Tenant {
        app: App {
            id: has.app_id.parse().ok()?,
            name: has.name.clone(),
            secret: has.app_secret.into(),
            callback: Some(callback),
            webhook_version: 23,
        },
        accounts: vec![BusinessAccount {
            id: has.waba_id.parse().ok()?,
            name: has.name,
            subscribed: true,
            numbers: vec![number],
        }],
        tokens: vec![AccessToken { value: has.token.into(), accounts: Vec::new(), expires: None }],
    })
}

/// A phone number as its webhooks have it: those of all businesses are of the same length.
fn sizes(plan: &Plan) -> Option<Sizes> {
    let tenant = tenant(plan, 0)?;
    let account = tenant.accounts.into_iter().next()?;
    let number = account.numbers.into_iter().next()?;
    Some(Sizes {
        id: number.id,
        account: account.id,
        number: number.number,
        webhook_version: tenant.app.webhook_version,
    })
}

fn suite(suite: Suite) -> ratchet::Suite {
    match suite {
        Suite::X3dh => ratchet::Suite::X3dh,
        Suite::Pqxdh => ratchet::Suite::Pqxdh,
        Suite::Triple => ratchet::Suite::Triple,
    }
}

fn padding(padding: Padding) -> content::Padding {
    match padding {
        Padding::None => content::Padding::None,
        Padding::Bucket => content::Padding::Bucket,
        Padding::Pow2 => content::Padding::Pow2,
    }
}
