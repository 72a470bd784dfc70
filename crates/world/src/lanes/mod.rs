//! The parties in their lanes: the machines that run live, with everything that happens to them and around them.

pub(crate) mod business;
mod cast;
mod consumers;
mod host;
mod lines;
mod node;
mod relay;
mod text;
pub(crate) mod uplink;

use crate::engine::{Agenda, Lane};
use crate::notes::Notes;
use crate::parcel::Parcel;
use crate::plan::Plan;
use crate::record::Who;
use crate::traffic::Spark;
pub(crate) use cast::{cast, suite};
use cloud::{ApiRequest, ApiResponse, DeliveryId, Signing, WebhookPost};
pub(crate) use consumers::ConsumersLane;
use endpoint::{Modelled, Native};
use host::Call;
use kernel::{Row, Time};
pub(crate) use node::NodeLane;
pub(crate) use relay::RelayLane;
use std::sync::Arc;
use std::time::Duration;
use wire::{ConnectionId, ToEndpoint, ToRelay};

/// How long a party is down after its power failed, if the scenario does not say.
const RESTART_TAKES: Duration = Duration::from_millis(500);

/// What happens to the parties.
pub(crate) enum Event {
    /// A party has power.
    Start(Who),
    /// A party loses it.
    Stop(Who),
    /// A party will lose it after so many effects.
    StopAfter(Who, u32),
    /// A device is gone, and its number with a new one.
    Lost(u32),
    /// A copy of a party's disk is made.
    Copy(Who),
    /// A party's disk is lost, and the copy of that time takes its place.
    PutBack(Who, Time),
    Wake(Who, u32),
    Durable(Who, u32),
    /// An endpoint tries to connect.
    Dial(Who),
    Dialled {
        endpoint: Who,
        connection: ConnectionId,
    },
    Answered {
        endpoint: Who,
        connection: ConnectionId,
        up: bool,
    },
    ToRelay {
        connection: ConnectionId,
        parcel: Parcel<ToRelay>,
    },
    ToEndpoint {
        endpoint: Who,
        connection: ConnectionId,
        parcel: Parcel<ToEndpoint>,
    },
    BrokenAtRelay {
        connection: ConnectionId,
    },
    BrokenAtEndpoint {
        endpoint: Who,
        connection: ConnectionId,
    },
    /// A link has been cut for as long as an idle connection lives.
    TimedOut(Who),
    /// A consumer goes online or offline.
    Presence(u32, bool),
    /// Somebody has something to say.
    Traffic(Spark),
    /// Somebody says what they are told to.
    Line(Box<Line>),
    /// The screen has shown a consumer's messages through a sequence.
    Seen(u32, u64, u32),
    Request(Box<Request>),
    Response(Box<Response>),
    Webhook(Box<Hook>),
    WebhookAnswer {
        incarnation: u32,
        business: u32,
        delivery: DeliveryId,
        status: u16,
    },
    /// The time series gets another point.
    Measure,
}

/// What somebody is told to say.
pub(crate) struct Line {
    pub(crate) from: Who,
    pub(crate) to: Who,
    pub(crate) text: String,
}

/// What a business's server remembers of a request until it is answered.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) business: u32,
    pub(crate) created: Time,
    pub(crate) to: Who,
    pub(crate) bytes: u32,
    pub(crate) stream: u16,
}

/// A request on its way.
pub(crate) struct Request {
    pub(crate) asked: Asked,
    pub(crate) request: ApiRequest,
}

/// The answer on its way.
pub(crate) struct Response {
    pub(crate) asked: Asked,
    pub(crate) response: ApiResponse,
}

/// A webhook on its way.
pub(crate) struct Hook {
    pub(crate) business: u32,
    pub(crate) incarnation: u32,
    pub(crate) post: WebhookPost,
}

impl From<Spark> for Event {
    fn from(spark: Spark) -> Self {
        Self::Traffic(spark)
    }
}

