//! A node in its lane, with the servers of its businesses: requests over a network of their own, webhooks that are
//! answered, or not.

use super::business::{self, Business};
use super::consumers::{GATEWAY, message_key, submitted};
use super::host::{Broken, Host};
use super::text::text;
use super::uplink::Uplink;
use super::{Asked, Cryptography, Event, Hook, Line, RESTART_TAKES, Request, Response};
use crate::engine::Agenda;
use crate::notes::{Notes, Sent, Stage};
use crate::parcel::Parcel;
use crate::plan::Plan;
use crate::record::{What, Who};
use crate::sight::Sight;
use crate::traffic::{Answer, Saying, Spark, Traffic};
use crate::variation::Secret;
use cloud::generic::Node;
use cloud::{
    ApiResponse, ChallengeOutcome, DeliveryId, HttpFailure, Input, Output, ReplyId, Wamid, WebhookOutcome,
};
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use wire::{Address, BillingClass, ConnectionId, InboxItem, LinkEvent, ToEndpoint, ToRelay};

/// A node and its businesses.
pub(crate) struct NodeLane<P: Cryptography> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) host: Host<Node<P>>,
    uplink: Uplink,
    businesses: BTreeMap<u32, Business>,
    /// Requests under way at the node as it runs now.
    requests: BTreeMap<ReplyId, Asked>,
    replies: u64,
    /// The messages that webhooks have brought: what comes twice is no news.
    heard: BTreeSet<u64>,
    traffic: Traffic,
    pub(crate) notes: Notes,
}

impl<P: Cryptography> NodeLane<P> {
    pub(crate) fn new(
        plan: Arc<Plan>,
        lane: u32,
        host: Host<Node<P>>,
        businesses: BTreeMap<u32, Business>,
        notes: Notes,
    ) -> Self {
        Self {
            uplink: Uplink::new(&plan, host.who),
            traffic: Traffic::new(&plan, lane),
            plan,
            host,
            businesses,
            requests: BTreeMap::new(),
            replies: 0,
            heard: BTreeSet::new(),
            notes,
        }
    }

