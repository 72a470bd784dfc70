//! What a scenario file says, key by key: the structs are the schema, their comments are its documentation.

use crate::country::Country;
use crate::day::Day;
use crate::distribution::{Distribution, Turns};
use crate::party::Party;
use crate::quantity::{Bandwidth, Bytes, Duration, Moment, Probability, Rate, TimeOfDay, TrafficRate};
use crate::written::Written;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the schema that this program reads.
pub const VERSION: u32 = 1;

/// A scenario: who there is, who says what to whom, over which links, and what goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of the schema: 1.
    pub version: u32,
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// When the virtual clock starts.
    #[serde(default)]
    pub start: Moment,
    /// How long it is from the start of the run to the start of traffic: people register.
    #[serde(default = "five_seconds")]
    pub warm_up: Duration,
    /// How long traffic is made.
    pub duration: Duration,
    /// How long the run goes on after that, for what is still under way.
    #[serde(default = "ten_minutes")]
    pub drain: Duration,
    /// Whether keys and ciphertexts are made, or counted.
    #[serde(default)]
    pub crypto: Crypto,
    /// Populations of consumers.
    pub consumers: Vec<Consumers>,
    /// Populations of businesses.
    #[serde(default)]
    pub businesses: Vec<Businesses>,
    /// Who says what to whom.
    #[serde(default)]
    pub traffic: Vec<Traffic>,
    /// Links.
    #[serde(default)]
    pub network: Network,
    /// The transport relays.
    #[serde(default)]
    pub relay: Relay,
    /// The Cloud API nodes.
    #[serde(default)]
    pub node: Node,
    /// The consumers' devices.
    #[serde(default)]
    pub device: Device,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Who attacks.
    #[serde(default)]
    pub adversaries: Vec<Adversary>,
    /// What is written down.
    #[serde(default)]
    pub measurements: Measurements,
    #[serde(skip)]
    pub(crate) written: Written,
}

/// How cryptography is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Crypto {
    /// Every key and every byte is real.
    #[default]
    Real,
    /// The same machines with primitives that cost little and have the real sizes: for very many consumers.
    Modelled,
}

/// A protocol suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// X3DH and the Double Ratchet.
    X3dh,
    /// PQXDH and the Double Ratchet.
    Pqxdh,
    /// PQXDH and the Triple Ratchet.
    #[default]
    Triple,
}

/// A population of consumers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumers {
    /// Its name, which traffic refers to.
    pub name: String,
    /// How many there are.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub count: u32,
    /// Where they live: their numbers and their time of day.
    #[serde(default)]
    pub country: Country,
    /// What their apps speak.
    #[serde(default)]
    pub suite: Suite,
    /// One-time prekeys of each kind that an app starts with.
    #[serde(default = "five")]
    #[schemars(range(min = 0, max = 100))]
    pub one_time_prekeys: u32,
    /// When they are online.
    #[serde(default)]
    pub online: Online,
    /// How they answer.
    #[serde(default)]
    pub reply: Reply,
    /// Whether their apps tell senders that messages were seen.
    #[serde(default = "yes")]
    pub read_receipts: bool,
    /// How they come to the service.
    #[serde(default)]
    pub registers: Registers,
}

/// A population of businesses, each with one phone number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Businesses {
    /// Its name, which traffic refers to.
    pub name: String,
    /// How many there are.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// What the node speaks for them.
    #[serde(default)]
    pub suite: Suite,
    /// How they answer.
    #[serde(default)]
    pub reply: Reply,
}

/// When consumers are online.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Online {
    /// Always.
    #[default]
    Always,
    /// Now and then.
    Sessions {
        /// How long they stay online.
        online: Distribution<Duration>,
        /// How long they stay away.
        offline: Distribution<Duration>,
    },
    /// From one time of the day to another.
    Daily {
        /// From then, where they live.
        from: TimeOfDay,
        /// Until then.
        until: TimeOfDay,
    },
    /// Always but for one long absence.
    Away {
        /// From so long after the start.
        from: Duration,
        /// Until so long after the start.
        until: Duration,
    },
}

