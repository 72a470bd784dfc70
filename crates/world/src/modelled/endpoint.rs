//! An end of a conversation with keys by reference: `endpoint::Endpoint` as far as metadata shows what it does.

use super::account::{Account, Bundle};
use super::frame::{Body, Content, Envelope, Fate, Name, ToEndpoint, ToRelay};
use super::model::Model;
use super::output::{Fx, Output};
use super::post::Post;
use super::ring::Ring;
use super::session::Suites;
use super::sessions::Sessions;
use super::sizes;
use crate::record::Who;
use kernel::Time;
use scenario::Padding;
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use wire::ConnectionId;

/// How often a message is encrypted anew for a recipient that could not decrypt it.
const MAX_ATTEMPTS: u8 = 3;

/// The bytes of an envelope's id: what a retry request consists of.
const ID: u32 = 16;

/// What whoever runs the endpoint decides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) one_time_prekeys: u32,
    /// How long an undelivered message is kept; `None`: to the end of the run.
    pub(crate) retention: Option<Duration>,
    pub(crate) gateway: bool,
    pub(crate) suites: Suites,
    pub(crate) padding: Padding,
    /// Hexadecimal digits of the names that it gives messages.
    pub(crate) name: u32,
}

/// What the endpoint tells the machine that it is part of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    Received {
        account: Who,
        from: Who,
        message: u64,
        content: Content,
    },
    /// A message of ours, and whom it is for.
    Accepted(u64, Who),
    Delivered(u64, Who),
    Failed(u64, Who, Failure),
}

/// Why a message will not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    UnknownRecipient,
    NotAllowed,
    Undecryptable,
    Expired,
}

/// A message on its way.
#[derive(Debug, Clone, Copy)]
struct Unconfirmed {
    from: Who,
    to: Who,
    content: Content,
    padded: u32,
    created: Time,
    attempts: u8,
    /// In an envelope; else it waits for a session.
    sent: bool,
}

/// Keys, sessions, outbox and cursor of the addresses that a machine speaks for.
#[derive(Clone)]
pub(crate) struct Endpoint {
    policy: Policy,
    /// Ascending.
    accounts: SmallVec<[(Who, Account); 1]>,
    sessions: Sessions,
    pending: Ring<Unconfirmed>,
    /// In the order in which they were sent, for each pair of addresses.
    waiting: BTreeMap<(Who, Who), Vec<u32>>,
    post: Post,
    fetching: BTreeMap<Who, VecDeque<Who>>,
}

impl Endpoint {
    pub(crate) fn new(
        policy: Policy,
        accounts: impl IntoIterator<Item = (Who, Account)>,
        sessions: Sessions,
    ) -> Self {
        Self {
            policy,
            accounts: accounts.into_iter().collect(),
            sessions,
            pending: Ring::new(),
            waiting: BTreeMap::new(),
            post: Post::default(),
            fetching: BTreeMap::new(),
        }
    }

    /// Reads a bit of all that a message between two addresses needs.
    pub(crate) fn touch(&self, account: Who, peer: Who) {
        self.sessions.touch(account, peer);
        black_box((self.post.is_online(), self.pending.len(), self.accounts.len()));
    }

    /// How many messages the recipients do not have yet.
    pub(crate) const fn unconfirmed(&self) -> usize {
        self.pending.len()
    }

    /// The padded size of the message that an envelope carries, unless it is a receipt or has arrived.
    pub(crate) fn carried(&self, name: Name) -> Option<u32> {
        let message = self.message_in(name)?;
        (!message.content.is_receipt()).then_some(message.padded)
    }

    pub(crate) const fn sessions(&mut self) -> &mut Sessions {
        &mut self.sessions
    }

    /// The connection is there.
    pub(crate) fn up(&mut self, connection: ConnectionId, fx: &mut Fx) {
        self.fetching.clear();
        self.post.connected(connection, self.policy.gateway, fx);
    }

    /// The connection is gone.
    pub(crate) fn down(&mut self, connection: ConnectionId) {
        if self.post.is_on(connection) {
            self.fetching.clear();
            self.post.disconnected();
        }
    }

