//! The node as a machine: what there is, and which input goes where.
//!
//! | input | goes to |
//! |---|---|
//! | a request of a business's server | `api`: the [table of routes](crate::ROUTES), then the function of the route |
//! | something on the connection to the relay | the endpoint; what it makes of it to `messages` and `billing` |
//! | what became of a webhook | the queue of `webhooks` |
//! | what became of a handshake | `webhooks`: the request that waits for it |

use crate::accounts::Directory;
use crate::api::{ApiRequest, ApiResponse, ReplyId};
use crate::billing::{Bill, BillLine};
use crate::config::NodeConfig;
use crate::messages::{Inbound, Outbound};
use crate::rows;
use crate::webhooks::{
    Callbacks, Challenge, ChallengeId, ChallengeOutcome, Challenges, DeliveryId, HttpFailure, Queue,
    WebhookOutcome, WebhookPost,
};
use endpoint::generic::Endpoint;
use endpoint::{Event, Provider, Unreadable};
use graph::webhook::StatusKind;
use kernel::{Effects, Machine, RestoreError, Rng, Row, Table, Time};
use wire::{Address, LinkEvent, Outgoing, RejectCode, ToEndpoint, ToRelay};

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

/// One step of a node.
pub(crate) type Step<'a> = kernel::Step<'a, Output>;

/// The Cloud API node.
pub struct Node<P: Provider> {
    pub(crate) config: NodeConfig,
    pub(crate) directory: Directory,
    pub(crate) endpoint: Endpoint<P>,
    pub(crate) outbound: Outbound,
    pub(crate) inbound: Inbound,
    pub(crate) callbacks: Callbacks,
    pub(crate) challenges: Challenges,
    pub(crate) webhooks: Queue,
    bill: Bill,
    /// True once the endpoint speaks for all phone numbers.
    started: bool,
}

impl<P: Provider> Node<P> {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint<P> {
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
        self.bill.lines(&self.directory)
    }

    /// Opens the accounts of all phone numbers, once.
    fn start(&mut self, step: &mut Step<'_>) {
        if !self.started {
            self.started = true;
            for phone in self.directory.phones() {
                step.part(|step| self.endpoint.open_account(Address::primary(phone.number), step));
            }
        }
    }

    fn on_link(&mut self, event: LinkEvent<ToEndpoint>, step: &mut Step<'_>) {
        for event in step.part(|step| self.endpoint.on_link(event, step)) {
            self.on_event(event, step);
        }
    }

    /// What the endpoint says means something to a business, or to the operator.
    fn on_event(&mut self, event: Event, step: &mut Step<'_>) {
        match event {
            Event::Online => step.say(Output::Notice(Notice::Online)),
            Event::Offline => step.say(Output::Notice(Notice::Offline)),
            Event::Received { account, from, content } => {
                self.on_message(account.number, from.number, content, step);
            }
            Event::Accepted { account, message_id } => {
                self.on_progress((account.number, message_id), StatusKind::Sent, step);
            }
            Event::Delivered { account, message_id } => {
                self.on_progress((account.number, message_id), StatusKind::Delivered, step);
            }
            Event::Failed { account, message_id, failure } => {
                self.on_failure((account.number, message_id), failure, step);
            }
            Event::Unreadable(unreadable) => step.say(Output::Notice(Notice::Unreadable(unreadable))),
            Event::Metering(readings) => {
                self.bill.read(readings, &self.directory);
                step.say(Output::Metered(self.bill()));
            }
            Event::Rejected(code) => step.say(Output::Notice(Notice::Rejected(code))),
        }
    }
}

impl<P: Provider> Machine for Node<P> {
    const TABLES: &'static [Table] = &rows::TABLES;
    type Config = NodeConfig;
    type Input = Input;
    type Output = Output;

    fn restore(mut config: NodeConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        // A webhook that nobody acknowledges holds what a consumer said: it has no right to more time than that.
        config.webhooks.retry = config.webhooks.retry.within(config.retention);
        let (endpoint, rows) = Endpoint::restore(config.endpoint.clone(), rows)?;
        let directory = Directory::new(&config.tenants);
        let mut node = Self {
            callbacks: Callbacks::new(&directory),
            config,
            directory,
            endpoint,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            challenges: Challenges::default(),
            webhooks: Queue::default(),
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
        Effects::of(now, rng, |step| {
            self.start(step);
            match input {
                Input::Link(event) => self.on_link(event, step),
                Input::Api { reply, request } => self.on_request(reply, &request, step),
                Input::WebhookAnswered { delivery, outcome } => {
                    self.webhooks.answered(now, delivery, outcome, &self.config.webhooks, step.transaction);
                }
                Input::ChallengeAnswered { challenge, outcome } => {
                    self.on_challenge_answered(challenge, &outcome, step);
                }
            }
            self.run_webhooks(step);
        })
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
        Effects::of(now, rng, |step| {
            self.start(step);
            for event in self.endpoint.expire(now, step.transaction) {
                self.on_event(event, step);
            }
            while let Some(challenge) = self.challenges.overdue(now) {
                let outcome = ChallengeOutcome::Failed(HttpFailure::TimedOut);
                self.on_challenge_answered(challenge, &outcome, step);
            }
            self.outbound.expire(now - self.config.retention, step.transaction);
            self.inbound.expire(now - self.config.retention, step.transaction);
            self.run_webhooks(step);
        })
    }
}