    /// What is to happen first.
    pub(crate) fn begin(&mut self, mut at: impl FnMut(Time, Event)) {
        at(self.plan.start(), Event::Start(self.host.who));
        self.traffic.begin(&self.plan, |time, spark| at(time, Event::Traffic(spark)));
        at(self.plan.start() + self.plan.measure_every(), Event::Measure);
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(_) => self.start(now, agenda),
            Event::Stop(_) if self.host.is_up() => self.stop(now, agenda),
            Event::Copy(_) => self.notes.violations.extend(self.host.copy(now)),
            Event::PutBack(_, copied) => {
                if self.host.is_up() {
                    self.stop(now, agenda);
                }
                self.host.put_back(copied);
            }
            Event::StopAfter(_, effects) => self.host.effects_left = Some(u64::from(effects)),
            Event::Wake(_, incarnation) if self.host.incarnation == incarnation => {
                let calls = self.host.wake(now);
                super::schedule(self.host.who, incarnation, calls, agenda);
            }
            Event::Durable(_, incarnation) if self.host.incarnation == incarnation => {
                self.durable(now, agenda)
            }
            Event::Dial(_) if self.host.is_up() => self.uplink.dial(&self.plan, agenda),
            Event::Answered { connection, up, .. } => {
                let event = self.uplink.answered(connection, up, &self.plan, agenda);
                self.hear(now, event, agenda);
            }
            Event::ToEndpoint { connection, parcel, .. } if self.uplink.is_on(connection) => {
                self.frame(now, connection, parcel, agenda);
            }
            Event::BrokenAtEndpoint { connection, .. } => {
                let down = self.uplink.broken(connection, agenda);
                self.hear(now, down, agenda);
            }
            Event::TimedOut(_) => {
                let down = self.uplink.timed_out(&self.plan, agenda);
                self.hear(now, down, agenda);
            }
            Event::Traffic(spark) => {
                if let Some(saying) = self.traffic.happen(&self.plan, spark, agenda) {
                    self.say(now, saying, agenda);
                }
            }
            Event::Line(line) => self.line(now, *line, agenda),
            Event::Request(request) => self.request(now, *request, agenda),
            Event::Response(response) => self.response(now, &response),
            Event::Webhook(hook) => self.webhook(now, &hook, agenda),
            Event::WebhookAnswer { business, incarnation, delivery, status } => {
                self.webhook_answered(now, business, incarnation, delivery, status, agenda);
            }
            Event::Measure => self.measure(now, agenda),
            _ => {}
        }
    }

    fn start(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let who = self.host.who;
        if self.host.is_up() {
            return;
        }
        self.notes.record(now, who, What::Start, who, 0);
        if let Err(violation) = self.host.start(now) {
            return self.notes.violations.push(violation);
        }
        let calls = self.host.wake(now);
        super::schedule(who, self.host.incarnation, calls, agenda);
        agenda.at(now, Event::Dial(who));
    }

    fn stop(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let who = self.host.who;
        self.notes.record(now, who, What::Stop, who, 0);
        self.notes.violations.extend(self.host.stop(now));
        self.requests.clear();
        drop(self.uplink.close(&self.plan, agenda));
        agenda.at(now + self.plan.down_time(who, now).unwrap_or(RESTART_TAKES), Event::Start(who));
    }

    fn hear(&mut self, now: Time, event: Option<LinkEvent<ToEndpoint>>, agenda: &mut Agenda<'_, Event>) {
        let Some(event) = event else { return };
        let relay = self.plan.relay_of(self.host.who);
        match &event {
            LinkEvent::Up { .. } => {
                self.notes.handshake(now, self.host.who, What::Up, relay, super::uplink::HANDSHAKE_BYTES);
            }
            _ => self.notes.record(now, self.host.who, What::Down, relay, 0),
        }
        self.tell(now, Input::Link(event), Duration::ZERO, agenda);
    }

    fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        parcel: Parcel<ToEndpoint>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let who = self.host.who;
        self.notes.parcel(now, who, self.plan.relay_of(who), &parcel);
        let Some(frame) = parcel.open() else {
            return self.notes.violation(now, who, "every_frame_is_read", "a frame can't be read");
        };
        let (takes, pair) = match &frame {
            ToEndpoint::Delivery { item: InboxItem::Envelope(envelope), .. } => {
                (self.plan.costs().open(envelope.kind), Some((envelope.to, envelope.from)))
            }
            ToEndpoint::Bundle(_) => (self.plan.costs().initiate, None),
            _ => (Duration::ZERO, None),
        };
        self.tell(now, Input::Link(LinkEvent::Frame { connection, frame }), takes, agenda);
        if let Some((business, consumer)) = pair {
            let ours = self
                .plan
                .who(business.number)
                .is_some_and(|business| self.businesses.contains_key(&business.index()));
            if !ours {
                self.notes.violation(
                    now,
                    who,
                    GATEWAY,
                    "an envelope for another node's business is delivered",
                );
            }
            self.note_epoch(now, business, consumer);
        }
    }

    fn note_epoch(&mut self, now: Time, business: Address, consumer: Address) {
        let Some(node) = self.host.machine() else { return };
        let epoch = node.endpoint().status(business, consumer).and_then(|status| status.post_quantum);
        let (business, consumer) = (self.plan.who(business.number), self.plan.who(consumer.number));
        if let (Some(business), Some(consumer), Some(status)) = (business, consumer, epoch) {
            self.notes.epoch(now, business, consumer, status.chain_epoch);
        }
    }

    /// A business's server has something to say: the request is on its way.
    fn say(&mut self, now: Time, saying: Saying, agenda: &mut Agenda<'_, Event>) {
        let Saying { from, to, bytes, stream } = saying;
        let to = self.plan.addressee(from, to);
        let Some(business) = self.businesses.get_mut(&from.index()) else { return };
        let text = self.plan.written(from, text(bytes, &mut business.words));
        self.post(now, Saying { from, to, bytes, stream }, &text, agenda);
    }

    fn line(&mut self, now: Time, line: Line, agenda: &mut Agenda<'_, Event>) {
        let Line { from, to, text } = line;
        self.post(now, Saying::of_text(from, to, &text), &text, agenda);
    }

    fn post(&mut self, now: Time, saying: Saying, text: &str, agenda: &mut Agenda<'_, Event>) {
        let Saying { from, to, bytes, stream } = saying;
        let Some(business) = self.businesses.get_mut(&from.index()) else { return };
        let quotes = self.plan.variation(from, Secret::Quote).is_some();
        let request = business.request(self.plan.number(to), text, quotes);
        self.notes.record(now, from, What::Say, to, bytes);
        let latency = self.plan.business_link().latency.sample(&mut || business.latency.next());
        let asked = Asked { business: from.index(), created: now, to, bytes, stream };
        agenda.after(latency, Event::Request(Box::new(Request { asked, request })));
    }

    fn request(&mut self, now: Time, request: Request, agenda: &mut Agenda<'_, Event>) {
        let who = self.host.who;
        let business = Who::business(request.asked.business);
        self.notes.frame(now, who, What::Request, business, &request.request.body);
        self.notes.see(now, who, business, What::Request.name(), || Sight::Request(request.request.clone()));
        if !self.host.is_up() {
            // Connection refused: the business's server tries again.
            return agenda.after(Duration::from_secs(1), Event::Request(Box::new(request)));
        }
        self.replies += 1;
        let (reply, Request { asked, request }) = (ReplyId(self.replies), request);
        self.requests.insert(reply, asked);
        let takes = self.plan.costs().api_request + self.plan.costs().encrypt;
        self.tell(now, Input::Api { reply, request }, takes, agenda);
    }

    fn response(&mut self, now: Time, response: &Response) {
        let Asked { business, created, to, bytes, stream } = response.asked;
        let (from, body) = (Who::business(business), &response.response.body);
        self.notes.frame(now, from, What::Response, self.host.who, body);
        let sight = || Sight::Response(response.response.clone());
        self.notes.see(now, from, self.host.who, What::Response.name(), sight);
        match business::accepted(&response.response).as_deref().and_then(Wamid::parse) {
            Some(wamid) => {
                let message = message_key(&wamid.message_id);
                self.notes.sent.push(Sent { message, from, to, bytes, stream, created });
                self.notes.progress(now, message, Stage::Accepted);
            }
            None => self.notes.refused += 1,
        }
    }

    fn webhook(&mut self, now: Time, hook: &Hook, agenda: &mut Agenda<'_, Event>) {
        let (who, node) = (Who::business(hook.business), self.host.who);
        self.notes.frame(now, who, What::Webhook, node, &hook.post.body);
        self.notes.see(now, who, node, What::Webhook.name(), || Sight::Webhook(hook.post.clone()));
        let status =
            if self.plan.webhooks_are_down(hook.business, now) { 500 } else { self.take(now, hook, agenda) };
        let Some(business) = self.businesses.get_mut(&hook.business) else { return };
        let latency = self.plan.business_link().latency.sample(&mut || business.latency.next());
        let answer = Event::WebhookAnswer {
            incarnation: hook.incarnation,
            business: hook.business,
            delivery: hook.post.delivery,
            status,
        };
        agenda.after(latency, answer);
    }

    /// The business's server looks into a webhook; the answer is its HTTP status.
    fn take(&mut self, now: Time, hook: &Hook, agenda: &mut Agenda<'_, Event>) -> u16 {
        let who = Who::business(hook.business);
        let Some(business) = self.businesses.get_mut(&hook.business) else { return 404 };
        if P::HAS_BYTES && !business.trusts(&hook.post.body, &hook.post.signature_256) {
            self.notes.violation(now, who, "webhooks_are_signed", "a webhook is signed with another secret");
            return 401;
        }
        let Some(event) = business::Hook::parse(&hook.post.body) else {
            self.notes.violation(now, who, "webhooks_are_json", "a webhook can't be read");
            return 400;
        };
        if event.phone_number_ids().any(|id| id != business.phone_number_id) {
            self.notes.violation(now, who, "tenants_are_strangers", "a webhook is for another business");
        }
        for status in event.statuses() {
            let Some(wamid) = Wamid::parse(&status.id) else { continue };
            let stage = match &*status.status {
                "sent" => Stage::Relayed,
                "delivered" => Stage::Delivered,
                "read" => Stage::Read,
                _ => Stage::Failed,
            };
            self.notes.progress(now, message_key(&wamid.message_id), stage);
        }
        for message in event.messages() {
            let Some(wamid) = Wamid::parse(&message.id) else { continue };
            let key = message_key(&wamid.message_id);
            // At least once: the same id again is the same message.
            if !self.heard.insert(key) {
                continue;
            }
            let from = self.plan.who(wamid.consumer).unwrap_or(who);
            self.notes.shown(now, who, key, &message.text.body);
            business.heard.insert(wamid.consumer, message.id.clone().into_owned());
            let answer = self.plan.answer(who).and_then(|reply| Answer::draw(reply, &mut business.answers));
            if let Some(answer) = answer {
                agenda.after(answer.after, Event::Traffic(Spark::answer(who, from, answer.bytes)));
            }
        }
        200
    }

    fn webhook_answered(
        &mut self,
        now: Time,
        business: u32,
        incarnation: u32,
        delivery: DeliveryId,
        status: u16,
        agenda: &mut Agenda<'_, Event>,
    ) {
        self.notes.record(
            now,
            self.host.who,
            What::WebhookAnswer,
            Who::business(business),
            u32::from(status),
        );
        let (node, peer) = (self.host.who, Who::business(business));
        self.notes.see(now, node, peer, What::WebhookAnswer.name(), || Sight::Status(status));
        if self.host.incarnation == incarnation {
            let outcome = WebhookOutcome::Answered(status);
            self.tell(now, Input::WebhookAnswered { delivery, outcome }, Duration::ZERO, agenda);
        }
    }

    fn tell(&mut self, now: Time, input: Input, takes: Duration, agenda: &mut Agenda<'_, Event>) {
        let calls = self.host.handle(now, input, takes);
        super::schedule(self.host.who, self.host.incarnation, calls, agenda);
    }

    fn durable(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let (said, broken) = self.host.durable(now);
        for output in said {
            self.output(now, output, agenda);
        }
        match broken {
            None => {}
            Some(Broken::Bug(violation)) => self.notes.violations.push(violation),
            Some(Broken::Power | Broken::DiskFull) => self.stop(now, agenda),
        }
    }

    fn output(&mut self, now: Time, output: Output, agenda: &mut Agenda<'_, Event>) {
        match output {
            Output::Send(outgoing) => {
                if let Some(node) = self.host.machine() {
                    self.notes.submitted.extend(submitted(now, node.endpoint(), &outgoing.frame));
                }
                let mut outgoing = outgoing;
                if let ToRelay::Submit { envelope, .. } = &mut outgoing.frame {
                    let business = self.plan.who(envelope.from.number);
                    let declared = business.and_then(|who| self.plan.variation(who, Secret::BillingClass));
                    if declared.is_some() {
                        envelope.billing_class = BillingClass::Utility;
                    }
                    let (from, to) = (envelope.from, envelope.to);
                    self.note_epoch(now, from, to);
                }
                self.notes.submission(&outgoing.frame);
                let parcel = Parcel::pack(outgoing.frame, self.notes.looks_at_bytes());
                self.uplink.send(outgoing.connection, parcel, &self.plan, agenda);
            }
            Output::Respond { reply, response } => self.respond(reply, response, agenda),
            Output::PostWebhook(post) => {
                let business = post.url.rsplit('/').next().and_then(|index| index.parse().ok());
                let Some(business) = business else { return };
                let Some(server) = self.businesses.get_mut(&business) else { return };
                let latency = self.plan.business_link().latency.sample(&mut || server.latency.next());
                let hook = Hook { business, incarnation: self.host.incarnation, post };
                agenda.after(latency, Event::Webhook(Box::new(hook)));
            }
            Output::Challenge(challenge) => {
                // The world's businesses are configured, not asked.
                let outcome = ChallengeOutcome::Failed(HttpFailure::Unreachable);
                let input = Input::ChallengeAnswered { challenge: challenge.challenge, outcome };
                self.tell(now, input, Duration::ZERO, agenda);
            }
            Output::Notice(notice) => {
                let who = self.host.who;
                if matches!(notice, cloud::Notice::StartedOver) {
                    self.notes.started_over.push((now, who));
                }
                self.notes.see(now, who, who, "notice", || Sight::Notice(notice.to_string()));
            }
            // Nobody orders anything in the world.
            Output::Media(_) | Output::Metered(_) | Output::Done { .. } | Output::Unplug(_) => {}
        }
    }

    fn respond(&mut self, reply: ReplyId, response: ApiResponse, agenda: &mut Agenda<'_, Event>) {
        let Some(asked) = self.requests.remove(&reply) else { return };
        let Some(business) = self.businesses.get_mut(&asked.business) else { return };
        let latency = self.plan.business_link().latency.sample(&mut || business.latency.next());
        agenda.after(latency, Event::Response(Box::new(Response { asked, response })));
    }

    fn measure(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let who = self.host.who;
        if let Some(node) = self.host.machine() {
            self.notes.metric(now, who, "messages that consumers do not have yet", node.undelivered());
            self.notes.metric(now, who, "messages not settled", node.unsettled());
            self.notes.metric(now, who, "webhooks not acknowledged", node.unacknowledged());
        }
        if now + self.plan.measure_every() <= self.plan.end() {
            agenda.after(self.plan.measure_every(), Event::Measure);
        }
    }
}
