//! The endpoint as a whole: what a frame of the relay's, a message to be sent, or time that has passed does to accounts,
//! sessions, the two numbered queues and what is not confirmed, and which of them is asked first. Encrypting, opening,
//! asking again, giving up: every decision about a message is in this file; the files beside it keep the state.

use crate::account::{Account, Portion};
use crate::post::Post;
use crate::retries::Retries;
use crate::rows::{self, read_account_key, read_session_key};
use crate::sessions::Sessions;
use crate::terms::{IdentityDigest, Terms};
use crate::unconfirmed::{MessageKey, Pending, Unconfirmed};
use crate::{Event, Failure, IdentityChanges, Policy, Step, Unreadable};
use bytes::Bytes;
use content::{Content, MessageId, PaddingError};
use kernel::{RestoreError, Row, Time, Transaction};
use ratchet::generic::SessionRecord;
use ratchet::{
    DecryptError, IdentityKey, KemPublicKey, MessageKind, PrekeyMessage, Provider, PublicKemPrekey,
    PublicKey, PublicOneTimePrekey, PublicSignedPrekey, SessionStatus, Signature,
};
use std::collections::{BTreeMap, VecDeque};
use wire::{
    Address, BillingClass, Bundle, Envelope, EnvelopeId, EnvelopeKind, InboxItem, LinkEvent, Outcome,
    Position, Receipt, ToEndpoint, ToRelay,
};

/// How often a message is encrypted anew for a recipient that could not decrypt it.
const MAX_ATTEMPTS: u32 = 3;

/// A message was not taken on; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// This endpoint does not speak for the sender's address.
    #[error("this endpoint does not speak for the sender's address")]
    UnknownAccount,
    /// The recipient is the sender: there is nobody to encrypt for, and nothing for a relay to carry.
    #[error("the recipient is the sender")]
    ToItself,
    /// A message of that name is on its way already.
    #[error("a message of that name is on its way already")]
    Repeated,
    /// It is for another identity key than the one that is known to be the recipient's.
    #[error("the recipient's identity key is not the one that the message is for")]
    AnotherIdentity,
    /// Too long for the largest bucket.
    #[error(transparent)]
    TooLong(#[from] PaddingError),
}

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried<'a> {
    /// The message's name.
    pub message_id: &'a MessageId,
    /// Its plaintext with padding, in bytes.
    pub padded_bytes: usize,
    /// A read receipt, or that somebody is writing: nobody follows what becomes of it.
    pub is_receipt: bool,
}

/// Keys, sessions, outbox and cursor of the addresses that a machine speaks for.
pub struct Endpoint<P: Provider> {
    policy: Policy,
    accounts: BTreeMap<Address, Box<Account<P>>>,
    sessions: Sessions<P>,
    pending: Pending,
    post: Post,
    /// For each peer the accounts that wait for a bundle of it, in the order in which they asked.
    fetching: BTreeMap<Address, VecDeque<Address>>,
    retries: Retries,
    /// When an account has keys to make or to destroy, at the earliest.
    keys_due: Option<Time>,
}

impl<P: Provider> Endpoint<P> {
    /// An endpoint from those of `rows` that are in its tables; the others are handed back.
    ///
    /// # Errors
    /// A row that can't be read.
    pub fn restore(policy: Policy, rows: Vec<Row>) -> Result<(Self, Vec<Row>), RestoreError> {
        let mut endpoint = Self {
            policy,
            accounts: BTreeMap::new(),
            sessions: Sessions::default(),
            pending: Pending::default(),
            post: Post::default(),
            fetching: BTreeMap::new(),
            retries: Retries::default(),
            keys_due: None,
        };
        let (mut prekeys, mut others) = (Vec::new(), Vec::new());
        for row in rows {
            match row.table {
                rows::ACCOUNTS => {
                    let address = read_account_key(&row)?;
                    let account = Account::restore(&row, address, endpoint.policy.suites)?;
                    endpoint.accounts.insert(address, Box::new(account));
                }
                rows::PREKEYS => prekeys.push(row),
                rows::SESSIONS => endpoint.sessions.restore(&row, read_session_key(&row)?)?,
                rows::POST | rows::OUTBOX => endpoint.post.restore(&row)?,
                rows::UNCONFIRMED => endpoint.pending.restore(&row, endpoint.policy.retention)?,
                _ => others.push(row),
            }
        }
        for row in prekeys {
            let (address, tag) =
                row.key.split_at_checked(9).ok_or_else(|| RestoreError::new(&row, "short key"))?;
            let address = Address::from_key(address).map_err(|error| RestoreError::new(&row, error))?;
            let account = endpoint.accounts.get_mut(&address);
            account
                .ok_or_else(|| RestoreError::new(&row, "prekey without account"))?
                .restore_one_time(&row, tag)?;
        }
        endpoint.look_at_keys();
        Ok((endpoint, others))
    }

