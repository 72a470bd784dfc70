//! A modelled node in its lane, with the servers of its businesses.

use super::cloud_node::Node;
use super::consumers::submitted;
use super::frame::{ToEndpoint, ToRelay};
use super::model::{Model, Status, sender};
use super::output::{Asked, Fx, Output, Post};
use super::seat::Seat;
use super::webhooks::Told;
use super::{Event, SAME_MICROSECOND};
use crate::draws::{Draws, Purpose};
use crate::engine::Agenda;
use crate::plan::Plan;
use crate::real::notes::{Epoch, Notes, Sent, Stage};
use crate::real::uplink::{HANDSHAKE_BYTES, Uplink};
use crate::record::{What, Who};
use crate::traffic::{Answer, Saying, Spark, Traffic};
use kernel::Time;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use wire::{ConnectionId, LinkEvent};

/// A node and its businesses.
pub(crate) struct NodeLane {
    pub(crate) plan: Arc<Plan>,
    model: Arc<Model>,
    seat: Seat<Output>,
    node: Node,
    uplink: Uplink,
    /// By place among the businesses of this node.
    servers: Vec<Server>,
    /// The messages that webhooks have brought: what comes twice is no news.
    heard: BTreeSet<u64>,
    traffic: Traffic,
    pub(crate) notes: Notes,
    fx: Fx,
    said: Vec<Output>,
}

/// What a business's server draws.
struct Server {
    latency: Draws,
    answers: Draws,
}

