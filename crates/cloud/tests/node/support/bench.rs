//! A node, driven by hand: each transaction is committed before the outputs are carried out, and the
//! power may fail before any of these.

use super::relay::{Party, Relay};
use super::rows::Rows;
use super::{portfolio, surfaces};
use cloud::{
    ApiRequest, ApiResponse, Attached, ChallengeOutcome, DeliveryId, HttpFailure, Input, MediaWork, Node,
    NodeConfig, Notice, Output, ReplyId, StoredFile, WebhookOutcome, WebhookPost,
};
use content::{Body, Content, Context, MessageId};
use endpoint::{Endpoint, Event};
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use wire::{Address, BillingClass, ConnectionId, LinkEvent, LinkKey, Number, Outgoing, ToRelay};

const NODE: Party = 0;

pub(crate) struct Bench {
    pub(crate) now: Time,
    pub(crate) node: Node,
    pub(crate) rows: Rows,
    pub(crate) relay: Relay,
    pub(crate) consumers: BTreeMap<Party, Consumer>,
    /// Everything that was posted, in order.
    pub(crate) posts: Vec<WebhookPost>,
    /// How receivers answer, by URL: `None` hangs. Others say 200.
    pub(crate) receivers: BTreeMap<String, Option<u16>>,
    /// A post with this text in it is answered 500, whoever the receiver is.
    pub(crate) poison: Option<&'static str>,
    /// Whether they echo challenges.
    pub(crate) willing: bool,
    pub(crate) challenged: Vec<String>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) bill: Vec<cloud::BillLine>,
    pub(crate) done: Vec<cloud::Done>,
    pub(crate) unplugged: bool,
    /// What was to be done with bytes.
    pub(crate) works: Vec<MediaWork>,
    /// What `Debug` shows of all that was said and heard.
    pub(crate) log: String,
    /// The power fails before this effect, counted from the start.
    pub(crate) crash_before: Option<usize>,
    pub(crate) effects: usize,
    /// Tenants are on machines of their own: a transaction of two is two, and the power may fail between them.
    pub(crate) apart: bool,
    /// How many transactions were of more than one tenant.
    pub(crate) shared: usize,
    config: NodeConfig,
    /// The node has done nothing since it was restored: what comes next is its start, which is of all tenants.
    fresh: bool,
    rng: Rng,
    connection: u64,
    to_node: VecDeque<Input>,
    responses: BTreeMap<ReplyId, ApiResponse>,
    requests: u64,
}

/// A consumer's app that may answer by itself.
pub(crate) struct Consumer {
    number: Number,
    endpoint: Endpoint,
    rng: Rng,
    pub(crate) received: Vec<Content>,
    /// Reads what it receives, and answers each text.
    pub(crate) lively: bool,
}

impl Bench {
    /// A node that is online, and no consumers.
    pub(crate) fn new(config: NodeConfig) -> Self {
        Self::prepared(config, |_| {})
    }

    /// The same, after `prepare` has seen it before it does anything.
    pub(crate) fn prepared(config: NodeConfig, prepare: impl FnOnce(&mut Self)) -> Self {
        let mut bench = Self {
            now: Time::from_secs(1_750_000_000),
            node: Node::restore(config.clone(), Vec::new()).unwrap(),
            rows: Rows::default(),
            relay: Relay::default(),
            consumers: BTreeMap::new(),
            posts: Vec::new(),
            receivers: BTreeMap::new(),
            poison: None,
            willing: true,
            challenged: Vec::new(),
            notices: Vec::new(),
            bill: Vec::new(),
            done: Vec::new(),
            unplugged: false,
            works: Vec::new(),
            log: String::new(),
            crash_before: None,
            effects: 0,
            apart: false,
            shared: 0,
            config,
            fresh: true,
            rng: Rng::for_entity(&Seed::from_number(1), "node"),
            connection: 0,
            to_node: VecDeque::new(),
            responses: BTreeMap::new(),
            requests: 0,
        };
        prepare(&mut bench);
        bench.connect();
        bench.settle();
        bench
    }