/// How texts are answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// How likely a text is answered.
    #[serde(default)]
    pub probability: Probability,
    /// How long that takes.
    #[serde(default = "some_seconds")]
    pub delay: Distribution<Duration>,
    /// How much is answered.
    #[serde(default = "short_text")]
    pub size: Distribution<Bytes>,
}

/// How a population comes to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registers {
    /// Evenly within this time after the start; at least a second.
    #[serde(default)]
    pub over: Duration,
}

/// Who says what to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// The population that begins conversations.
    pub from: String,
    /// The population that they are with.
    pub to: String,
    /// What the keys below are if they are not given.
    #[serde(default)]
    pub profile: Option<Profile>,
    /// How often conversations begin, at random.
    #[serde(default)]
    pub rate: Option<TrafficRate>,
    /// When in the day.
    #[serde(default)]
    pub day: Day,
    /// Instead of a rate: everybody of the audience once, all within a while.
    #[serde(default)]
    pub burst: Option<Burst>,
    /// Instead of a rate: as a file says.
    #[serde(default)]
    pub replay: Option<Replay>,
    /// Which share of the recipients takes part.
    #[serde(default = "everybody")]
    pub audience: Probability,
    /// How many of the population that begins conversations each one of the other ever hears from.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 10_000))]
    pub contacts: u32,
    /// How many messages the sender has in a conversation.
    #[serde(default = "one_turn")]
    pub turns: Turns,
    /// How long it is from one to the next.
    #[serde(default = "some_seconds")]
    pub gap: Distribution<Duration>,
    /// How long a text is.
    #[serde(default = "short_text")]
    pub size: Distribution<Bytes>,
}

/// A kind of traffic that businesses have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A consumer asks, an agent answers, back and forth.
    SupportChat,
    /// One short text each.
    OneTimeCodes,
    /// The same to everybody within an hour.
    Campaign,
    /// Now and then, one text.
    Notifications,
    /// Long texts about goods, and an order.
    CatalogueSales,
}

/// Everybody once, all within a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// How often.
    #[serde(default = "one_day")]
    pub every: Duration,
    /// When in the day.
    pub at: TimeOfDay,
    /// How long it takes to send them all.
    pub within: Duration,
}

/// Traffic that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub struct Replay {
    /// The file, relative to the scenario's.
    pub path: String,
    /// Its rows, by time.
    #[serde(skip)]
    pub rows: Vec<ReplayRow>,
}

/// One recorded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRow {
    /// How long after traffic begins.
    pub at: std::time::Duration,
    /// The sender's number in its population, from 0.
    pub from: u32,
    /// The recipient's.
    pub to: u32,
    /// Bytes of text.
    pub bytes: u32,
}

/// Links, by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Between consumers and the relay.
    pub consumer: Link,
    /// Between nodes and the relay.
    pub node: Link,
    /// Between businesses' servers and nodes: each HTTP request.
    pub business: Link,
}

/// The links of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// One way.
    pub latency: Distribution<Duration>,
    /// How much goes through, each way of each link; unlimited if not given.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// How likely a packet is lost. It is sent again a round trip later.
    #[serde(default)]
    pub loss: Probability,
    /// How likely a packet is held up for another latency.
    #[serde(default)]
    pub reorder: Probability,
}

/// The transport relays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// How many. Nodes and consumers are dealt over them, and nobody writes from one to another.
    #[schemars(range(min = 1, max = 64))]
    pub count: u32,
    /// How long an inbox keeps what is not fetched.
    pub retention: Duration,
    /// How long a durable commit takes.
    pub commit: Distribution<Duration>,
}

/// The Cloud API nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// How many. Businesses are dealt over them.
    #[schemars(range(min = 1, max = 256))]
    pub count: u32,
    /// How long undelivered content and the trace of a message are kept.
    pub retention: Duration,
    /// How long the signed prekey and the KEM prekey of last resort of a number are in use: a minute at least.
    pub key_rotation: Duration,
    /// How long a durable commit takes.
    pub commit: Distribution<Duration>,
    /// How texts are padded.
    pub padding: Padding,
}

/// The consumers' devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// How long its signed prekey and its KEM prekey of last resort are in use: a minute at least.
    pub key_rotation: Duration,
    /// How long a durable commit takes.
    pub commit: Distribution<Duration>,
    /// How texts and read receipts are padded.
    pub padding: Padding,
}

