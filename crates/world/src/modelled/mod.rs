//! The parties with keys by reference: counters instead of keys, lengths instead of bytes.
//!
//! What a party does, in which order and when, is what its machine does in [`crate::real`]; plan, traffic, links, disks
//! and everything that is drawn are the same code. So both give the same records, and a test holds that they do.

mod account;
mod braid;
mod cloud_node;
mod consumers;
mod endpoint;
mod frame;
mod model;
mod node;
mod output;
mod person;
mod post;
mod queue;
mod refusal;
mod relay;
mod ring;
mod seat;
mod session;
mod sessions;
mod sizes;
mod transport;
mod webhooks;

use crate::engine::{Agenda, Lane};
use crate::plan::Plan;
use crate::real::notes::Notes;
use crate::real::uplink::LinkEvent;
use crate::record::Who;
use crate::traffic::Spark;
pub(crate) use consumers::ConsumersLane;
use frame::{ToEndpoint, ToRelay};
use kernel::Time;
pub(crate) use model::Model;
pub(crate) use node::NodeLane;
use output::{Asked, Post};
pub use refusal::Refusal;
pub(crate) use refusal::check;
pub(crate) use relay::RelayLane;
use session::Suites;
use std::sync::Arc;
use wire::ConnectionId;

/// What happens to the parties.
pub(crate) enum Event {
    /// A party has power.
    Start(Who),
    Wake(Who, u32),
    Durable(Who, u32),
    /// An endpoint tries to connect.
    Dial(Who),
    Dialled(Who, ConnectionId),
    Answered {
        endpoint: Who,
        connection: ConnectionId,
        up: bool,
    },
    ToRelay {
        connection: ConnectionId,
        size: u32,
        frame: ToRelay,
    },
    ToEndpoint {
        connection: ConnectionId,
        size: u32,
        frame: ToEndpoint,
    },
    BrokenAtRelay(ConnectionId),
    BrokenAtEndpoint(Who, ConnectionId),
    /// A link has been cut for as long as an idle connection lives.
    TimedOut(Who),
    /// A consumer goes online or offline.
    Presence(u32, bool),
    /// Somebody has something to say.
    Traffic(Spark),
    /// The screen has shown a consumer's messages through a sequence.
    Seen(u32, u64, u32),
    Request(Asked),
    Response(Asked, u64),
    Webhook(Post, u32),
    WebhookAnswer {
        business: u32,
        incarnation: u32,
        delivery: u32,
        status: u16,
    },
    /// The time series gets another point.
    Measure,
}

impl From<Spark> for Event {
    fn from(spark: Spark) -> Self {
        Self::Traffic(spark)
    }
}

impl LinkEvent for Event {
    fn dial(endpoint: Who) -> Self {
        Self::Dial(endpoint)
    }

    fn dialled(endpoint: Who, connection: ConnectionId) -> Self {
        Self::Dialled(endpoint, connection)
    }

    fn broken_at_relay(connection: ConnectionId) -> Self {
        Self::BrokenAtRelay(connection)
    }
}

/// A part of the world.
pub(crate) enum PartyLane {
    Relay(Box<RelayLane>),
    Node(Box<NodeLane>),
    Consumers(Box<ConsumersLane>),
}

impl PartyLane {
    /// A lane of the plan's.
    pub(crate) fn new(plan: &Arc<Plan>, model: &Arc<Model>, lane: u32, notes: Notes) -> Self {
        let (plan, model) = (Arc::clone(plan), Arc::clone(model));
        let node = lane.checked_sub(plan.relays());
        match node {
            None => Self::Relay(Box::new(RelayLane::new(plan, model, Who::relay(lane), notes))),
            Some(node) if node < plan.nodes() => {
                Self::Node(Box::new(NodeLane::new(plan, model, Who::node(node), notes)))
            }
            Some(_) => Self::Consumers(Box::new(ConsumersLane::new(plan, model, lane, notes))),
        }
    }

    /// What is to happen first.
    pub(crate) fn begin(&mut self, at: impl FnMut(Time, Event)) {
        match self {
            Self::Relay(lane) => lane.begin(at),
            Self::Node(lane) => lane.begin(at),
            Self::Consumers(lane) => lane.begin(at),
        }
    }

    pub(crate) fn notes(&mut self) -> &mut Notes {
        match self {
            Self::Relay(lane) => &mut lane.notes,
            Self::Node(lane) => &mut lane.notes,
            Self::Consumers(lane) => &mut lane.notes,
        }
    }

    /// Goes on with another plan.
    pub(crate) fn fork(&mut self, plan: &Arc<Plan>) {
        let plan = Arc::clone(plan);
        match self {
            Self::Relay(lane) => lane.fork(plan),
            Self::Node(lane) => lane.plan = plan,
            Self::Consumers(lane) => lane.plan = plan,
        }
    }
}

impl Lane for PartyLane {
    type Event = Event;

    fn handle(&mut self, at: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match self {
            Self::Relay(lane) => lane.handle(at, event, agenda),
            Self::Node(lane) => lane.handle(at, event, agenda),
            Self::Consumers(lane) => lane.handle(at, event, agenda),
        }
    }

    fn touch(&self, event: &Event) {
        match (self, event) {
            (Self::Relay(lane), Event::ToRelay { connection, frame, .. }) => lane.touch(*connection, frame),
            (Self::Node(lane), Event::Request(asked)) => lane.touch(Who::business(asked.business), asked.to),
            (Self::Node(lane), Event::ToEndpoint { frame: ToEndpoint::Deliver { envelope, .. }, .. }) => {
                lane.touch(envelope.to, envelope.from);
            }
            (
                Self::Consumers(lane),
                Event::ToEndpoint { frame: ToEndpoint::Deliver { envelope, .. }, .. },
            ) => lane.touch(envelope.to, envelope.from),
            _ => {}
        }
    }
}

/// Why a run may not be what it is with real keys.
const SAME_MICROSECOND: &str = "what is said at once falls together with what waited for the disk";

impl Notes {
    /// The run may not be what it is with real keys from here on.
    fn doubtful(&mut self, at: Time, who: Who, what: &str) {
        self.violation(at, who, "modelled_as_real", &format!("{what}: run it with crypto = \"real\""));
    }
}

/// The endpoint that a connection is of: its number begins with it.
fn endpoint_of(connection: ConnectionId) -> Who {
    Who::from_u32(u32::try_from(connection.0 >> 32).unwrap_or(0))
}

/// So long things are kept, if anything can get so old in the run.
fn kept_for(plan: &Plan, retention: std::time::Duration) -> Option<std::time::Duration> {
    (plan.start() + retention <= plan.end()).then_some(retention)
}

/// One suite and no other.
const fn only(suite: scenario::Suite) -> Suites {
    Suites { newest: suite, oldest: suite }
}

/// There are very many of them, and each is moved a few times.
const _: () = assert!(size_of::<Event>() <= 40, "an event with its place in the queue fits a cache line");