    /// A consumer that is online.
    pub(crate) fn consumer(&mut self, number: &str, lively: bool) -> Party {
        let number: Number = number.parse().unwrap();
        let party = number.as_integer();
        let policy = endpoint::Policy { one_time_prekeys: 2, ..endpoint::Policy::default() };
        let mut consumer = Consumer {
            number,
            endpoint: Endpoint::restore(policy, Vec::new()).unwrap().0,
            rng: Rng::for_entity(&Seed::from_number(1), &number.digits()),
            received: Vec::new(),
            lively,
        };
        let mut fx: Effects<Outgoing<ToRelay>> = Effects::none();
        fx.step(self.now, &mut consumer.rng, |step| {
            consumer.endpoint.open_account(Address::primary(number), step);
        });
        self.consumers.insert(party, consumer);
        let peer = LinkKey([0; 32]);
        self.hear(party, LinkEvent::Up { connection: ConnectionId(0), peer });
        self.settle();
        party
    }

    /// A request, and its answer if there is one.
    pub(crate) fn ask(&mut self, request: ApiRequest) -> Option<ApiResponse> {
        self.requests += 1;
        let reply = ReplyId(self.requests);
        self.to_node.push_back(Input::Api { reply, request });
        self.settle();
        self.responses.remove(&reply)
    }

    /// An order of the control interface's, and what became of it.
    pub(crate) fn order(&mut self, order: cloud::Order) -> cloud::Done {
        self.input(Input::Order { reply: ReplyId(0), order });
        self.done.pop().unwrap()
    }

    /// Something happens to the node.
    pub(crate) fn input(&mut self, input: Input) {
        self.to_node.push_back(input);
        self.settle();
    }

    /// A request that is answered 200.
    pub(crate) fn ok(&mut self, request: ApiRequest) -> Value {
        let response = self.ask(request).unwrap();
        let body = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(response.status, 200, "{body}");
        body
    }

    /// Media that the shop uploads, and their id.
    pub(crate) fn upload(&mut self, mime_type: &str, size: u64) -> String {
        let head = ApiRequest::post(format!("/v23.0/{}/media", super::PHONE), super::TOKEN, "");
        let announced = ApiRequest { content_type: None, attached: Attached::Announced, ..head.clone() };
        assert!(self.ask(announced).is_none());
        let Some(MediaWork::Take { file, .. }) = self.works.pop() else { panic!("no file is taken") };
        let part = graph::media::FilePart { content_type: Some(mime_type.into()), filename: None };
        let stored = StoredFile { file, size, sha256: [7; 32], part };
        let body = "messaging_product=whatsapp".into();
        let stored = Attached::Stored(Box::new(stored));
        text_of(&self.ok(ApiRequest { content_type: None, body, attached: stored, ..head })["id"])
    }