impl NodeLane {
    pub(crate) fn new(plan: Arc<Plan>, model: Arc<Model>, who: Who, notes: Notes) -> Self {
        let servers = plan.businesses_of(who.index()).map(|index| {
            let id = u64::from(Who::business(index).as_u32());
            let draws = |purpose| plan.origin().draws(purpose, id);
            Server { latency: draws(Purpose::Business), answers: draws(Purpose::Reply) }
        });
        Self {
            servers: servers.collect(),
            seat: Seat::new(&plan, who),
            node: Node::new(&plan, who),
            uplink: Uplink::new(&plan, who),
            traffic: Traffic::new(&plan, plan.lane_of(who)),
            heard: BTreeSet::new(),
            plan,
            model,
            notes,
            fx: Fx::default(),
            said: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, mut at: impl FnMut(Time, Event)) {
        at(self.plan.start(), Event::Start(self.seat.who));
        self.traffic.begin(&self.plan, |time, spark| at(time, Event::Traffic(spark)));
        at(self.plan.start() + self.plan.measure_every(), Event::Measure);
    }

    pub(crate) fn handle(&mut self, now: Time, event: Event, agenda: &mut Agenda<'_, Event>) {
        match event {
            Event::Start(who) => {
                self.notes.record(now, who, What::Start, who, 0);
                self.seat.start(now);
                self.wake(now, agenda);
                agenda.at(now, Event::Dial(who));
            }
            Event::Wake(..) => self.wake(now, agenda),
            Event::Durable(..) => self.durable(now, agenda),
            Event::Dial(_) if self.seat.is_up => self.uplink.dial(&self.plan, agenda),
            Event::Answered { connection, up, .. } => {
                let event = self.uplink.answered(connection, up, &self.plan, agenda);
                self.hear(now, event, agenda);
            }
            Event::ToEndpoint { connection, size, frame } if self.uplink.is_on(connection) => {
                self.frame(now, connection, size, frame, agenda);
            }
            Event::BrokenAtEndpoint(_, connection) => {
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
            Event::Request(asked) => self.request(now, asked, agenda),
            Event::Response(asked, message) => self.response(now, asked, message),
            Event::Webhook(post, incarnation) => self.webhook(now, post, incarnation, agenda),
            Event::WebhookAnswer { business, incarnation, delivery, status } => {
                let (who, business) = (self.seat.who, Who::business(business));
                self.notes.record(now, who, What::WebhookAnswer, business, u32::from(status));
                if self.seat.incarnation == incarnation {
                    self.step(now, Duration::ZERO, agenda, |node, clock, _, fx| {
                        node.webhook_answered(clock, delivery, status, fx);
                    });
                }
            }
            Event::Measure => self.measure(now, agenda),
            _ => {}
        }
    }

    /// A message is going to pass between a business and a consumer.
    pub(crate) fn touch(&self, business: Who, consumer: Who) {
        self.node.endpoint.touch(business, consumer);
    }

    fn wake(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        self.seat.silence();
        self.step(now, Duration::ZERO, agenda, |node, clock, model, fx| {
            if node.wake_at().is_some_and(|at| at <= clock) {
                node.wake(clock, model, fx);
            }
        });
    }

    fn hear(
        &mut self,
        now: Time,
        event: Option<LinkEvent<wire::ToEndpoint>>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let who = self.seat.who;
        let relay = self.plan.relay_of(who);
        match event {
            Some(LinkEvent::Up { connection, .. }) => {
                self.notes.record(now, who, What::Up, relay, HANDSHAKE_BYTES);
                self.step(now, Duration::ZERO, agenda, |node, clock, _, fx| node.up(clock, connection, fx));
            }
            Some(LinkEvent::Down { connection }) => {
                self.notes.record(now, who, What::Down, relay, 0);
                self.step(now, Duration::ZERO, agenda, |node, clock, _, fx| node.down(clock, connection, fx));
            }
            _ => {}
        }
    }

    fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        size: u32,
        frame: ToEndpoint,
        agenda: &mut Agenda<'_, Event>,
    ) {
        let who = self.seat.who;
        self.notes.record(now, who, frame.what(), self.plan.relay_of(who), size);
        let takes = frame.takes(self.plan.costs());
        let pair = match &frame {
            ToEndpoint::Deliver { envelope, .. } => Some((envelope.to, envelope.from)),
            _ => None,
        };
        self.step(now, takes, agenda, |node, clock, model, fx| {
            node.frame(clock, connection, frame, model, fx);
        });
        if let Some((business, consumer)) = pair {
            self.note_epoch(now, business, consumer);
        }
    }

    fn note_epoch(&mut self, now: Time, business: Who, consumer: Who) {
        if let Some((epoch, messages)) = self.node.endpoint.sessions().pass(business, consumer) {
            self.notes.epochs.push(Epoch { at: now, business, consumer, epoch, messages });
        }
    }

    /// A business's server has something to say: the request is on its way.
    fn say(&mut self, now: Time, saying: Saying, agenda: &mut Agenda<'_, Event>) {
        let Saying { from, to, bytes, stream } = saying;
        let asked = Asked { business: from.index(), to, created: now, bytes, stream };
        self.notes.record(now, from, What::Say, to, bytes);
        self.later(from.index(), Event::Request(asked), agenda);
    }

    /// After the latency of a business's link.
    fn later(&mut self, business: u32, event: Event, agenda: &mut Agenda<'_, Event>) {
        let Self { plan, servers, .. } = self;
        let Some(server) = server(servers, plan, business) else { return };
        let latency = plan.business_link().latency.sample(&mut || server.latency.next());
        agenda.after(latency, event);
    }

    fn request(&mut self, now: Time, asked: Asked, agenda: &mut Agenda<'_, Event>) {
        let size = self.model.request(asked.to, asked.bytes);
        self.notes.record(now, self.seat.who, What::Request, Who::business(asked.business), size);
        if !self.seat.is_up {
            // Connection refused: the business's server tries again.
            return agenda.after(Duration::from_secs(1), Event::Request(asked));
        }
        let takes = self.plan.costs().api_request + self.plan.costs().encrypt;
        self.step(now, takes, agenda, |node, clock, model, fx| node.request(clock, asked, model, fx));
    }

    fn response(&mut self, now: Time, asked: Asked, message: u64) {
        let Asked { business, to, created, bytes, stream } = asked;
        let from = Who::business(business);
        self.notes.record(now, from, What::Response, self.seat.who, self.model.answer(to));
        self.notes.sent.push(Sent { message, from, to, bytes, stream, created });
        self.notes.progress(now, message, Stage::Accepted);
    }

    fn webhook(&mut self, now: Time, post: Post, incarnation: u32, agenda: &mut Agenda<'_, Event>) {
        let Post { business, delivery, size, .. } = post;
        let who = Who::business(business);
        self.notes.record(now, who, What::Webhook, self.seat.who, size);
        let status = if self.plan.webhooks_are_down(business, now) {
            500
        } else {
            self.take(now, post, agenda);
            200
        };
        self.later(business, Event::WebhookAnswer { business, incarnation, delivery, status }, agenda);
    }

    /// The business's server looks into a webhook.
    fn take(&mut self, now: Time, post: Post, agenda: &mut Agenda<'_, Event>) {
        let Post { business, message, told, .. } = post;
        let who = Who::business(business);
        let stage = match told {
            Told::Status(Status::Sent) => Stage::Relayed,
            Told::Status(Status::Delivered) => Stage::Delivered,
            Told::Status(Status::Read) => Stage::Read,
            Told::Status(Status::Failed(_)) => Stage::Failed,
            Told::Text => Stage::Shown,
        };
        if stage != Stage::Shown {
            return self.notes.progress(now, message, stage);
        }
        if !self.heard.insert(message) {
            return;
        }
        self.notes.progress(now, message, Stage::Shown);
        let Self { plan, servers, .. } = self;
        let Some(server) = server(servers, plan, business) else { return };
        let answer = plan.answer(who).and_then(|reply| Answer::draw(reply, &mut server.answers));
        if let Some(answer) = answer {
            let spark = Spark::answer(who, sender(message), answer.bytes);
            agenda.after(answer.after, Event::Traffic(spark));
        }
    }

    /// Something happens to the node, and takes its processor so long.
    fn step(
        &mut self,
        now: Time,
        takes: Duration,
        agenda: &mut Agenda<'_, Event>,
        happens: impl FnOnce(&mut Node, Time, &Model, &mut Fx),
    ) {
        let Self { node, fx, seat, model, .. } = self;
        if !seat.is_up {
            return;
        }
        happens(node, seat.clock(now), model, fx);
        seat.follow(now, takes, (fx.writes, &mut fx.outputs), node.wake_at(), agenda);
        fx.writes = false;
        if std::mem::take(&mut seat.is_doubtful) {
            self.notes.doubtful(now, seat.who, SAME_MICROSECOND);
        }
    }

    fn durable(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let mut said = std::mem::take(&mut self.said);
        self.seat.durable(now, &mut said);
        said.drain(..).for_each(|output| self.output(now, output, agenda));
        self.said = said;
    }

    fn output(&mut self, now: Time, output: Output, agenda: &mut Agenda<'_, Event>) {
        match output {
            Output::Send(connection, frame) => {
                self.notes.submitted.extend(submitted(now, &self.node.endpoint, &frame));
                if let ToRelay::Submit { envelope, .. } = &frame {
                    self.note_epoch(now, envelope.from, envelope.to);
                }
                let size = frame.size(&self.model);
                let event = Event::ToRelay { connection, size, frame };
                self.uplink.hand_over(connection, size, event, &self.plan, agenda);
            }
            Output::Respond { request, message } => {
                self.later(request.business, Event::Response(request, message), agenda);
            }
            Output::Post(post) => {
                self.later(post.business, Event::Webhook(post, self.seat.incarnation), agenda);
            }
            Output::Show { .. } | Output::Status(..) => {}
        }
    }

    fn measure(&mut self, now: Time, agenda: &mut Agenda<'_, Event>) {
        let (who, node) = (self.seat.who, &self.node);
        if self.seat.is_up {
            let undelivered = node.endpoint.unconfirmed();
            self.notes.metric(now, who, "messages that consumers do not have yet", undelivered);
            self.notes.metric(now, who, "messages not settled", node.unsettled());
            self.notes.metric(now, who, "webhooks not acknowledged", node.webhooks.len());
        }
        if now + self.plan.measure_every() <= self.plan.end() {
            agenda.after(self.plan.measure_every(), Event::Measure);
        }
    }
}

/// A business's server, among those of its node.
fn server<'a>(servers: &'a mut [Server], plan: &Plan, business: u32) -> Option<&'a mut Server> {
    servers.get_mut(usize::try_from(business / plan.nodes()).ok()?)
}
