//! The node as a machine: what there is, and which input goes where.
//!
//! | input | goes to |
//! |---|---|
//! | a request of a business's server | `api`: the [table of routes](crate::ROUTES), then the function of the route |
//! | something on the connection to the relay | the endpoint; what it makes of it to `messages` and `billing` |
//! | what became of a webhook | the queue of `webhooks` |
//! | what a reviewer says | `templates` |
//! | what became of a blob that was to be put at the relay | `media`: the message that waits for it |
//! | what became of a handshake | `webhooks`: the request that waits for it |
//! | an order of the control interface | `control`; what it may break is in `faults` |
//! | what the platform decides about an account or a number | `webhooks`: its owner is told |

use crate::api::{ApiRequest, ReplyId};
use crate::billing::BillLine;
use crate::config::NodeConfig;
use crate::control::Order;
use crate::held::Held;
use crate::media::{BlobAnswer, FileName, PutId};
use crate::messages::REMEMBERED;
use crate::output::{Notice, Output, Step};
use crate::rows;
use crate::state::{Planted, State};
use crate::templates::Verdict;
use crate::webhooks::{ChallengeId, ChallengeOutcome, DeliveryId, HttpFailure, Signing, WebhookOutcome};
use endpoint::Event;
use endpoint::generic::Endpoint;
use graph::templates::Status;
use graph::webhook::{Announcement, Field, StatusKind};
use graph::{AppId, PhoneNumberId, TemplateId, WabaId};
use kernel::{Machine, RestoreError, Row, Table, Time};
use wire::{Address, LinkEvent, Number, ToEndpoint};

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
    /// A reviewer says what becomes of a template.
    Review {
        /// Of which one.
        template: TemplateId,
        /// What becomes of it.
        verdict: Verdict,
    },
    /// What became of a [`MediaWork::Put`](crate::MediaWork::Put).
    BlobPut {
        /// Which one.
        put: PutId,
        /// What became of it.
        answer: BlobAnswer,
    },
    /// What became of an [`Output::Challenge`].
    ChallengeAnswered {
        /// Which one.
        challenge: ChallengeId,
        /// What became of it.
        outcome: ChallengeOutcome,
    },
    /// Something that the control interface asks for.
    Order {
        /// To be named in [`Output::Done`].
        reply: ReplyId,
        /// What.
        order: Order,
    },
    /// The platform has decided something about an account.
    OfAccount(WabaId, Announcement),
    /// The platform has decided something about a phone number.
    OfNumber(PhoneNumberId, Announcement),
}

/// The Cloud API node.
pub struct Node<P: Signing> {
    state: State<Endpoint<P>>,
    /// What is not taken of the relay before a business's webhooks have caught up.
    held: Held,
    /// Until the first step, after which the endpoint speaks for all phone numbers.
    planted: Option<Planted>,
}

impl<P: Signing> Node<P> {
    /// The endpoint inside, to look at.
    pub fn endpoint(&self) -> &Endpoint<P> {
        &self.state.endpoint
    }

    /// True while the relay takes what the node sends.
    pub fn is_online(&self) -> bool {
        self.state.endpoint.is_online()
    }

    /// Messages and receipts that consumers do not have yet.
    pub fn undelivered(&self) -> usize {
        self.state.endpoint.unconfirmed()
    }

    /// Messages to consumers of which the business may still hear something.
    pub fn unsettled(&self) -> usize {
        self.state.outbound.len()
    }

    /// Messages to consumers that wait for the relay to have their media.
    pub fn waiting_for_media(&self) -> usize {
        self.state.sending.len()
    }

    /// True if this file is one that a row names: others are nobody's.
    pub fn keeps_file(&self, name: FileName) -> bool {
        let state: &State = &self.state;
        state.keeps_file(name)
    }

    /// Webhook updates that no business has acknowledged yet.
    pub fn unacknowledged(&self) -> usize {
        self.state.webhooks.len()
    }

    /// When a consumer wrote to one of our numbers last, within the longest time that any window is open (72 hours).
    pub fn last_heard(&self, business: Number, consumer: Number) -> Option<Time> {
        self.state.conversations.last_heard(business, consumer)
    }