    /// A text of the shop's, and its wamid.
    pub(crate) fn text(&mut self, to: &str, body: &str) -> String {
        let answer = self.ok(message(to, json!({ "text": { "body": body } })));
        answer["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// A consumer writes.
    pub(crate) fn write(&mut self, party: Party, to: &str, body: Body) -> MessageId {
        self.say(party, to, Context::default(), body)
    }

    /// A consumer writes, about something.
    pub(crate) fn say(&mut self, party: Party, to: &str, context: Context, body: Body) -> MessageId {
        let consumer = self.consumers.get_mut(&party).unwrap();
        let mut fx = Effects::none();
        let id = consumer.send(self.now, to.parse().unwrap(), (context, body), &mut fx);
        fx.outputs.into_iter().for_each(|Outgoing { frame, .. }| self.relay.handle(party, frame));
        self.settle();
        id
    }

    /// A consumer's app is installed anew.
    pub(crate) fn reinstall(&mut self, party: Party) {
        let consumer = self.consumers.get_mut(&party).unwrap();
        let mut fx: Effects<Outgoing<ToRelay>> = Effects::none();
        let account = Address::primary(consumer.number);
        fx.step(self.now, &mut consumer.rng, |step| consumer.endpoint.renew_account(account, step));
        fx.outputs.into_iter().for_each(|Outgoing { frame, .. }| self.relay.handle(party, frame));
        self.settle();
    }

    /// A receiver that hung answers after all.
    pub(crate) fn answer(&mut self, delivery: DeliveryId, status: u16) {
        let outcome = WebhookOutcome::Answered(status);
        self.hear_of(Input::WebhookAnswered { delivery, outcome });
    }

    /// Something happens to the node.
    pub(crate) fn hear_of(&mut self, input: Input) {
        self.to_node.push_back(input);
        self.settle();
    }

    /// Lets time pass, stopping wherever the node wants to be woken.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.node.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    /// The power fails.
    pub(crate) fn crash(&mut self) {
        self.relay.disconnect(NODE);
        self.to_node.clear();
        self.node = Node::restore(self.config.clone(), self.rows.load()).unwrap();
        self.fresh = true;
        self.connect();
    }

    /// The node stops, and starts with another configuration.
    pub(crate) fn restart(&mut self, config: NodeConfig) {
        self.config = config;
        self.crash();
        self.settle();
    }

    /// The connection to the relay breaks.
    pub(crate) fn unplug(&mut self) {
        self.relay.disconnect(NODE);
        let connection = ConnectionId(self.connection);
        self.to_node.push_back(Input::Link(LinkEvent::Down { connection }));
        self.settle();
    }

    /// There is a connection to the relay again.
    pub(crate) fn connect(&mut self) {
        self.connection += 1;
        let (connection, peer) = (ConnectionId(self.connection), LinkKey([0; 32]));
        self.to_node.push_back(Input::Link(LinkEvent::Up { connection, peer }));
    }

    /// Until nobody has anything to do now.
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some(input) = self.to_node.pop_front() {
                self.log += &format!("{input:?}\n");
                let of_one = concerns_one(&input);
                let effects = self.node.handle(self.now, input, &mut self.rng);
                self.carry_out(effects, of_one);
            } else if let Some((to, frame)) = self.relay.frames.pop_front() {
                let connection = if to == NODE { self.connection } else { 0 };
                self.hear(to, LinkEvent::Frame { connection: ConnectionId(connection), frame });
            } else if self.node.wake_at().is_some_and(|at| at <= self.now) {
                let effects = self.node.wake(self.now, &mut self.rng);
                self.carry_out(effects, false);
            } else {
                return;
            }
        }
    }

    /// The statuses that were posted, each once however often it was posted.
    pub(crate) fn statuses(&self) -> Vec<(String, String)> {
        let mut statuses = Vec::new();
        for value in self.distinct("statuses") {
            statuses.push((text_of(&value["id"]), text_of(&value["status"])));
        }
        statuses
    }