    /// Makes this endpoint speak for `address`, with new keys unless it does so already.
    pub fn open_account(&mut self, address: Address, step: &mut Step<'_>) {
        if !self.accounts.contains_key(&address) {
            let rng = step.rng.child(drawn_for(address, &self.policy));
            let account = Account::create(address, &self.policy, step.now, rng, step.transaction);
            self.keys_due = self.keys_due.into_iter().chain([account.due(&self.policy)]).min();
            self.accounts.insert(address, Box::new(account));
            self.publish(address, &Portion::Everything, step);
        }
    }

    /// Gives an address of ours a new identity and new keys, as if it were installed anew: all its sessions are destroyed,
    /// its peers see that the identity has changed. Messages on their way are sent again where somebody asks for them.
    pub fn renew_account(&mut self, address: Address, step: &mut Step<'_>) {
        if let Some(account) = self.accounts.get_mut(&address) {
            let rng = step.rng.child(drawn_for(address, &self.policy));
            account.renew(&self.policy, step.now, rng, step.transaction);
            self.sessions.forget(address, step.transaction);
            self.look_at_keys();
            self.publish(address, &Portion::Everything, step);
        }
    }

    /// Decides that `peer` has this identity from now on, for `account`. Needed where the policy refuses changes.
    pub fn trust(&mut self, account: Address, peer: Address, identity: IdentityKey, step: &mut Step<'_>) {
        let session = self.sessions.between(account, peer);
        if session.record.remote_identity() != Some(identity) {
            session.record.trust(identity);
            session.write(account, peer, step.transaction);
        }
    }

    /// The identity key that `account` trusts to be that of `peer`, if they ever spoke.
    pub fn peer_identity(&self, account: Address, peer: Address) -> Option<IdentityKey> {
        self.sessions.get(account, peer)?.record.remote_identity()
    }

    /// The identity key of an address of ours.
    pub fn identity(&self, account: Address) -> Option<IdentityKey> {
        self.accounts.get(&account).map(|account| account.identity.key_pair.public())
    }

    /// True if the relay that we are at, or were last, has confirmed that this address is ours and has its keys.
    pub fn is_published(&self, account: Address) -> bool {
        self.accounts.get(&account).is_some_and(|account| account.published)
    }

    /// True if the relay has the keys of any address of ours.
    pub fn is_known(&self) -> bool {
        self.accounts.values().any(|account| account.published)
    }

    /// True while the relay takes what we send.
    pub fn is_online(&self) -> bool {
        self.post.is_online()
    }

    /// How many messages the recipients do not have yet.
    pub fn unconfirmed(&self) -> usize {
        self.pending.len()
    }