    /// What the relay counted, one line for each phone number, direction, class and country.
    pub fn bill(&self) -> Vec<BillLine> {
        self.state.bill.lines(&self.state.directory)
    }

    /// What has become of a template, if there is one with that id.
    pub fn template_status(&self, id: TemplateId) -> Option<Status> {
        Some(self.state.templates.get(id)?.status)
    }

    /// Where an app hears of a phone number: what is in force from the start on, whoever has said it.
    pub fn webhook(&self, app: AppId, number: PhoneNumberId) -> Option<&str> {
        let State { directory, callbacks, .. } = &self.state;
        let phone = directory.phone(number)?;
        let hears = callbacks.subscribers(phone.account).any(|(subscriber, _)| subscriber == app);
        let of = (phone.account, Some(phone.id));
        (hears && callbacks.wants(app, Field::Messages, of))
            .then(|| callbacks.url(app, Field::Messages, of))?
    }

    /// Makes durable what the tenants file says, and opens the accounts of all phone numbers, once, before anything else.
    fn start(&mut self, step: &mut Step<'_>) {
        if let Some(planted) = self.planted.take() {
            step.transaction.absorb(planted.transaction);
            planted.notices.into_iter().for_each(|notice| step.say(Output::Notice(notice)));
            for phone in self.state.directory.phones() {
                let account = Address::primary(phone.number);
                step.part(|step| self.state.endpoint.open_account(account, step));
            }
        }
    }

    fn on_link(&mut self, event: LinkEvent<ToEndpoint>, step: &mut Step<'_>) {
        let state: &State = &self.state;
        if let Some(event) = self.held.sift(event, |business| state.has_room_for_messages_to(business)) {
            self.take(event, step);
        }
    }

    fn take(&mut self, event: LinkEvent<ToEndpoint>, step: &mut Step<'_>) {
        for event in step.part(|step| self.state.endpoint.on_link(event, step)) {
            self.on_event(event, step);
        }
    }

    /// What the endpoint says means something to a business, or to the operator.
    fn on_event(&mut self, event: Event, step: &mut Step<'_>) {
        let state: &mut State = &mut self.state;
        match event {
            Event::Online => step.say(Output::Notice(Notice::Online)),
            Event::StartedOver => step.say(Output::Notice(Notice::StartedOver)),
            Event::Offline => step.say(Output::Notice(Notice::Offline)),
            Event::Received { account, from, content } => {
                state.on_message(account.number, from.number, content, step);
            }
            Event::Accepted { account, message_id } => {
                state.on_progress((account.number, message_id), StatusKind::Sent, step);
            }
            Event::Delivered { account, message_id } => {
                state.on_progress((account.number, message_id), StatusKind::Delivered, step);
            }
            Event::Failed { account, message_id, failure } => {
                state.on_failure((account.number, message_id), failure, step);
            }
            Event::IdentityChanged { account, peer, identity, trusted: _ } => {
                state.on_identity_change(account.number, peer.number, &identity, step);
            }
            Event::Unreadable(unreadable) => step.say(Output::Notice(Notice::Unreadable(unreadable))),
            Event::Metering(readings) => {
                state.bill.read(readings, &state.directory);
                step.say(Output::Metered(state.bill.lines(&state.directory)));
            }
            Event::Rejected(code) => step.say(Output::Notice(Notice::Rejected(code))),
        }
    }
}

impl<P: Signing> Machine for Node<P> {
    const TABLES: &'static [Table] = &rows::TABLES;
    type Config = NodeConfig;
    type Input = Input;
    type Output = Output;