    /// The texts that were posted, each once however often it was posted.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.distinct("messages")
    }

    fn distinct(&self, kind: &str) -> Vec<Value> {
        let mut distinct: Vec<Value> = Vec::new();
        for element in self.posts.iter().flat_map(|post| elements(post, kind)) {
            if !distinct.contains(&element) {
                distinct.push(element);
            }
        }
        distinct
    }

    fn hear(&mut self, to: Party, event: LinkEvent<wire::ToEndpoint>) {
        if to == NODE {
            return self.to_node.push_back(Input::Link(event));
        }
        let consumer = self.consumers.get_mut(&to).unwrap();
        let mut fx = Effects::none();
        let events = fx.step(self.now, &mut consumer.rng, |step| consumer.endpoint.on_link(event, step));
        for event in events {
            consumer.event(self.now, event, &mut fx);
        }
        fx.outputs.into_iter().for_each(|Outgoing { frame, .. }| self.relay.handle(to, frame));
    }

    /// `of_one`: what happened is one tenant's concern, so it may change nothing of another's.
    fn carry_out(&mut self, effects: Effects<Output>, of_one: bool) {
        let tenants = portfolio::tenants(&effects.transaction);
        self.shared += usize::from(tenants.len() > 1);
        let is_start = std::mem::take(&mut self.fresh);
        assert!(tenants.len() < 2 || !of_one || is_start, "one step changed rows of {tenants:?}");
        let parts =
            if self.apart { portfolio::split(effects.transaction) } else { vec![effects.transaction] };
        for part in parts {
            if self.power_fails() {
                return self.crash();
            }
            surfaces::rows(&part);
            self.rows.commit(part);
        }
        for output in effects.outputs {
            if self.power_fails() {
                return self.crash();
            }
            self.log += &format!("{output:?}\n");
            self.carry(output);
        }
    }

    fn power_fails(&mut self) -> bool {
        self.effects += 1;
        self.crash_before == Some(self.effects)
    }

    fn carry(&mut self, output: Output) {
        match output {
            Output::Send(Outgoing { connection, frame }) => {
                if connection == ConnectionId(self.connection) {
                    self.relay.handle(NODE, frame);
                }
            }
            Output::Respond { reply, response } => {
                surfaces::machine_response(&response);
                self.responses.insert(reply, response);
            }
            Output::PostWebhook(post) => {
                let is_poisoned =
                    self.poison.is_some_and(|poison| String::from_utf8_lossy(&post.body).contains(poison));
                let answer = self.receivers.get(&post.url).copied().unwrap_or(Some(200));
                let answer = if is_poisoned { Some(500) } else { answer };
                if let Some(status) = answer {
                    let (delivery, outcome) = (post.delivery, WebhookOutcome::Answered(status));
                    self.to_node.push_back(Input::WebhookAnswered { delivery, outcome });
                }
                surfaces::machine_webhook(&post);
                self.posts.push(post);
            }
            Output::Challenge(challenge) => {
                let (_, query) = challenge.url.split_once("hub.challenge=").unwrap();
                let (echo, _) = query.split_once('&').unwrap();
                let outcome = if self.willing {
                    ChallengeOutcome::Answered { status: 200, body: echo.to_owned().into() }
                } else {
                    ChallengeOutcome::Failed(HttpFailure::TimedOut)
                };
                surfaces::challenge(Vec::new(), challenge.url.split_once('?').unwrap().1);
                self.challenged.push(challenge.url.clone());
                self.to_node.push_back(Input::ChallengeAnswered { challenge: challenge.challenge, outcome });
            }
            Output::Done { done, .. } => self.done.push(done),
            Output::Unplug(unplugged) => self.unplugged = unplugged,
            Output::Media(work) => self.works.push(work),
            Output::Metered(bill) => self.bill = bill,
            Output::Notice(notice) => {
                self.log += &format!("{notice}\n");
                self.notices.push(notice);
            }
        }
    }
}

/// What a post has in the lists of this name, of all its changes.
pub(crate) fn elements(post: &WebhookPost, kind: &str) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&post.body).unwrap();
    let all = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let changes = all(&body, "entry").into_iter().flat_map(|entry| all(&entry, "changes"));
    changes.flat_map(|change| all(&change["value"], kind)).collect()
}

/// All but what is the connection's: that the relay has what was submitted.
fn concerns_one(input: &Input) -> bool {
    let of_all = |frame: &wire::ToEndpoint| {
        matches!(frame, wire::ToEndpoint::Welcome { .. } | wire::ToEndpoint::Accepted { .. })
    };
    !matches!(input, Input::Link(LinkEvent::Frame { frame, .. }) if of_all(frame))
}

impl Consumer {
    fn send(
        &mut self,
        now: Time,
        to: Number,
        (context, body): (Context, Body),
        fx: &mut Effects<Outgoing<ToRelay>>,
    ) -> MessageId {
        let message_id = MessageId::from_random(&self.rng.bytes::<16>());
        let sent_at_s = now.as_secs();
        let content = Content { message_id: message_id.clone(), sent_at_s, context, body };
        let pair = (Address::primary(self.number), Address::primary(to));
        let class = BillingClass::Service;
        fx.step(now, &mut self.rng, |step| self.endpoint.send(pair, &content, class, step)).unwrap();
        message_id
    }

    fn event(&mut self, now: Time, event: Event, fx: &mut Effects<Outgoing<ToRelay>>) {
        let Event::Received { from, content, .. } = event else { return };
        if let (Body::Text(text), true) = (&content.body, self.lively) {
            let id = content.message_id.clone();
            self.send(now, from.number, (Context::default(), Body::Read(vec![id.clone()])), fx);
            let answer = Body::text(format!("re: {}", text.body));
            self.send(now, from.number, (Context::answering(id), answer), fx);
        }
        self.received.push(content);
    }
}

/// A message of the shop's to `to`.
pub(crate) fn message(to: &str, what: Value) -> ApiRequest {
    let mut body = json!({ "messaging_product": "whatsapp", "to": to });
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    ApiRequest::post(format!("/v23.0/{}/messages", super::PHONE), super::TOKEN, body.to_string())
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
