//! The node as a machine.

use crate::bill::{Bill, BillLine};
use crate::callbacks::Callbacks;
use crate::challenges::Challenges;
use crate::config::NodeConfig;
use crate::directory::Phone;
use crate::exchange::{
    ApiRequest, ApiResponse, Challenge, ChallengeId, ChallengeOutcome, DeliveryId, HttpFailure, ReplyId,
    WebhookOutcome, WebhookPost,
};
use crate::inbound::Inbound;
use crate::outbound::{News, Outbound};
use crate::statuses::{Problem, Report, Status};
use crate::wamid::Wamid;
use crate::webhooks::Webhooks;
use crate::{rows, webhook_body};
use bytes::Bytes;
use content::{Body, Content, MessageId};
use endpoint::{Endpoint, Event, Unreadable};
use kernel::{Effects, Machine, RestoreError, Rng, Row, Table, Time};
use wire::{Address, LinkEvent, Number, Outgoing, RejectCode, ToEndpoint, ToRelay};

/// What can happen to a node.
#[derive(Debug)]
pub enum Input {
    /// Something on the connection to the relay.
    Link(LinkEvent<ToEndpoint>),
    /// A request of a business's server.
    Api {
        /// To be named in the answer.
        reply: ReplyId,
        /// The request.
        request: ApiRequest,
    },
    /// What became of an [`Output::PostWebhook`].
    WebhookAnswered {
        /// Which one.
        delivery: DeliveryId,
        /// What became of it.
        outcome: WebhookOutcome,
    },
    /// What became of an [`Output::Challenge`].
    ChallengeAnswered {
        /// Which one.
        challenge: ChallengeId,
        /// What became of it.
        outcome: ChallengeOutcome,
    },
}

/// What a node says.
#[derive(Debug)]
pub enum Output {
    /// A frame for the relay.
    Send(Outgoing<ToRelay>),
    /// The answer to a request.
    Respond {
        /// Which request.
        reply: ReplyId,
        /// The answer.
        response: ApiResponse,
    },
    /// Posts a webhook; [`Input::WebhookAnswered`] must follow.
    PostWebhook(WebhookPost),
    /// Asks a URL if it wants webhooks; [`Input::ChallengeAnswered`] must follow.
    Challenge(Challenge),
    /// The relay gave new totals: the whole bill as it is now.
    Metered(Vec<BillLine>),
    /// Something for the operator.
    Notice(Notice),
}

/// What the operator may know: it names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// Messages flow.
    #[error("the relay knows this node: messages flow")]
    Online,
    /// The connection to the relay is gone; messages wait.
    #[error("the connection to the relay is gone: messages wait")]
    Offline,
    /// Something that arrived can't be read.
    #[error("a message that arrived can't be read: {0}")]
    Unreadable(Unreadable),
    /// The relay refused what the node said.
    #[error("the relay refused what this node said: {0:?}")]
    Rejected(RejectCode),
    /// A webhook was dropped: not acknowledged before its time was over.
    #[error("a webhook was dropped: it was not acknowledged in time")]
    WebhookDropped,
}

impl From<Outgoing<ToRelay>> for Output {
    fn from(frame: Outgoing<ToRelay>) -> Self {
        Self::Send(frame)
    }
}

/// The Cloud API node.
pub struct Node {
    pub(crate) config: NodeConfig,
    pub(crate) endpoint: Endpoint,
    pub(crate) outbound: Outbound,
    pub(crate) inbound: Inbound,
    pub(crate) callbacks: Callbacks,
    pub(crate) challenges: Challenges,
    webhooks: Webhooks,
    bill: Bill,
    /// True once the endpoint speaks for all phone numbers.
    started: bool,
}

impl Node {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// True while the relay takes what the node sends.
    pub fn is_online(&self) -> bool {
        self.endpoint.is_online()
    }

    /// Messages and receipts that consumers do not have yet.
    pub fn undelivered(&self) -> usize {
        self.endpoint.unconfirmed()
    }

    /// Messages to consumers of which the business may still hear something.
    pub fn unsettled(&self) -> usize {
        self.outbound.len()
    }