    fn restore(mut config: NodeConfig, rows: Vec<Row>) -> Result<Self, RestoreError> {
        // A webhook that nobody acknowledges holds what a consumer said: it has no right to more time than that.
        config.webhooks.retry = config.webhooks.retry.within(config.retention);
        let (endpoint, rows) = Endpoint::restore(config.endpoint.clone(), rows)?;
        let mut state = State::new(config, endpoint);
        for row in rows {
            match row.table {
                rows::OUTBOUND => state.outbound.restore(&row)?,
                rows::INBOUND => state.inbound.restore(&row)?,
                rows::CONVERSATIONS => state.conversations.restore(&row)?,
                rows::WEBHOOKS => state.webhooks.restore(&row)?,
                rows::CALLBACKS => state.callbacks.restore(&row)?,
                rows::TEMPLATES => state.templates.restore(&row)?,
                rows::MEDIA => state.media.restore(&row)?,
                rows::SENDING => state.sending.restore(&row)?,
                _ if state.directory.restore(&row)? => {}
                _ => return Err(RestoreError::new(&row, "not a table of a node")),
            }
        }
        // The file is in force from now on; it is durable before anything is said.
        let planted = State::plant(&mut state);
        Ok(Self { state, held: Held::default(), planted: Some(planted) })
    }

    fn on_input(&mut self, input: Input, step: &mut Step<'_>) {
        self.start(step);
        let state: &mut State = &mut self.state;
        match input {
            Input::Link(event) => self.on_link(event, step),
            Input::Api { reply, request } => state.on_request(reply, &request, step),
            Input::WebhookAnswered { delivery, outcome } => {
                state.on_webhook_answered(delivery, outcome, step);
            }
            Input::Review { template, verdict } => {
                // A template that is not there, or can't become that, stays what it is.
                let _ = state.judge(template, verdict, step);
            }
            Input::BlobPut { put, answer } => state.on_blob_put(&put, answer, step),
            Input::ChallengeAnswered { challenge, outcome } => {
                state.on_challenge_answered(challenge, &outcome, step);
            }
            Input::Order { reply, order } => state.on_order(reply, order, step),
            Input::OfAccount(account, said) => {
                state.post_account_event(account, said.field(), &said, step);
            }
            Input::OfNumber(number, said) => state.post_number_event(number, said.field(), &said, step),
        }
        let state: &mut State = &mut self.state;
        state.run_faults(step);
        state.run_sending(step);
        state.run_webhooks(step);
    }

    fn wake_at(&self) -> Option<Time> {
        if self.planted.is_some() {
            return Some(Time::EPOCH);
        }
        let state: &State = &self.state;
        if self.held.is_takeable(|business| state.has_room_for_messages_to(business)) {
            return Some(Time::EPOCH);
        }
        let traces = [self.state.outbound.oldest(), self.state.inbound.oldest()];
        let times = [
            self.state.endpoint.wake_at(),
            self.state.webhooks.wake_at(&self.state.config.webhooks),
            self.state.challenges.wake_at(),
            self.state.faults.wake_at(),
            self.state.templates.first_due().map(|(due, _)| due),
            self.state.media.first_expiry(),
            self.state.sending.wake_at(),
            traces.into_iter().flatten().min().map(|oldest| oldest + self.state.config.retention),
            self.state.conversations.oldest().map(|oldest| oldest + REMEMBERED),
        ];
        times.into_iter().flatten().min()
    }

    fn on_wake(&mut self, step: &mut Step<'_>) {
        self.start(step);
        let now = step.now;
        let state: &State = &self.state;
        // One at a time: each is one business's.
        if let Some(event) = self.held.next(|business| state.has_room_for_messages_to(business)) {
            self.take(event, step);
        }
        for event in step.part(|step| self.state.endpoint.expire(step)) {
            self.on_event(event, step);
        }
        let state: &mut State = &mut self.state;
        while let Some(challenge) = state.challenges.overdue(now) {
            let outcome = ChallengeOutcome::Failed(HttpFailure::TimedOut);
            state.on_challenge_answered(challenge, &outcome, step);
        }
        state.run_faults(step);
        state.run_templates(step);
        // Before its trace is forgotten, what has waited for too long is said to have failed.
        state.expire_media(step);
        state.run_sending(step);
        state.outbound.expire(now - state.config.retention, step.transaction);
        state.inbound.expire(now - state.config.retention, step.transaction);
        state.conversations.expire(now - REMEMBERED, step.transaction);
        state.run_webhooks(step);
    }
}