    /// What one of our envelopes carries; `None` if it is no message, or one that has arrived.
    pub fn carried(&self, envelope: EnvelopeId) -> Option<Carried<'_>> {
        let ((_, message_id), message) = self.pending.message_in(envelope)?;
        let padded_bytes = message.plaintext.len();
        Some(Carried { message_id, padded_bytes, is_receipt: message.is_receipt })
    }

    /// How far the session of an address of ours with a peer has come.
    pub fn status(&self, account: Address, peer: Address) -> Option<SessionStatus> {
        self.sessions.get(account, peer)?.record.status()
    }

    /// How many pairs of addresses have a session.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Something happened on the connection to the relay.
    pub fn on_link(&mut self, event: LinkEvent<ToEndpoint>, step: &mut Step<'_>) -> Vec<Event> {
        match event {
            LinkEvent::Up { connection, .. } => {
                self.fetching.clear();
                self.accounts.values_mut().for_each(|account| account.reconnected());
                self.post.connected(connection, self.policy.gateway, step);
                Vec::new()
            }
            LinkEvent::Frame { connection, frame } if self.post.is_on(connection) => {
                self.on_frame(frame, step)
            }
            LinkEvent::Garbled { error, .. } => vec![Event::Rejected(error.reject_code())],
            LinkEvent::Down { connection } if self.post.is_on(connection) => {
                self.fetching.clear();
                // Who was refused, or cut off before the relay said anything, has not been online.
                let was_online = self.post.is_online();
                self.post.disconnected();
                was_online.then_some(Event::Offline).into_iter().collect()
            }
            // Of a connection that was given up before.
            LinkEvent::Frame { .. } | LinkEvent::Down { .. } => Vec::new(),
        }
    }

    /// Takes a message on: from now it is ours to deliver, through crashes and reconnections.
    ///
    /// # Errors
    /// Any [`SendError`]; nothing has changed then.
    pub fn send(
        &mut self,
        (from, to): (Address, Address),
        content: &Content,
        terms: impl Into<Terms>,
        step: &mut Step<'_>,
    ) -> Result<(), SendError> {
        if !self.accounts.contains_key(&from) {
            return Err(SendError::UnknownAccount);
        }
        if from == to {
            return Err(SendError::ToItself);
        }
        let key = (from, content.message_id.clone());
        if self.pending.contains(&key) {
            return Err(SendError::Repeated);
        }
        let terms = terms.into();
        let known = self.peer_identity(from, to);
        if known.is_some_and(|known| !is_for(terms.only_for, &known)) {
            return Err(SendError::AnotherIdentity);
        }
        let message = Unconfirmed::new(to, content, terms, step.now, &self.policy)?;
        // It can't fail: a session there is only with who is known.
        let _ = step.drawing_for(drawn_for(from, &self.policy), |step| self.forward(key, message, step));
        Ok(())
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn wake_at(&self) -> Option<Time> {
        self.pending.next_expiry().into_iter().chain(self.keys_due).min()
    }

    /// Destroys what was not delivered within its time, makes prekeys anew where it is time, and destroys
    /// those that nobody can need any more.
    pub fn expire(&mut self, step: &mut Step<'_>) -> Vec<Event> {
        let (now, mut events) = (step.now, Vec::new());
        while let Some((key, message)) = self.pending.take_expired(now) {
            events.extend(self.fail(key, &message, Failure::Expired, step.transaction));
        }
        if self.keys_due.is_some_and(|due| due <= now) {
            self.tend_keys(step);
        }
        events
    }

    fn tend_keys(&mut self, step: &mut Step<'_>) {
        let policy = &self.policy;
        let due = self.accounts.iter_mut().filter(|(_, account)| account.due(policy) <= step.now);
        let tended = due.filter_map(|(address, account)| {
            let rng = step.rng.child(drawn_for(*address, policy));
            Some((*address, account.tend(policy, step.now, rng, step.transaction)?))
        });
        let tended: Vec<_> = tended.collect();
        self.look_at_keys();
        tended.into_iter().for_each(|(address, portion)| self.publish(address, &portion, step));
    }

    /// Finds out when the keys of an account are next due.
    fn look_at_keys(&mut self) {
        self.keys_due = self.accounts.values().map(|account| account.due(&self.policy)).min();
    }

    /// Tells the relay's directory of an address of ours; if there is no relay, that follows when there is one.
    fn publish(&mut self, address: Address, portion: &Portion, step: &mut Step<'_>) {
        if self.post.is_online()
            && let Some(account) = self.accounts.get_mut(&address)
        {
            let rng = step.rng.child(drawn_for(address, &self.policy));
            let publish = account.publish(portion, &self.policy, rng, step.transaction);
            self.post.publish(publish, step);
        }
    }

    fn on_frame(&mut self, frame: ToEndpoint, step: &mut Step<'_>) -> Vec<Event> {
        match frame {
            ToEndpoint::Welcome { accepted, resumes, published } => {
                let mut events = Vec::new();
                if self.post.is_new() {
                    self.post.adopt(accepted, resumes, step.transaction);
                } else if !self.post.fits(accepted, resumes) {
                    self.start_over(accepted, resumes, step);
                    events.push(Event::StartedOver);
                }
                if !self.post.has_published(published) {
                    self.accounts.values_mut().for_each(|account| account.unpublish(step.transaction));
                }
                events.extend(self.on_accepted(accepted.sequence, step.transaction));
                self.post.welcomed(step);
                let unpublished = self.accounts.iter();
                let unpublished = unpublished.filter_map(|(of, account)| Some((*of, account.unpublished()?)));
                let unpublished: Vec<_> = unpublished.collect();
                unpublished.into_iter().for_each(|(of, portion)| self.publish(of, &portion, step));
                let waiting: Vec<_> = self.pending.pairs_waiting().collect();
                waiting.into_iter().for_each(|(account, peer)| self.fetch(account, peer, step));
                events.push(Event::Online);
                events
            }
            ToEndpoint::Published(address) => {
                if let Some(account) = self.accounts.get_mut(&address) {
                    account.on_published(step.now, step.transaction);
                    self.keys_due = self.keys_due.into_iter().chain([account.due(&self.policy)]).min();
                }
                Vec::new()
            }
            ToEndpoint::Bundle(bundle) => {
                let asked = self.fetching.get(&bundle.address).and_then(VecDeque::front).copied();
                let whose = asked.map_or(0, |account| drawn_for(account, &self.policy));
                step.drawing_for(whose, |step| self.on_bundle(*bundle, step))
            }
            ToEndpoint::Accepted { through } => self.on_accepted(through, step.transaction),
            ToEndpoint::Delivery { sequence, name, item } => {
                if !self.post.lacks(sequence) {
                    self.post.delivered_before(step);
                    return Vec::new();
                }
                let whose = match &item {
                    InboxItem::Envelope(envelope) if self.accounts.contains_key(&envelope.to) => {
                        drawn_for(envelope.to, &self.policy)
                    }
                    // Nothing is kept for a number that a relay invents.
                    InboxItem::Envelope(_) | InboxItem::Receipt(_) => 0,
                };
                let (events, is_read) = step.drawing_for(whose, |step| self.on_item(item, step));
                self.post.delivered(Position { sequence, name }, is_read, step);
                events
            }
            ToEndpoint::PrekeysLow { address, .. } => {
                if let Some(account) = self.accounts.get_mut(&address) {
                    let rng = step.rng.child(drawn_for(address, &self.policy));
                    let made = account.replenish(self.policy.one_time_prekeys, rng, step.transaction);
                    self.publish(address, &made, step);
                }
                Vec::new()
            }
            ToEndpoint::Metering(readings) => vec![Event::Metering(readings)],
            ToEndpoint::Rejected(code) => vec![Event::Rejected(code)],
        }
    }

    /// Relay and endpoint have different histories: one of them was put back to an older copy, or is another. What it was
    /// can't be told, so message keys may have been used that this endpoint does not know of, and one-time prekeys be out whose
    /// private halves it does not have. No key goes on (invariants 4 and 13): all sessions are destroyed, also those that were
    /// archived, which a message could wake up; whatever the recipients don't have yet waits for new ones; and all prekeys are new.
    /// Where the queues stand, the relay says. Requests for what could not be read are asked again: no key is in them. Nothing
    /// has left yet on this connection but our greeting.
    fn start_over(&mut self, accepted: Position, resumes: Position, step: &mut Step<'_>) {
        self.sessions.destroy(step.transaction);
        for (address, account) in &mut self.accounts {
            account.renew_prekeys(step.rng.child(drawn_for(*address, &self.policy)), step.transaction);
        }
        self.look_at_keys();
        let unsent = self.post.adopt(accepted, resumes, step.transaction);
        let ids: Vec<_> = unsent.iter().map(|envelope| envelope.id).collect();
        self.pending.wait_again(&ids, step.transaction);
        let requests = unsent.into_iter().filter(|envelope| envelope.kind == EnvelopeKind::Retry);
        requests.for_each(|request| self.post.submit(request, step));
    }

    /// Encrypts and submits a message, or lets it wait for a session; or gives it up, if it is not for the identity key that
    /// the session is with.
    fn forward(&mut self, key: MessageKey, message: Unconfirmed, step: &mut Step<'_>) -> Option<Event> {
        let (account, peer) = (key.0, message.to);
        let session = self.sessions.between(account, peer);
        // Behind others that wait it waits too: the order of a conversation is kept.
        if self.pending.waits(account, peer) || !session.record.can_encrypt(step.now.as_secs()) {
            self.wait(key, message, step);
            return None;
        }
        if !session.record.remote_identity().is_some_and(|peer| is_for(message.terms.only_for, &peer)) {
            return self.fail(key, &message, Failure::IdentityChanged, step.transaction);
        }
        let Ok(ciphertext) = session.record.encrypt(&message.plaintext, step.now.as_secs(), step.rng) else {
            self.wait(key, message, step);
            return None;
        };
        session.write(account, peer, step.transaction);
        let envelope = Envelope {
            id: EnvelopeId(step.rng.bytes()),
            from: account,
            to: peer,
            kind: match ciphertext.kind {
                MessageKind::Ratchet => EnvelopeKind::Ratchet,
                MessageKind::Prekey => EnvelopeKind::Prekey,
            },
            ciphertext: ciphertext.bytes.into(),
            billing_class: message.terms.billing_class,
        };
        self.pending.sent(key, message, envelope.id, step.transaction);
        self.post.submit(envelope, step);
        None
    }

    fn wait(&mut self, key: MessageKey, message: Unconfirmed, step: &mut Step<'_>) {
        let (account, peer) = (key.0, message.to);
        let asked = self.pending.waits(account, peer);
        self.pending.wait(key, message, step.transaction);
        if !asked && self.post.is_online() {
            self.fetch(account, peer, step);
        }
    }

    fn fetch(&mut self, account: Address, peer: Address, step: &mut Step<'_>) {
        let asking = self.fetching.entry(peer).or_default();
        if !asking.contains(&account) {
            asking.push_back(account);
            self.post.say(ToRelay::FetchBundle(peer), step);
        }
    }

    /// A bundle arrived: starts the session and sends what waited for it.
    fn on_bundle(&mut self, bundle: Bundle, step: &mut Step<'_>) -> Vec<Event> {
        let Bundle { address: peer, bundle } = bundle;
        let Some(account) = self.fetching.get_mut(&peer).and_then(VecDeque::pop_front) else {
            return Vec::new();
        };
        let waiting = self.pending.take_waiting(account, peer);
        let mut events = Vec::new();
        match self.initiate(account, peer, bundle, !waiting.is_empty(), step, &mut events) {
            Ok(()) => {
                let sent = waiting.into_iter();
                events.extend(sent.filter_map(|(key, message)| self.forward(key, message, step)));
            }
            Err(failure) => {
                let failed = waiting.into_iter();
                events.extend(
                    failed.filter_map(|(key, message)| self.fail(key, &message, failure, step.transaction)),
                );
            }
        }
        events
    }

    /// Opens a session, with another identity than before only if the policy says so. If it is not `needed`, then only
    /// where the identity has changed.
    fn initiate(
        &mut self,
        account: Address,
        peer: Address,
        bundle: Option<wire::PrekeyBundle>,
        needed: bool,
        step: &mut Step<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        let bundle = read_bundle(peer, bundle.ok_or(Failure::UnknownRecipient)?).ok_or(Failure::BadBundle)?;
        let local = &self.accounts.get(&account).ok_or(Failure::NotAllowed)?.identity;
        let session = self.sessions.between(account, peer);
        let (record, identity) = (&mut session.record, bundle.identity);
        let now_s = step.now.as_secs();
        if record.remote_identity().is_none_or(|known| known == identity) {
            if !needed {
                return Ok(());
            }
            return record.initiate(local, &bundle, now_s, step.rng).map_err(|_| Failure::BadBundle);
        }
        // Until the bundle has shown that it is signed by that identity, it changes nothing.
        let mut renewed = record.clone();
        renewed.trust(identity);
        renewed.initiate(local, &bundle, now_s, step.rng).map_err(|_| Failure::BadBundle)?;
        let trusted = self.policy.identity_changes == IdentityChanges::Accept;
        events.push(Event::IdentityChanged { account, peer, identity, trusted });
        if !trusted {
            return Err(Failure::IdentityChanged);
        }
        *record = renewed;
        session.write(account, peer, step.transaction);
        Ok(())
    }

    /// The relay has our submissions up to `through`.
    fn on_accepted(&mut self, through: u64, transaction: &mut Transaction) -> Vec<Event> {
        let envelopes = self.post.accepted(through, transaction);
        let messages = envelopes.into_iter().filter_map(|envelope| self.pending.message_in(envelope));
        messages
            .filter(|(_, message)| !message.is_receipt)
            .map(|((account, id), _)| Event::Accepted { account: *account, message_id: id.clone() })
            .collect()
    }

    /// One item of our inbox, for the first time, and whether it could be read.
    fn on_item(&mut self, item: InboxItem, step: &mut Step<'_>) -> (Vec<Event>, bool) {
        match item {
            InboxItem::Receipt(receipt) => (self.on_receipt(receipt, step).into_iter().collect(), true),
            InboxItem::Envelope(envelope) if envelope.kind == EnvelopeKind::Retry => {
                (self.on_retry(&envelope, step).into_iter().collect(), true)
            }
            InboxItem::Envelope(envelope) => self.on_message(&envelope, step),
        }
    }

    fn on_message(&mut self, envelope: &Envelope, step: &mut Step<'_>) -> (Vec<Event>, bool) {
        let Envelope { from, to: account, .. } = *envelope;
        let mut events = Vec::new();
        let unreadable = match self.open(envelope, step, &mut events) {
            // What was opened was delivered, whatever is in it: that only the ends may know.
            Ok(content) => {
                events.push(Event::Received { account, from, content });
                return (events, true);
            }
            Err(unreadable) => unreadable,
        };
        self.sessions.drop_unused(account, from);
        let may_help = match unreadable {
            Unreadable::Ciphertext(_) => true,
            Unreadable::IdentityChanged => self.policy.identity_changes == IdentityChanges::Accept,
            _ => false,
        };
        // What anybody can make us do, also to say that there was something.
        let allowed = if self.sessions.have_started_over(account, from) {
            self.retries.allow_known(from, step.now)
        } else {
            self.retries.allow(from, step.now)
        };
        if may_help && allowed {
            if unreadable == Unreadable::IdentityChanged {
                // One that was the peer's before: the directory says whose it is now.
                self.fetch(account, from, step);
            }
            self.ask_again(envelope, step);
        }
        if allowed {
            events.push(Event::Unreadable(unreadable));
        }
        (events, false)
    }

    fn on_receipt(&mut self, receipt: Receipt, step: &mut Step<'_>) -> Option<Event> {
        let (key, message) = self.pending.take_sent(receipt.envelope_id)?;
        let failure = match receipt.outcome {
            Outcome::Delivered => {
                self.pending.forget(&key, &message, step.transaction);
                let (account, message_id) = key;
                return (!message.is_receipt).then_some(Event::Delivered { account, message_id });
            }
            Outcome::NotAllowed => Failure::NotAllowed,
            Outcome::UnknownRecipient | Outcome::Unspecified => Failure::UnknownRecipient,
        };
        self.fail(key, &message, failure, step.transaction)
    }

    fn open(
        &mut self,
        envelope: &Envelope,
        step: &mut Step<'_>,
        events: &mut Vec<Event>,
    ) -> Result<Content, Unreadable> {
        let Envelope { from: peer, to: address, ref ciphertext, .. } = *envelope;
        let account = self.accounts.get_mut(&address).ok_or(Unreadable::Misdirected)?.as_mut();
        let session = self.sessions.between(address, peer);
        let kind = match envelope.kind {
            EnvelopeKind::Prekey => MessageKind::Prekey,
            _ => MessageKind::Ratchet,
        };
        let opened = match another_identity(&session.record, kind, ciphertext)? {
            None => session.record.decrypt(&account.identity, kind, ciphertext, account, step.rng),
            // What comes late of one that was the peer's before does not make it the peer's again.
            Some(identity) if session.record.knows(identity) => return Err(Unreadable::IdentityChanged),
            Some(identity) => {
                // Until a message has shown that it is of that identity, it changes nothing.
                let mut renewed = session.record.clone();
                renewed.trust(identity);
                let opened = renewed.decrypt(&account.identity, kind, ciphertext, account, step.rng);
                if opened.is_ok() {
                    let trusted = self.policy.identity_changes == IdentityChanges::Accept;
                    events.push(Event::IdentityChanged { account: address, peer, identity, trusted });
                    if !trusted {
                        return Err(Unreadable::IdentityChanged);
                    }
                    session.record = renewed;
                }
                opened
            }
        };
        let decrypted = match opened {
            Ok(decrypted) => decrypted,
            Err(DecryptError::Duplicate { .. }) => return Err(Unreadable::Replay),
            Err(error) => return Err(error.into()),
        };
        session.write(address, peer, step.transaction);
        if let Some(used) = &decrypted.established {
            account.consume(used.one_time_prekey, used.kem_prekey, step.transaction);
        }
        let (id, now) = (envelope.id, step.now);
        Ok(Content::of_plaintext(&decrypted.plaintext, || (MessageId::from_random(&id.0), now.as_secs())))
    }

    /// Asks the sender of an envelope that we can't decrypt for a new session and the message again.
    fn ask_again(&mut self, envelope: &Envelope, step: &mut Step<'_>) {
        let request = Envelope {
            id: EnvelopeId(step.rng.bytes()),
            from: envelope.to,
            to: envelope.from,
            kind: EnvelopeKind::Retry,
            ciphertext: Bytes::copy_from_slice(&envelope.id.0),
            billing_class: BillingClass::Service,
        };
        self.post.submit(request, step);
    }

    /// A recipient could not decrypt one of our messages: sends it again in a new session.
    fn on_retry(&mut self, request: &Envelope, step: &mut Step<'_>) -> Option<Event> {
        let nothing = Some(Event::Unreadable(Unreadable::Retry));
        let Ok(asked) = EnvelopeId::try_from(&*request.ciphertext) else { return nothing };
        match self.pending.message_in(asked) {
            Some(((account, _), message)) if *account == request.to && message.to == request.from => {}
            _ => return nothing,
        }
        let (key, message) = self.pending.take_sent(asked)?;
        if message.attempts >= MAX_ATTEMPTS {
            return self.fail(key, &message, Failure::Undecryptable, step.transaction);
        }
        let session = self.sessions.between(request.to, request.from);
        session.record.archive_current();
        session.write(request.to, request.from, step.transaction);
        self.forward(key, message, step)
    }

    /// Gives a message up: its content is destroyed, and if it was more than a receipt somebody is told.
    fn fail(
        &mut self,
        key: MessageKey,
        message: &Unconfirmed,
        failure: Failure,
        transaction: &mut Transaction,
    ) -> Option<Event> {
        self.pending.forget(&key, message, transaction);
        let (account, message_id) = key;
        (!message.is_receipt).then_some(Event::Failed { account, message_id, failure })
    }
}

