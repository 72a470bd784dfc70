//! The loop.

use crate::business::Business;
use crate::host::{Fault, Host};
use crate::network::{Network, latency};
use crate::trace::{Place, Trace};
use bytes::BytesMut;
use cloud::{
    AccessToken, ApiRequest, ApiResponse, App, BusinessAccount, BusinessNumber, Callback, ChallengeOutcome,
    ConfigError, HttpFailure, Node, NodeConfig, ReplyId, Tenant, WebhookOutcome, WebhookPost,
};
use consumer::{Command, Consumer, ConsumerConfig, Reply, Shown};
use kernel::{Rng, Seed, Time};
use relay::{Relay, RelayConfig};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;
use wire::{
    Address, ConnectionId, Decoder, Envelope, Frame, LinkEvent, LinkKey, Number, ToEndpoint, ToRelay,
};

/// The virtual clock starts at a moment of 2026, so that timestamps look like timestamps.
const START: Time = Time::from_secs(1_790_000_000);
const COMMIT_TAKES: Duration = Duration::from_millis(2);
const RESTART_TAKES: Duration = Duration::from_millis(500);
const RECONNECT_TAKES: Duration = Duration::from_millis(300);

const TOKEN: &str = "EAA-world-token";
const APP_SECRET: &str = "world-app-secret";
const PHONE_NUMBER_ID: &str = "106540352242922";
const BUSINESS: u64 = 15_550_783_881;
const FIRST_CONSUMER: u64 = 491_510_000_000;

/// What a run is a function of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// All randomness comes from it.
    pub seed: u64,
    /// How many consumers.
    pub consumers: u32,
    /// What their apps answer.
    pub reply: Reply,
}

/// Who can lose power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The relay.
    Relay,
    /// The node.
    Node,
    /// One of the consumers, from 0.
    Consumer(usize),
}

/// One run.
pub struct World {
    now: Time,
    queue: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    rng: Rng,
    relay: Host<Relay>,
    node: Host<Node>,
    consumers: Vec<Host<Consumer>>,
    network: Network,
    business: Business,
    shown: Vec<Vec<Shown>>,
    /// Requests under way at the node, with the incarnation that has them.
    requests: BTreeMap<ReplyId, u64>,
    next_reply: u64,
    trace: Trace,
    relay_saw: Vec<u8>,
    submitted: Vec<Envelope>,
    faults: Vec<Fault>,
}

/// Endpoint 0 is the node; the consumers follow.
const NODE: usize = 0;

struct Scheduled {
    at: Time,
    order: u64,
    what: What,
}

enum What {
    Start(Party),
    Stop(Party),
    Wake(Party, u64),
    Durable(Party, u64),
    Connect(usize),
    AtRelay(ConnectionId, Vec<u8>),
    AtEndpoint(ConnectionId, Vec<u8>),
    RelayHears(LinkEvent<ToRelay>),
    EndpointHears(usize, LinkEvent<ToEndpoint>),
    Request(ApiRequest),
    Response(ApiResponse),
    Webhook(WebhookPost, u64),
    WebhookAnswer(cloud::DeliveryId, u16, u64),
    Say(usize, Command),
    Seen(usize, u64, u64),
}

impl World {
    /// A world in which nothing has happened yet: everybody has power.
    ///
    /// # Errors
    /// Never in practice: the tenants of the world are fixed.
    pub fn new(setup: &Setup) -> Result<Self, ConfigError> {
        let seed = Seed::from_number(setup.seed);
        let relay = Host::new(&seed, "relay".into(), RelayConfig::default(), COMMIT_TAKES);
        let node = Host::new(&seed, "node".into(), node_config()?, COMMIT_TAKES);
        let consumers: Vec<_> = (0..setup.consumers)
            .filter_map(|index| {
                let config = ConsumerConfig {
                    address: Address::primary(consumer_number(index)?),
                    reply: setup.reply.clone(),
                    read_receipts: true,
                    policy: endpoint_policy(),
                };
                Some(Host::new(&seed, format!("consumer/{index}"), config, COMMIT_TAKES))
            })
            .collect();
        let mut world = Self {
            now: START,
            queue: BinaryHeap::new(),
            scheduled: 0,
            rng: Rng::for_entity(&seed, "network"),
            relay,
            node,
            shown: vec![Vec::new(); consumers.len()],
            consumers,
            network: Network::default(),
            business: Business::new(APP_SECRET),
            requests: BTreeMap::new(),
            next_reply: 0,
            trace: Trace::default(),
            relay_saw: Vec::new(),
            submitted: Vec::new(),
            faults: Vec::new(),
        };
        let parties =
            [Party::Relay, Party::Node].into_iter().chain((0..world.consumers.len()).map(Party::Consumer));
        parties.for_each(|party| world.schedule(Duration::ZERO, What::Start(party)));
        Ok(world)
    }

