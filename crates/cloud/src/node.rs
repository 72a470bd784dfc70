//! The node as a machine.

use crate::bill::{Bill, BillLine};
use crate::config::NodeConfig;
use crate::exchange::{
    ApiRequest, ApiResponse, Challenge, ChallengeId, ChallengeOutcome, DeliveryId, ReplyId, WebhookOutcome,
    WebhookPost,
};
use crate::rows;
use endpoint::{Endpoint, Unreadable};
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

/// The Cloud API node.
pub struct Node {
    config: NodeConfig,
    endpoint: Endpoint,
    bill: Bill,
    /// True once the endpoint speaks for all phone numbers.
    started: bool,
}

impl Node {
    /// True while the relay takes what the node sends.
    pub fn is_online(&self) -> bool {
        self.endpoint.is_online()
    }

    /// Messages that consumers do not have yet.
    pub fn undelivered(&self) -> usize {
        self.endpoint.unconfirmed()
    }

    /// What the relay counted, one line for each phone number, direction, class and country.
    pub fn bill(&self) -> Vec<BillLine> {
        self.bill.lines(&self.config.directory)
    }

    fn start(&mut self, rng: &mut Rng, fx: &mut Effects<Output>) {
        if !self.started {
            self.started = true;
            for phone in self.config.directory.phones() {
                self.endpoint.open_account(Address::primary(phone.number), rng, fx);
            }
        }
    }
}

impl Machine for Node {
    const TABLES: &'static [Table] = &rows::TABLES;
    type Config = NodeConfig;
    type Input = Input;
    type Output = Output;

    fn restore(config: NodeConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        let (endpoint, _rows) = Endpoint::restore(config.endpoint.clone(), rows)?;
        Ok(Self { config, endpoint, bill: Bill::default(), started: false })
    }

    fn handle(&mut self, now: Time, input: Input, rng: &mut Rng) -> Effects<Output> {
        let mut fx = Effects::none();
        self.start(rng, &mut fx);
        if let Input::Link(event) = input {
            self.endpoint.handle(now, event, rng, &mut fx);
        }
        fx
    }

    fn wake_at(&self) -> Option<Time> {
        if self.started { self.endpoint.wake_at() } else { Some(Time::EPOCH) }
    }

    fn wake(&mut self, _now: Time, rng: &mut Rng) -> Effects<Output> {
        let mut fx = Effects::none();
        self.start(rng, &mut fx);
        fx
    }
}