/// True if a message on these terms may be encrypted for this identity key.
fn is_for(only: Option<IdentityDigest>, identity: &IdentityKey) -> bool {
    only.is_none_or(|only| only == IdentityDigest::of(identity))
}

/// Whose random numbers are drawn for an account: a gateway's accounts are strangers to each other, and a person's are the
/// person's.
fn drawn_for(account: Address, policy: &Policy) -> u64 {
    if policy.gateway { account.number.as_integer() } else { 0 }
}

/// The identity that a first message claims, if it is another than the peer's.
fn another_identity<P: Provider>(
    record: &SessionRecord<P>,
    kind: MessageKind,
    ciphertext: &[u8],
) -> Result<Option<IdentityKey>, Unreadable> {
    if kind != MessageKind::Prekey {
        return Ok(None);
    }
    let identity = PrekeyMessage::parse(ciphertext).map_err(DecryptError::from)?.identity();
    Ok(record.remote_identity().filter(|known| *known != identity).map(|_| identity))
}

/// The bundle as the ratchet wants it; `None` if a key or signature has not the form that it must have.
fn read_bundle(peer: Address, bundle: wire::PrekeyBundle) -> Option<ratchet::PrekeyBundle> {
    let one_time_prekey = match bundle.one_time_prekey {
        Some(prekey) => Some(PublicOneTimePrekey { id: prekey.id, key: PublicKey::parse(&prekey.key).ok()? }),
        None => None,
    };
    Some(ratchet::PrekeyBundle {
        registration_id: bundle.registration_id,
        device_id: peer.device.get(),
        identity: IdentityKey::parse(&bundle.identity_key).ok()?,
        signed_prekey: PublicSignedPrekey {
            id: bundle.signed_prekey.id,
            key: PublicKey::parse(&bundle.signed_prekey.key).ok()?,
            signature: Signature::parse(&bundle.signed_prekey.signature).ok()?,
        },
        one_time_prekey,
        kem_prekey: Some(PublicKemPrekey {
            id: bundle.kem_prekey.id,
            key: KemPublicKey::parse(&bundle.kem_prekey.key).ok()?,
            signature: Signature::parse(&bundle.kem_prekey.signature).ok()?,
        }),
    })
}