/// How texts are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Not at all.
    None,
    /// To ciphertexts that are powers of two, of 256 bytes at least: as deployed here.
    #[default]
    Bucket,
    /// To ciphertexts that are powers of two, however small.
    Pow2,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// A party loses power, and with it what was not durable.
    Crash {
        /// Who.
        party: Party,
        /// When, after the start of traffic.
        #[serde(default)]
        at: Option<Duration>,
        /// Or how often, at random.
        #[serde(default)]
        every: Option<Rate>,
        /// For how long.
        #[serde(default = "half_a_second")]
        down: Duration,
    },
    /// A disk takes no more: whoever writes to it stops.
    DiskFull {
        /// Whose.
        party: Party,
        /// From then, after the start of traffic.
        from: Duration,
        /// Until then.
        until: Duration,
    },
    /// A disk is slow.
    SlowDisk {
        /// Whose.
        party: Party,
        /// From then, after the start of traffic.
        from: Duration,
        /// Until then.
        until: Duration,
        /// How long a commit takes meanwhile.
        commit: Distribution<Duration>,
    },
    /// A clock is wrong.
    ClockSkew {
        /// Whose.
        party: Party,
        /// How far it is ahead.
        #[serde(default)]
        ahead: Duration,
        /// How far it is behind.
        #[serde(default)]
        behind: Duration,
        /// From then, after the start of traffic.
        #[serde(default)]
        from: Duration,
        /// Until then; to the end if not given.
        #[serde(default)]
        until: Option<Duration>,
    },
    /// A business's server answers webhooks with an error.
    WebhookOutage {
        /// Which population of businesses.
        business: String,
        /// From then, after the start of traffic.
        from: Duration,
        /// Until then.
        until: Duration,
    },
    /// The links between a party and the relay are cut.
    Partition {
        /// Whose; the relay's are all.
        party: Party,
        /// From then, after the start of traffic.
        from: Duration,
        /// Until then.
        until: Duration,
    },
    /// Consumers lose their devices, and register new ones under the same numbers.
    DeviceLoss {
        /// Whose.
        party: Party,
        /// When, after the start of traffic.
        #[serde(default)]
        at: Option<Duration>,
        /// Or how often, at random.
        #[serde(default)]
        every: Option<Rate>,
        /// How long they have none.
        #[serde(default = "one_hour")]
        back_after: Duration,
    },
    /// A party loses its disk, and is put back to a copy of it.
    Restore {
        /// Who.
        party: Party,
        /// When, after the start of traffic.
        #[serde(default)]
        at: Option<Duration>,
        /// Or how often, at random.
        #[serde(default)]
        every: Option<Rate>,
        /// How old the copy is; from the start of traffic at the earliest.
        #[serde(default = "one_hour")]
        age: Duration,
        /// For how long it has no power.
        #[serde(default = "half_a_second")]
        down: Duration,
    },
    /// Anything of the above, anywhere, at any time.
    Random {
        /// How often.
        rate: Rate,
        /// To whom.
        #[serde(default = "anybody")]
        parties: Vec<Party>,
        /// What.
        #[serde(default = "anything")]
        kinds: Vec<RandomFault>,
    },
}

/// What may go wrong at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RandomFault {
    /// Power fails for up to two seconds.
    Crash,
    /// Power fails between two effects of one step.
    CrashBetweenEffects,
    /// A disk is full for up to five seconds.
    DiskFull,
    /// A disk takes up to a second for a commit, for up to ten seconds.
    SlowDisk,
    /// A clock is up to a minute wrong for up to a minute.
    ClockSkew,
    /// A disk is lost, and a copy of it that is up to a minute old takes its place. Not while a relay is put back, and not to a
    /// relay while anybody is: of two that are put back to the same moment none can tell.
    Restore,
    /// All webhooks fail for up to twenty seconds.
    WebhookOutage,
    /// A link is cut for up to a minute.
    Partition,
}