    /// The business sends a text to a consumer.
    pub fn business_sends(&mut self, consumer: usize, text: &str) {
        let Some(to) = u32::try_from(consumer).ok().and_then(consumer_number) else { return };
        let body = serde_json::json!({
            "messaging_product": "whatsapp", "to": to.digits(), "type": "text", "text": { "body": text },
        });
        let request = ApiRequest::post(format!("/v23.0/{PHONE_NUMBER_ID}/messages"), TOKEN, body.to_string());
        self.schedule(Duration::from_millis(1), What::Request(request));
    }

    /// A consumer sends a text to the business.
    pub fn consumer_says(&mut self, consumer: usize, text: &str) {
        self.says(consumer, Number::from_integer(BUSINESS).ok(), text);
    }

    /// A consumer sends a text to another consumer.
    pub fn consumer_tells(&mut self, consumer: usize, other: usize, text: &str) {
        self.says(consumer, u32::try_from(other).ok().and_then(consumer_number), text);
    }

    fn says(&mut self, consumer: usize, to: Option<Number>, text: &str) {
        if let Some(to) = to {
            let command = Command::Say { to, text: text.to_owned() };
            self.schedule(Duration::ZERO, What::Say(consumer, command));
        }
    }

    /// A party loses power now and has it back a little later.
    pub fn crash(&mut self, party: Party) {
        self.schedule(Duration::ZERO, What::Stop(party));
    }

    /// A party loses power after `effects` more of its effects: transactions and outputs count alike.
    pub fn crash_after(&mut self, party: Party, effects: u64) {
        match party {
            Party::Relay => self.relay.effects_left = Some(effects),
            Party::Node => self.node.effects_left = Some(effects),
            Party::Consumer(index) => {
                if let Some(host) = self.consumers.get_mut(index) {
                    host.effects_left = Some(effects);
                }
            }
        }
    }

    /// The business answers webhooks with 500 for so long.
    pub fn webhook_outage(&mut self, outage: Duration) {
        self.business.down_until = self.now + outage;
    }