/// The cryptography of a run's parties.
pub(crate) trait Cryptography: Signing {
    /// Whether bytes mean anything: then frames are written, hashed and read, and webhooks' signatures are checked.
    const HAS_BYTES: bool;

    /// Events of a round that are worth sharing between threads: they take about a millisecond.
    const GRAIN: u64;
}

impl Cryptography for Native {
    const HAS_BYTES: bool = true;
    const GRAIN: u64 = 16;
}

impl Cryptography for Modelled {
    const HAS_BYTES: bool = false;
    const GRAIN: u64 = 64;
}

/// A part of the world.
pub(crate) enum PartyLane<P: Cryptography> {
    Relay(Box<RelayLane>),
    Node(Box<NodeLane<P>>),
    Consumers(Box<ConsumersLane<P>>),
}

impl<P: Cryptography> PartyLane<P> {
    /// The keys that its parties have drawn since this was last asked.
    pub(crate) fn drawn(&mut self) -> Vec<[u8; 32]> {
        match self {
            Self::Relay(lane) => lane.host.drawn(),
            Self::Node(lane) => lane.host.drawn(),
            Self::Consumers(lane) => lane.drawn(),
        }
    }

    /// Everything that is on the disk of one of its parties at a time.
    pub(crate) fn disk(&mut self, now: Time, who: Who) -> Vec<Row> {
        let (rows, violation) = match self {
            Self::Relay(lane) => lane.host.rows(now),
            Self::Node(lane) => lane.host.rows(now),
            Self::Consumers(lane) => lane.host(who.index()).map(|host| host.rows(now)).unwrap_or_default(),
        };
        self.notes().violations.extend(violation);
        rows
    }

    /// Makes the machine of one of its parties speak before what it promises is durable.
    pub(crate) fn sabotage(&mut self, who: Who) {
        match self {
            Self::Relay(lane) => lane.host.speaks_too_soon = true,
            Self::Node(lane) => lane.host.speaks_too_soon = true,
            Self::Consumers(lane) => {
                if let Some(host) = lane.host(who.index()) {
                    host.speaks_too_soon = true;
                }
            }
        }
    }

    /// What is to happen first.
    pub(crate) fn begin(&mut self, plan: &Plan, mut at: impl FnMut(Time, Event)) {
        match self {
            Self::Relay(lane) => at(plan.start(), Event::Start(lane.host.who)),
            Self::Node(lane) => lane.begin(at),
            Self::Consumers(lane) => lane.begin(at),
        }
    }

    /// Goes on with another plan.
    pub(crate) fn fork(&mut self, plan: &Arc<Plan>) {
        let plan = Arc::clone(plan);
        match self {
            Self::Relay(lane) => lane.plan = plan,
            Self::Node(lane) => lane.plan = plan,
            Self::Consumers(lane) => lane.plan = plan,
        }
    }

    pub(crate) fn notes(&mut self) -> &mut Notes {
        match self {
            Self::Relay(lane) => &mut lane.notes,
            Self::Node(lane) => &mut lane.notes,
            Self::Consumers(lane) => &mut lane.notes,
        }
    }
}

impl<P: Cryptography> Lane for PartyLane<P> {
    type Event = Event;

    fn handle(&mut self, at: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match self {
            Self::Relay(lane) => lane.handle(at, event, agenda),
            Self::Node(lane) => lane.handle(at, event, agenda),
            Self::Consumers(lane) => lane.handle(at, event, agenda),
        }
    }
}

/// A host is called when it wants to be.
fn schedule(who: Who, incarnation: u32, calls: impl Iterator<Item = Call>, agenda: &mut Agenda<'_, Event>) {
    for call in calls {
        match call {
            Call::Durable(at) => agenda.at(at, Event::Durable(who, incarnation)),
            Call::Wake(at) => agenda.at(at, Event::Wake(who, incarnation)),
        }
    }
}