/// Somebody who attacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Adversary {
    /// Keeps every envelope that passes, from the start on: whoever reads the relay's links.
    NetworkRecorder,
    /// Is the relay, and looks at what it may see.
    CuriousRelay,
    /// Takes the disk of a node.
    SeizedNode {
        /// Which, from 0.
        #[serde(default)]
        node: u32,
        /// When, after the start of traffic.
        at: Duration,
    },
    /// Copies what is on the devices of some consumers.
    StolenDevice {
        /// Whose.
        #[serde(default)]
        party: Option<Party>,
        /// Or of so many, drawn from the seed.
        #[serde(default)]
        count: Option<u32>,
        /// When, after the start of traffic.
        at: Duration,
    },
    /// Breaks X25519 from then on: opens what a recorder has kept.
    QuantumComputer {
        /// When, after the start of traffic.
        at: Duration,
    },
}

/// What is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Measurements {
    /// How far the points of the time series are apart.
    pub every: Duration,
    /// Which messages have a row.
    pub messages: Messages,
    /// Whether every event has a row; if not given, up to a million expected events.
    pub events: Option<bool>,
    /// Whether packets are written.
    pub packets: bool,
}

/// Which messages have a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Messages {
    /// All.
    #[default]
    All,
    /// One in a hundred.
    Sample,
    /// None.
    None,
}

const fn yes() -> bool {
    true
}

const fn three() -> u32 {
    3
}

const fn five() -> u32 {
    5
}

const fn five_seconds() -> Duration {
    Duration::from_secs(5)
}

const fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

const fn one_day() -> Duration {
    Duration::from_days(1)
}

const fn one_hour() -> Duration {
    Duration::from_secs(3600)
}

const fn half_a_second() -> Duration {
    Duration::from_millis(500)
}

const fn everybody() -> Probability {
    Probability::ONE
}

const fn one_turn() -> Turns {
    Turns::Constant(1)
}

const fn some_seconds() -> Distribution<Duration> {
    Distribution::Lognormal { median: Duration::from_secs(20), p99: Duration::from_secs(300) }
}

const fn short_text() -> Distribution<Bytes> {
    Distribution::Lognormal { median: Bytes::new(60), p99: Bytes::new(400) }
}

fn anybody() -> Vec<Party> {
    vec![Party::Relay, Party::Nodes, Party::Consumers]
}

fn anything() -> Vec<RandomFault> {
    vec![
        RandomFault::Crash,
        RandomFault::CrashBetweenEffects,
        RandomFault::DiskFull,
        RandomFault::SlowDisk,
        RandomFault::ClockSkew,
        RandomFault::WebhookOutage,
        RandomFault::Partition,
    ]
}

impl Default for Reply {
    fn default() -> Self {
        Self { probability: Probability::ZERO, delay: some_seconds(), size: short_text() }
    }
}

impl Default for Network {
    fn default() -> Self {
        let latency = |median, p99| Distribution::Lognormal {
            median: Duration::from_millis(median),
            p99: Duration::from_millis(p99),
        };
        let link = |latency, loss| Link { latency, bandwidth: None, loss, reorder: Probability::ZERO };
        let mobile = Probability::new(0.005).unwrap_or_default();
        Self {
            consumer: link(latency(40, 400), mobile),
            node: link(Distribution::Constant(Duration::from_millis(1)), Probability::ZERO),
            business: link(latency(10, 60), Probability::ZERO),
        }
    }
}

impl Default for Relay {
    fn default() -> Self {
        let commit = Distribution::Constant(Duration::from_millis(2));
        Self { count: 1, retention: Duration::from_days(30), commit }
    }
}

impl Default for Node {
    fn default() -> Self {
        let commit = Distribution::Constant(Duration::from_millis(2));
        Self {
            count: 1,
            retention: Duration::from_days(30),
            key_rotation: Duration::from_days(2),
            commit,
            padding: Padding::Bucket,
        }
    }
}

impl Default for Device {
    fn default() -> Self {
        Self {
            key_rotation: Duration::from_days(2),
            commit: Distribution::Constant(Duration::from_millis(4)),
            padding: Padding::Bucket,
        }
    }
}

impl Default for Measurements {
    fn default() -> Self {
        let every = Duration::from_secs(60);
        Self { every, messages: Messages::All, events: None, packets: false }
    }
}

impl From<String> for Replay {
    fn from(path: String) -> Self {
        Self { path, rows: Vec::new() }
    }
}

impl From<Replay> for String {
    fn from(replay: Replay) -> Self {
        replay.path
    }
}