    /// Webhook events that no business has acknowledged yet.
    pub fn unacknowledged(&self) -> usize {
        self.webhooks.len()
    }

    /// What the relay counted, one line for each phone number, direction, class and country.
    pub fn bill(&self) -> Vec<BillLine> {
        self.bill.lines(&self.config.directory)
    }

    /// Opens the accounts of all phone numbers, once.
    fn start(&mut self, now: Time, rng: &mut Rng, fx: &mut Effects<Output>) {
        if !self.started {
            self.started = true;
            for phone in self.config.directory.phones() {
                let address = Address::primary(phone.number);
                fx.step(now, rng, |step| self.endpoint.open_account(address, step));
            }
        }
    }

    /// What the endpoint says means something to a business, or to the operator.
    fn event(&mut self, now: Time, event: Event, rng: &mut Rng, fx: &mut Effects<Output>) {
        match event {
            Event::Online => fx.say(Output::Notice(Notice::Online)),
            Event::Offline => fx.say(Output::Notice(Notice::Offline)),
            Event::Received { account, from, content } => {
                self.received(now, account.number, from.number, content, rng, fx);
            }
            Event::Accepted { account, message_id } => {
                self.advance(now, (account.number, message_id), None, (Status::Sent, None), rng, fx);
            }
            Event::Delivered { account, message_id } => {
                self.advance(now, (account.number, message_id), None, (Status::Delivered, None), rng, fx);
            }
            Event::Failed { account, message_id, failure } => {
                let key = (account.number, message_id);
                match Problem::of(failure) {
                    None => self.outbound.forget(&key, &mut fx.transaction),
                    problem => self.advance(now, key, None, (Status::Failed, problem), rng, fx),
                }
            }
            Event::Unreadable(unreadable) => fx.say(Output::Notice(Notice::Unreadable(unreadable))),
            Event::Metering(readings) => {
                self.bill.read(readings, &self.config.directory);
                fx.say(Output::Metered(self.bill()));
            }
            Event::Rejected(code) => fx.say(Output::Notice(Notice::Rejected(code))),
        }
    }

    fn received(
        &mut self,
        now: Time,
        business: Number,
        consumer: Number,
        content: Content,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) {
        match content.body {
            Body::Text(text) => {
                let key = (business, consumer, content.message_id.clone());
                // A consumer that uses a name twice is not heard twice.
                if self.inbound.add(now, key, &mut fx.transaction) {
                    let wamid = Wamid::received(consumer, content.message_id);
                    let quoted = text.quoted.clone().map(|id| self.quoted(business, consumer, id));
                    self.post(now, business, rng, fx, |phone, _| {
                        webhook_body::text_message(
                            phone,
                            &wamid,
                            quoted.as_ref(),
                            &text.body,
                            content.sent_at_s,
                        )
                    });
                }
            }
            Body::Read(ids) => {
                for id in ids {
                    self.advance(now, (business, id), Some(consumer), (Status::Read, None), rng, fx);
                }
            }
        }
    }

    /// Consumers quote a message by its sender's name for it; who that was is found here.
    fn quoted(&self, business: Number, consumer: Number, id: MessageId) -> Wamid {
        if self.inbound.contains(&(business, consumer, id.clone())) {
            Wamid::received(consumer, id)
        } else {
            Wamid::sent(consumer, id)
        }
    }

    /// A message of the business's came further; `consumer` is who says so, if it is a consumer.
    fn advance(
        &mut self,
        now: Time,
        key: (Number, MessageId),
        consumer: Option<Number>,
        (status, problem): (Status, Option<Problem>),
        rng: &mut Rng,
        fx: &mut Effects<Output>,
    ) {
        let news = self.outbound.advance(now, &key, consumer, status, &mut fx.transaction);
        let Some(News { wamid, callback_data, statuses }) = news else { return };
        for status in statuses {
            let report = Report { wamid: &wamid, status, callback_data: &callback_data, problem };
            self.post(now, key.0, rng, fx, |phone, version| {
                webhook_body::status(phone, &report, now, version)
            });
        }
    }