    /// Something arrives on a connection.
    pub(crate) fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        frame: ToEndpoint,
        model: &Model,
        fx: &mut Fx,
    ) {
        if !self.post.is_on(connection) {
            return;
        }
        match frame {
            ToEndpoint::Welcome { accepted_through } => {
                self.accepted(accepted_through, fx);
                self.post.welcomed(fx);
                for (who, account) in self.accounts.iter().filter(|(_, account)| !account.published) {
                    self.post.say(ToRelay::Publish(*who, account.publish()), fx);
                }
                let mut waiting: Vec<_> = self.waiting.keys().copied().collect();
                // In the order of their numbers.
                waiting.sort_by_key(|(account, peer)| (*account, model.number(*peer)));
                waiting.into_iter().for_each(|(account, peer)| self.fetch(account, peer, fx));
            }
            ToEndpoint::Published(who) => {
                if let Some(account) = self.account_mut(who).filter(|account| !account.published) {
                    account.published = true;
                    fx.write();
                }
            }
            ToEndpoint::Bundle(peer, bundle) => self.bundle(now, peer, bundle, model, fx),
            ToEndpoint::Accepted { through } => self.accepted(through, fx),
            ToEndpoint::Deliver { sequence, envelope } => {
                if self.post.is_new(sequence) {
                    self.envelope(now, &envelope, model, fx);
                }
                self.post.delivered(sequence, fx);
            }
            ToEndpoint::Receipt { sequence, message, attempt, fate } => {
                if self.post.is_new(sequence) {
                    self.receipt(Name { message, attempt }, fate, fx);
                }
                self.post.delivered(sequence, fx);
            }
            ToEndpoint::PrekeysLow(who, _) => {
                let count = self.policy.one_time_prekeys;
                if let Some(account) = self.account_mut(who) {
                    let published = account.replenish(count);
                    fx.write();
                    self.post.say(ToRelay::Publish(who, published), fx);
                }
            }
            ToEndpoint::Metering(_) | ToEndpoint::Rejected => {}
        }
    }

    /// Takes a message on, and gives its number.
    pub(crate) fn send(
        &mut self,
        now: Time,
        (from, to): (Who, Who),
        content: Content,
        model: &Model,
        fx: &mut Fx,
    ) -> u64 {
        let body = match content {
            Content::Text(length) => sizes::text(length),
            Content::Read(message) => sizes::read(model.name_of(message)),
        };
        let length = sizes::content(self.policy.name, now.as_secs(), body);
        let padded = sizes::padded(length, self.policy.padding);
        let (created, attempts, sent) = (now, 0, false);
        let number = self.pending.push(Unconfirmed { from, to, content, padded, created, attempts, sent });
        self.forward(now, number, model, fx);
        key(from, number)
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        let (_, oldest) = self.pending.oldest()?;
        Some(oldest.created + self.policy.retention?)
    }

    /// Destroys what was not delivered within the retention period.
    pub(crate) fn expire(&mut self, now: Time, fx: &mut Fx) {
        let Some(retention) = self.policy.retention else { return };
        let time = now - retention;
        while let Some((number, message)) = self.pending.oldest().filter(|(_, m)| m.created <= time) {
            let pair = (message.from, message.to);
            if let Some(waiting) = self.waiting.get_mut(&pair) {
                waiting.retain(|other| *other != number);
                if waiting.is_empty() {
                    self.waiting.remove(&pair);
                }
            }
            self.fail(number, Failure::Expired, fx);
        }
    }

    /// Encrypts and submits a message, or lets it wait for a session.
    fn forward(&mut self, now: Time, number: u32, model: &Model, fx: &mut Fx) {
        let Some(message) = self.pending.get_mut(number) else { return };
        let (from, to) = (message.from, message.to);
        // Behind others that wait it waits too.
        let waits = self.waiting.contains_key(&(from, to));
        let session = if waits { None } else { self.sessions.get_mut(from, to) };
        let registration = find(&self.accounts, from).map_or(0, |account| account.registration);
        let session = session.filter(|session| session.can_encrypt(now.as_secs()));
        let Some(sealed) = session.and_then(|session| session.encrypt(registration)) else {
            message.sent = false;
            return self.wait(number, (from, to), fx);
        };
        message.sent = true;
        message.attempts += 1;
        let ciphertext = sizes::ciphertext(message.padded, &sealed);
        let envelope = Envelope {
            from,
            to,
            name: Name { message: key(from, number), attempt: message.attempts },
            body: Body::Sealed(sealed, message.content),
            ciphertext,
            size: sizes::envelope(model.length(from), model.length(to), ciphertext),
        };
        self.post.submit(Arc::new(envelope), fx);
    }

    fn wait(&mut self, number: u32, pair: (Who, Who), fx: &mut Fx) {
        fx.write();
        let asked = self.waiting.contains_key(&pair);
        self.waiting.entry(pair).or_default().push(number);
        if !asked && self.post.is_online() {
            self.fetch(pair.0, pair.1, fx);
        }
    }

    fn fetch(&mut self, account: Who, peer: Who, fx: &mut Fx) {
        let asking = self.fetching.entry(peer).or_default();
        if !asking.contains(&account) {
            asking.push_back(account);
            self.post.say(ToRelay::FetchBundle(peer), fx);
        }
    }

    /// A bundle arrived: starts the session and sends what waited for it.
    fn bundle(&mut self, now: Time, peer: Who, bundle: Option<Bundle>, model: &Model, fx: &mut Fx) {
        let asking = self.fetching.get_mut(&peer);
        let Some(account) = asking.and_then(VecDeque::pop_front) else { return };
        let waiting = self.waiting.remove(&(account, peer)).unwrap_or_default();
        match bundle {
            Some(bundle) => {
                let base = self.sessions.next_base(account);
                if let Some(record) = self.sessions.between(account, peer) {
                    record.initiate(base, self.policy.suites, bundle, now.as_secs());
                }
                waiting.into_iter().for_each(|number| self.forward(now, number, model, fx));
            }
            None => waiting.into_iter().for_each(|number| self.fail(number, Failure::UnknownRecipient, fx)),
        }
    }

    /// The relay has our submissions up to `through`.
    fn accepted(&mut self, through: u64, fx: &mut Fx) {
        while let Some(envelope) = self.post.pop_accepted(through) {
            fx.write();
            if self.carried(envelope.name).is_some() {
                fx.events.push(Event::Accepted(envelope.name.message, envelope.to));
            }
        }
    }

    /// An envelope out of our inbox, for the first time.
    fn envelope(&mut self, now: Time, envelope: &Envelope, model: &Model, fx: &mut Fx) {
        let (sealed, content) = match &envelope.body {
            Body::Retry(asked) => return self.retry(now, envelope, *asked, model, fx),
            Body::Sealed(sealed, content) => (sealed, *content),
        };
        let (account, from, message) = (envelope.to, envelope.from, envelope.name.message);
        let Some(ours) = find_mut(&mut self.accounts, account) else { return };
        let Some(record) = self.sessions.between(account, from) else { return };
        match record.decrypt(sealed, self.policy.suites) {
            Ok(used) => {
                ours.consume(used);
                fx.events.push(Event::Received { account, from, message, content });
            }
            Err(_) => self.ask_again(envelope, model, fx),
        }
    }

    /// Asks the sender of an envelope for a new session and the message again.
    fn ask_again(&mut self, envelope: &Envelope, model: &Model, fx: &mut Fx) {
        let (from, to) = (envelope.to, envelope.from);
        let request = Envelope {
            from,
            to,
            name: Name { message: 0, attempt: 0 },
            body: Body::Retry(envelope.name),
            ciphertext: ID,
            size: sizes::envelope(model.length(from), model.length(to), ID),
        };
        self.post.submit(Arc::new(request), fx);
    }

    /// A recipient could not decrypt one of our messages: sends it again in a new session.
    fn retry(&mut self, now: Time, request: &Envelope, asked: Name, model: &Model, fx: &mut Fx) {
        let meant = |message: &&Unconfirmed| message.from == request.to && message.to == request.from;
        let Some(message) = self.message_in(asked).filter(meant) else { return };
        let (attempts, number) = (message.attempts, number(asked.message));
        if attempts >= MAX_ATTEMPTS {
            return self.fail(number, Failure::Undecryptable, fx);
        }
        if let Some(record) = self.sessions.get_mut(request.to, request.from) {
            record.archive_current();
        }
        self.forward(now, number, model, fx);
    }

    fn receipt(&mut self, name: Name, fate: Fate, fx: &mut Fx) {
        let Some(message) = self.message_in(name) else { return };
        let (is_receipt, to, number) = (message.content.is_receipt(), message.to, number(name.message));
        match fate {
            Fate::Delivered => {
                self.pending.remove(number);
                if !is_receipt {
                    fx.events.push(Event::Delivered(name.message, to));
                }
            }
            Fate::UnknownRecipient => self.fail(number, Failure::UnknownRecipient, fx),
            Fate::NotAllowed => self.fail(number, Failure::NotAllowed, fx),
        }
    }

    /// Gives a message up.
    fn fail(&mut self, number: u32, failure: Failure, fx: &mut Fx) {
        fx.write();
        if let Some(message) = self.pending.remove(number)
            && !message.content.is_receipt()
        {
            fx.events.push(Event::Failed(key(message.from, number), message.to, failure));
        }
    }

    /// The message that an envelope carries, if it is still on its way and in no other.
    fn message_in(&self, name: Name) -> Option<&Unconfirmed> {
        let message = self.pending.get(number(name.message))?;
        (message.sent && message.attempts == name.attempt).then_some(message)
    }

    fn account_mut(&mut self, who: Who) -> Option<&mut Account> {
        find_mut(&mut self.accounts, who)
    }
}

/// A message's name in a run: who sends it, and the number that it has there.
fn key(from: Who, number: u32) -> u64 {
    u64::from(from.as_u32()) << 32 | u64::from(number)
}

/// The number of a message at its sender.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
pub(crate) const fn number(message: u64) -> u32 {
    message as u32
}

fn find(accounts: &[(Who, Account)], who: Who) -> Option<&Account> {
    let at = accounts.binary_search_by_key(&who, |(other, _)| *other).ok()?;
    accounts.get(at).map(|(_, account)| account)
}

fn find_mut(accounts: &mut [(Who, Account)], who: Who) -> Option<&mut Account> {
    let at = accounts.binary_search_by_key(&who, |(other, _)| *other).ok()?;
    accounts.get_mut(at).map(|(_, account)| account)
}

impl Output {
    /// A frame that is said.
    pub(crate) const fn frame(connection: ConnectionId, frame: ToRelay) -> Self {
        Self::Send(connection, frame)
    }
}