    /// Lets `time` pass.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.queue.peek().is_some_and(|Reverse(next)| next.at <= until) {
            let Some(Reverse(next)) = self.queue.pop() else { break };
            self.now = self.now.max(next.at);
            self.happen(next.what);
        }
        self.now = until;
    }

    /// The virtual time that has passed.
    pub fn elapsed(&self) -> Duration {
        self.now.since(START)
    }

    /// The business's server.
    pub fn business(&self) -> &Business {
        &self.business
    }

    /// What a consumer's screen has shown, in order.
    pub fn shown(&self, consumer: usize) -> &[Shown] {
        self.shown.get(consumer).map_or(&[], Vec::as_slice)
    }

    /// The node's machine, while it has power.
    pub fn node(&self) -> Option<&Node> {
        self.node.machine()
    }

    /// The relay's machine, while it has power.
    pub fn relay(&self) -> Option<&Relay> {
        self.relay.machine()
    }

    /// Every byte that the relay could see: frames in both directions, and its disk as it is now.
    pub fn relay_view(&mut self) -> Vec<u8> {
        let mut view = self.relay_saw.clone();
        for row in self.relay.rows() {
            view.extend_from_slice(&row.key);
            view.extend_from_slice(&row.value);
        }
        view
    }

    /// Every envelope that left an endpoint, as often as it did, whether it arrived or not.
    pub fn submitted(&self) -> &[Envelope] {
        &self.submitted
    }

    /// A hash of everything that happened: two runs with the same hash were the same run.
    pub fn trace_hash(&self) -> [u8; 32] {
        self.trace.hash()
    }

    /// How many events that was.
    pub fn events(&self) -> u64 {
        self.trace.events()
    }

    /// What must never happen and did.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn schedule(&mut self, after: Duration, what: What) {
        self.schedule_at(self.now + after, what);
    }

    fn schedule_at(&mut self, at: Time, what: What) {
        self.scheduled += 1;
        self.queue.push(Reverse(Scheduled { at, order: self.scheduled, what }));
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Start(party) => self.start(party),
            What::Stop(party) => self.stop(party),
            What::Wake(party, incarnation) => self.wake(party, incarnation),
            What::Durable(party, incarnation) => self.durable(party, incarnation),
            What::Connect(endpoint) => self.connect(endpoint),
            What::AtRelay(connection, bytes) => {
                if self.network.get(connection).is_some() && self.relay.is_up() {
                    self.trace.add(self.now, Place::Party(Party::Relay), "frame", &bytes);
                    self.relay_saw.extend_from_slice(&bytes);
                    if let Some(frame) = read(&bytes) {
                        self.tell_relay(LinkEvent::Frame { connection, frame });
                    }
                }
            }
            What::AtEndpoint(connection, bytes) => {
                if let Some(endpoint) = self.network.get(connection).map(|connection| connection.endpoint) {
                    self.trace.add(self.now, Place::Party(endpoint_party(endpoint)), "frame", &bytes);
                    if let Some(frame) = read(&bytes) {
                        self.tell_endpoint(endpoint, LinkEvent::Frame { connection, frame });
                    }
                }
            }
            What::RelayHears(event) => self.tell_relay(event),
            What::EndpointHears(endpoint, event) => self.tell_endpoint(endpoint, event),
            What::Request(request) => self.request(request),
            What::Response(response) => {
                self.trace.add(self.now, Place::Business, "response", &response.body);
                self.business.answered(response.status, &response.body);
            }
            What::Webhook(post, incarnation) => self.webhook(&post, incarnation),
            What::WebhookAnswer(delivery, status, incarnation) => {
                if self.node.incarnation == incarnation {
                    let outcome = WebhookOutcome::Answered(status);
                    self.tell_node(cloud::Input::WebhookAnswered { delivery, outcome });
                }
            }
            What::Say(consumer, command) => self.tell_consumer(consumer, consumer::Input::Command(command)),
            What::Seen(consumer, through, incarnation) => {
                if self.consumers.get(consumer).is_some_and(|host| host.incarnation == incarnation) {
                    self.tell_consumer(consumer, consumer::Input::Shown { through });
                }
            }
        }
    }

    fn start(&mut self, party: Party) {
        self.trace.add(self.now, Place::Party(party), "start", &[]);
        let started = match party {
            Party::Relay => self.relay.start(),
            Party::Node => self.node.start(),
            Party::Consumer(index) => self.consumers.get_mut(index).map_or(Ok(()), Host::start),
        };
        if let Err(fault) = started {
            return self.faults.push(fault);
        }
        match party {
            Party::Relay => {}
            Party::Node => self.schedule(Duration::ZERO, What::Connect(NODE)),
            Party::Consumer(index) => self.schedule(Duration::ZERO, What::Connect(index + 1)),
        }
        self.set_alarm(party);
    }

    fn stop(&mut self, party: Party) {
        self.trace.add(self.now, Place::Party(party), "stop", &[]);
        let broken = match party {
            Party::Relay => {
                self.relay.stop();
                self.network.all()
            }
            Party::Node => {
                self.node.stop();
                self.network.of(NODE).into_iter().collect()
            }
            Party::Consumer(index) => {
                if let Some(host) = self.consumers.get_mut(index) {
                    host.stop();
                }
                self.network.of(index + 1).into_iter().collect()
            }
        };
        broken.into_iter().for_each(|connection| self.disconnect(connection));
        self.schedule(RESTART_TAKES, What::Start(party));
    }

    fn connect(&mut self, endpoint: usize) {
        let up = match endpoint.checked_sub(1) {
            None => self.node.is_up(),
            Some(index) => self.consumers.get(index).is_some_and(Host::is_up),
        };
        if !up || self.network.of(endpoint).is_some() {
            return;
        }
        if !self.relay.is_up() {
            return self.schedule(RECONNECT_TAKES, What::Connect(endpoint));
        }
        let connection = self.network.open(self.now, endpoint);
        self.tell_relay(LinkEvent::Up { connection, peer: link_key(endpoint) });
        self.tell_endpoint(endpoint, LinkEvent::Up { connection, peer: LinkKey([0xff; 32]) });
    }

    /// A connection breaks: both ends learn it a little later, and the endpoint tries again.
    fn disconnect(&mut self, connection: ConnectionId) {
        let Some(endpoint) = self.network.close(connection) else { return };
        let after = latency(&mut self.rng);
        self.schedule(after, What::RelayHears(LinkEvent::Down { connection }));
        self.schedule(after, What::EndpointHears(endpoint, LinkEvent::Down { connection }));
        self.schedule(after + RECONNECT_TAKES, What::Connect(endpoint));
    }

    fn tell_relay(&mut self, event: LinkEvent<ToRelay>) {
        let durable = self.relay.handle(self.now, event);
        self.follow(Party::Relay, durable);
    }

    fn tell_node(&mut self, input: cloud::Input) {
        let durable = self.node.handle(self.now, input);
        self.follow(Party::Node, durable);
    }

    fn tell_consumer(&mut self, index: usize, input: consumer::Input) {
        let Some(host) = self.consumers.get_mut(index) else { return };
        let durable = host.handle(self.now, input);
        self.follow(Party::Consumer(index), durable);
    }

    fn tell_endpoint(&mut self, endpoint: usize, event: LinkEvent<ToEndpoint>) {
        match endpoint.checked_sub(1) {
            None => self.tell_node(cloud::Input::Link(event)),
            Some(index) => self.tell_consumer(index, consumer::Input::Link(event)),
        }
    }

    fn wake(&mut self, party: Party, incarnation: u64) {
        if self.incarnation(party) != incarnation {
            return;
        }
        let durable = match party {
            Party::Relay => self.relay.wake(self.now),
            Party::Node => self.node.wake(self.now),
            Party::Consumer(index) => self.consumers.get_mut(index).and_then(|host| host.wake(self.now)),
        };
        self.follow(party, durable);
    }

    /// After a machine has done something: its transaction will be durable then, and its alarm may have
    /// changed.
    fn follow(&mut self, party: Party, durable: Option<Time>) {
        if let Some(at) = durable {
            self.schedule_at(at, What::Durable(party, self.incarnation(party)));
        }
        self.set_alarm(party);
    }

    fn set_alarm(&mut self, party: Party) {
        let wake_at = match party {
            Party::Relay => self.relay.wake_at(),
            Party::Node => self.node.wake_at(),
            Party::Consumer(index) => self.consumers.get(index).and_then(Host::wake_at),
        };
        if let Some(at) = wake_at {
            self.schedule_at(at.max(self.now), What::Wake(party, self.incarnation(party)));
        }
    }

    fn durable(&mut self, party: Party, incarnation: u64) {
        if self.incarnation(party) != incarnation {
            return;
        }
        let survived = match party {
            Party::Relay => self.relay.durable(self.now).map(|(said, up)| {
                said.into_iter().for_each(|output| self.relay_says(output));
                up
            }),
            Party::Node => self.node.durable(self.now).map(|(said, up)| {
                said.into_iter().for_each(|output| self.node_says(output));
                up
            }),
            Party::Consumer(index) => {
                let Some(host) = self.consumers.get_mut(index) else { return };
                host.durable(self.now).map(|(said, up)| {
                    said.into_iter().for_each(|output| self.consumer_says_output(index, output));
                    up
                })
            }
        };
        match survived {
            Ok(true) => {}
            Ok(false) => self.stop(party),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn relay_says(&mut self, output: relay::Output) {
        match output {
            relay::Output::Send(outgoing) => {
                let bytes = write(outgoing.frame);
                let arrives = self.network.arrives_at_endpoint(outgoing.connection, self.now, &mut self.rng);
                if let Some(at) = arrives {
                    self.relay_saw.extend_from_slice(&bytes);
                    self.schedule_at(at, What::AtEndpoint(outgoing.connection, bytes));
                }
            }
            relay::Output::Close(connection) => self.disconnect(connection),
            relay::Output::Notice(_) => {}
        }
    }

    fn node_says(&mut self, output: cloud::Output) {
        match output {
            cloud::Output::Send(outgoing) => self.send_to_relay(outgoing.connection, outgoing.frame),
            cloud::Output::Respond { reply, response } => {
                if self.requests.remove(&reply) == Some(self.node.incarnation) {
                    self.schedule(Duration::from_millis(1), What::Response(response));
                }
            }
            cloud::Output::PostWebhook(post) => {
                self.schedule(Duration::from_millis(2), What::Webhook(post, self.node.incarnation));
            }
            cloud::Output::Challenge(challenge) => {
                // The world's business is configured, not asked.
                let outcome = ChallengeOutcome::Failed(HttpFailure::Unreachable);
                self.tell_node(cloud::Input::ChallengeAnswered { challenge: challenge.challenge, outcome });
            }
            cloud::Output::Metered(_) | cloud::Output::Notice(_) => {}
        }
    }

    fn consumer_says_output(&mut self, index: usize, output: consumer::Output) {
        match output {
            consumer::Output::Send(outgoing) => self.send_to_relay(outgoing.connection, outgoing.frame),
            consumer::Output::Show(message) => {
                let party = Party::Consumer(index);
                self.trace.add(self.now, Place::Party(party), "show", message.text.as_bytes());
                let incarnation = self.incarnation(party);
                self.schedule(Duration::ZERO, What::Seen(index, message.sequence, incarnation));
                // A screen knows what it shows: the same message again, after a crash before its
                // confirmation was durable, changes nothing on it.
                if let Some(shown) = self.shown.get_mut(index)
                    && shown.last().is_none_or(|last| last.sequence < message.sequence)
                {
                    shown.push(message);
                }
            }
            consumer::Output::Status { .. } | consumer::Output::Notice(_) => {}
        }
    }

    fn send_to_relay(&mut self, connection: ConnectionId, frame: ToRelay) {
        if let ToRelay::Submit { envelope, .. } = &frame {
            self.submitted.push(envelope.clone());
        }
        let bytes = write(frame);
        if let Some(at) = self.network.arrives_at_relay(connection, self.now, &mut self.rng) {
            self.schedule_at(at, What::AtRelay(connection, bytes));
        }
    }

    fn request(&mut self, request: ApiRequest) {
        self.trace.add(self.now, Place::Party(Party::Node), "request", &request.body);
        if !self.node.is_up() {
            // Connection refused: the business's server tries again.
            return self.schedule(RECONNECT_TAKES, What::Request(request));
        }
        self.next_reply += 1;
        let reply = ReplyId(self.next_reply);
        self.requests.insert(reply, self.node.incarnation);
        self.tell_node(cloud::Input::Api { reply, request });
    }

    fn webhook(&mut self, post: &WebhookPost, incarnation: u64) {
        self.trace.add(self.now, Place::Business, "webhook", &post.body);
        let status = self.business.webhook(self.now, &post.body, &post.signature_256);
        self.schedule(Duration::from_millis(2), What::WebhookAnswer(post.delivery, status, incarnation));
    }

    fn incarnation(&self, party: Party) -> u64 {
        match party {
            Party::Relay => self.relay.incarnation,
            Party::Node => self.node.incarnation,
            Party::Consumer(index) => self.consumers.get(index).map_or(0, |host| host.incarnation),
        }
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// The number of a consumer, from 0.
fn consumer_number(index: u32) -> Option<Number> {
    Number::from_integer(FIRST_CONSUMER + u64::from(index)).ok()
}

fn endpoint_party(endpoint: usize) -> Party {
    endpoint.checked_sub(1).map_or(Party::Node, Party::Consumer)
}

/// The key that the modelled link proves an endpoint to have.
fn link_key(endpoint: usize) -> LinkKey {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(endpoint.to_be_bytes()) {
        *to = from;
    }
    LinkKey(key)
}

fn endpoint_policy() -> endpoint::Policy {
    endpoint::Policy { one_time_prekeys: 5, ..endpoint::Policy::default() }
}

fn node_config() -> Result<NodeConfig, ConfigError> {
    let id = |text: &str| text.parse();
    let (Ok(app), Ok(waba), Ok(phone), Ok(number)) = (
        id("700000000000001"),
        "102290129340398".parse(),
        PHONE_NUMBER_ID.parse(),
        Number::from_integer(BUSINESS),
    ) else {
        return Err(ConfigError::RepeatedId("world".into()));
    };
    let tenant = Tenant {
        app: App {
            id: app,
            name: "World".into(),
            secret: APP_SECRET.into(),
            callback: Some(Callback {
                url: "http://business.example/webhooks".into(),
                verify_token: "v".into(),
            }),
            webhook_version: 23,
        },
        accounts: vec![BusinessAccount {
            id: waba,
            name: "World".into(),
            subscribed: true,
            numbers: vec![BusinessNumber { id: phone, number, display_name: "World".into() }],
        }],
        tokens: vec![AccessToken { value: TOKEN.into(), accounts: Vec::new(), expires: None }],
    };
    let mut config = NodeConfig::new(vec![tenant])?;
    config.endpoint = endpoint::Policy { gateway: true, ..endpoint_policy() };
    Ok(config)
}

fn write(frame: impl Frame) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    frame.encode(&mut bytes);
    bytes.to_vec()
}

fn read<F: Frame>(bytes: &[u8]) -> Option<F> {
    let mut decoder = Decoder::default();
    decoder.feed(bytes);
    decoder.next_frame().ok().flatten()
}