    /// An event for every app that wants to hear of it; `body` is told the form that the app wants.
    fn post(
        &mut self,
        now: Time,
        business: Number,
        rng: &mut Rng,
        fx: &mut Effects<Output>,
        body: impl Fn(&Phone, u16) -> Bytes,
    ) {
        let directory = &*self.config.directory;
        let Some(phone) = directory.phone_with(business) else { return };
        for (app, _) in self.callbacks.subscribers(&phone.account) {
            let Some(app) = directory.app(app) else { continue };
            if self.callbacks.wants_messages(&app.id, phone) {
                let body = body(phone, app.webhook_version);
                self.webhooks.enqueue(now, &app.id, phone, body, rng, fx);
            }
        }
    }

    fn run_webhooks(&mut self, now: Time, fx: &mut Effects<Output>) {
        self.webhooks.run(now, &self.config.directory, &self.callbacks, &self.config.webhooks, fx);
    }
}

impl Machine for Node {
    const TABLES: &'static [Table] = &rows::TABLES;
    type Config = NodeConfig;
    type Input = Input;
    type Output = Output;

    fn restore(mut config: NodeConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        // A webhook that nobody acknowledges holds what a consumer said: it has no right to more time than that.
        config.webhooks.retry = config.webhooks.retry.within(config.retention);
        let (endpoint, rows) = Endpoint::restore(config.endpoint.clone(), rows)?;
        let mut node = Self {
            callbacks: Callbacks::new(&config.directory),
            config,
            endpoint,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            challenges: Challenges::default(),
            webhooks: Webhooks::default(),
            bill: Bill::default(),
            started: false,
        };
        for row in rows {
            match row.table {
                rows::OUTBOUND => node.outbound.restore(&row)?,
                rows::INBOUND => node.inbound.restore(&row)?,
                rows::WEBHOOKS => node.webhooks.restore(&row)?,
                rows::CALLBACKS => node.callbacks.restore(&row)?,
                _ => return Err(RestoreError::new(&row, "not a table of a node")),
            }
        }
        Ok(node)
    }

    fn handle(&mut self, now: Time, input: Input, rng: &mut Rng) -> Effects<Output> {
        let mut fx = Effects::none();
        self.start(now, rng, &mut fx);
        match input {
            Input::Link(event) => {
                for event in fx.step(now, rng, |step| self.endpoint.on_link(event, step)) {
                    self.event(now, event, rng, &mut fx);
                }
            }
            Input::Api { reply, request } => self.answer(now, reply, &request, rng, &mut fx),
            Input::WebhookAnswered { delivery, outcome } => {
                self.webhooks.answered(now, delivery, outcome, &self.config.webhooks, &mut fx);
            }
            Input::ChallengeAnswered { challenge, outcome } => {
                self.challenge_answered(challenge, &outcome, rng, &mut fx);
            }
        }
        self.run_webhooks(now, &mut fx);
        fx
    }

    fn wake_at(&self) -> Option<Time> {
        if !self.started {
            return Some(Time::EPOCH);
        }
        let traces = [self.outbound.oldest(), self.inbound.oldest()];
        let times = [
            self.endpoint.wake_at(),
            self.webhooks.wake_at(&self.config.webhooks),
            self.challenges.wake_at(),
            traces.into_iter().flatten().min().map(|oldest| oldest + self.config.retention),
        ];
        times.into_iter().flatten().min()
    }

    fn wake(&mut self, now: Time, rng: &mut Rng) -> Effects<Output> {
        let mut fx = Effects::none();
        self.start(now, rng, &mut fx);
        for event in self.endpoint.expire(now, &mut fx.transaction) {
            self.event(now, event, rng, &mut fx);
        }
        while let Some(challenge) = self.challenges.overdue(now) {
            let outcome = ChallengeOutcome::Failed(HttpFailure::TimedOut);
            self.challenge_answered(challenge, &outcome, rng, &mut fx);
        }
        self.outbound.expire(now - self.config.retention, &mut fx.transaction);
        self.inbound.expire(now - self.config.retention, &mut fx.transaction);
        self.run_webhooks(now, &mut fx);
        fx
    }
}
