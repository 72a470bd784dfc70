//! The relay as a machine with envelopes by reference: `relay::Relay` as far as metadata shows what it does.

use super::account::{Entry, Published};
use super::frame::{Envelope, Fate, Name, ToEndpoint, ToRelay};
use super::model::Model;
use super::queue::Queue;
use super::{endpoint_of, sizes};
use crate::plan::Plan;
use crate::record::{Kind, Who};
use kernel::Time;
use relay::RelayConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use wire::ConnectionId;

/// What the relay says.
#[derive(Debug, Clone)]
pub(crate) enum Output {
    Send(ConnectionId, ToEndpoint),
    /// A connection is at an end.
    Close(ConnectionId),
}

/// What follows from a step.
#[derive(Default)]
pub(crate) struct Fx {
    pub(crate) writes: bool,
    pub(crate) outputs: Vec<Output>,
    /// A prekey may have been handed out a second time: what comes of it is not modelled.
    pub(crate) is_doubtful: bool,
}

/// Accounts, directory, inboxes, meters.
pub(crate) struct Relay {
    who: Who,
    plan: Arc<Plan>,
    config: RelayConfig,
    /// How long inboxes keep things; `None`: to the end of the run.
    ttl: Option<Duration>,
    consumers: Vec<Inbox>,
    nodes: Vec<Inbox>,
    /// What the directory has of businesses.
    businesses: Vec<Option<Entry>>,
    meters: BTreeMap<(u32, Direction, u32), Total>,
    /// The endpoints whose inbox is not empty, by the age of its oldest item; only if things get too old.
    by_age: BTreeSet<(Time, Who)>,
    /// When a node next hears its totals, if they changed.
    metering_due: BTreeMap<Who, Time>,
}

/// An endpoint: what it submitted, and what waits for it.
#[derive(Clone, Default)]
struct Inbox {
    gateway: bool,
    /// What the directory has of it, if it is a consumer who has registered.
    entry: Option<Entry>,
    accepted_through: u64,
    acknowledged_through: u64,
    /// Without gaps, from the one after the last that was acknowledged.
    items: Queue<(Time, Item)>,
    /// The connection that it said hello on.
    connection: Option<ConnectionId>,
    /// Up to here the inbox has gone out on it.
    pushed_through: u64,
}

#[derive(Debug, Clone)]
enum Item {
    Envelope(Arc<Envelope>),
    Receipt(Name, Fate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    ToConsumer,
    ToBusiness,
}

#[derive(Debug, Clone, Copy, Default)]
struct Total {
    envelopes: u64,
    bytes: u64,
}

impl Relay {
    pub(crate) fn new(plan: &Arc<Plan>, who: Who) -> Self {
        let inbox_ttl = plan.scenario().relay.retention.to_std();
        let count =
            |of: u32| usize::try_from(of.saturating_sub(who.index()).div_ceil(plan.relays())).unwrap_or(0);
        Self {
            who,
            config: RelayConfig { inbox_ttl, ..RelayConfig::default() },
            ttl: super::kept_for(plan, inbox_ttl),
            consumers: vec![Inbox::default(); count(plan.consumers())],
            nodes: vec![Inbox::default(); count(plan.nodes())],
            businesses: vec![None; usize::try_from(plan.businesses()).unwrap_or(0)],
            meters: BTreeMap::new(),
            by_age: BTreeSet::new(),
            metering_due: BTreeMap::new(),
            plan: Arc::clone(plan),
        }
    }

    /// Reads a bit of a consumer's inbox.
    pub(crate) fn touch(&self, who: Who) {
        let inbox = self.place(who).and_then(|place| self.consumers.get(place));
        black_box(inbox.map(|inbox| (inbox.connection, inbox.items.is_empty(), inbox.entry.is_some())));
    }

    pub(crate) fn fork(&mut self, plan: &Arc<Plan>) {
        self.plan = Arc::clone(plan);
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        let expiry = self.ttl.and_then(|ttl| self.by_age.first().map(|(oldest, _)| *oldest + ttl));
        expiry.into_iter().chain(self.metering_due.values().copied()).min()
    }

    pub(crate) fn wake(&mut self, now: Time, fx: &mut Fx) {
        self.expire(now, fx);
        let due: Vec<Who> =
            self.metering_due.extract_if(.., |_, due| *due <= now).map(|(node, _)| node).collect();
        for node in due {
            if let Some(connection) = self.inbox(node).and_then(|inbox| inbox.connection) {
                self.report_metering(connection, fx);
            }
        }
    }

    /// Something arrives on a connection; `greeted` if hello was said on it.
    pub(crate) fn frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        greeted: bool,
        frame: ToRelay,
        model: &Model,
        fx: &mut Fx,
    ) {
        let peer = endpoint_of(connection);
        match frame {
            ToRelay::Hello { delivered_through, gateway } => {
                self.hello(connection, peer, delivered_through, gateway, model, fx);
            }
            _ if !greeted => self.reject(connection, fx),
            ToRelay::Publish(who, published) => self.publish(connection, who, published, fx),
            ToRelay::FetchBundle(who) => {
                let entry = self.entry(who);
                fx.is_doubtful |= entry.as_ref().is_some_and(|entry| entry.is_doubtful());
                let bundle = entry.map(Entry::hand_out);
                fx.writes |= bundle.is_some_and(|bundle| bundle.one_time || bundle.kem);
                say(connection, ToEndpoint::Bundle(who, bundle), fx);
                self.ask_for_prekeys(who, fx);
            }
            ToRelay::Submit { sequence, envelope } => {
                self.submit(now, connection, peer, sequence, envelope, model, fx);
            }
            ToRelay::Acknowledge { through } => self.acknowledge(now, peer, through, fx),
        }
    }

    /// A connection is gone.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        let peer = endpoint_of(connection);
        let Some(inbox) = self.inbox(peer).filter(|inbox| inbox.connection == Some(connection)) else {
            return;
        };
        inbox.connection = None;
        self.addresses(peer).into_iter().for_each(|who| {
            if let Some(entry) = self.entry(who) {
                entry.forget_question();
            }
        });
    }

    fn hello(
        &mut self,
        connection: ConnectionId,
        peer: Who,
        delivered_through: u64,
        gateway: bool,
        model: &Model,
        fx: &mut Fx,
    ) {
        let Some(inbox) = self.inbox(peer) else { return };
        if gateway && !inbox.gateway {
            inbox.gateway = true;
            fx.writes = true;
        }
        if let Some(old) = inbox.connection.filter(|old| *old != connection) {
            fx.outputs.push(Output::Close(old));
        }
        inbox.connection = Some(connection);
        inbox.pushed_through = delivered_through;
        let accepted_through = inbox.accepted_through;
        say(connection, ToEndpoint::Welcome { accepted_through }, fx);
        self.push(peer, fx);
        self.addresses(peer).into_iter().for_each(|who| self.ask_for_prekeys(who, fx));
        if gateway {
            self.report(connection, model.length(Who::business(0)), fx);
        }
    }

    fn publish(&mut self, connection: ConnectionId, who: Who, published: Published, fx: &mut Fx) {
        if let Some(entry) = self.slot(who) {
            entry.get_or_insert(Entry::new()).publish(published);
            fx.writes = true;
            say(connection, ToEndpoint::Published(who), fx);
        }
    }

    /// Takes an envelope over: from here on it is the relay's to deliver.
    #[expect(clippy::too_many_arguments, reason = "all of them are what arrived, and where")]
    fn submit(
        &mut self,
        now: Time,
        connection: ConnectionId,
        peer: Who,
        sequence: u64,
        envelope: Arc<Envelope>,
        model: &Model,
        fx: &mut Fx,
    ) {
        let Some(inbox) = self.inbox(peer) else { return };
        let expected = inbox.accepted_through + 1;
        if sequence > expected {
            return self.reject(connection, fx);
        }
        if sequence == expected {
            inbox.accepted_through = sequence;
            fx.writes = true;
            match self.route(peer, &envelope) {
                Ok(recipient) => {
                    self.meter(now, &envelope, model);
                    self.append(now, recipient, Item::Envelope(envelope), fx);
                }
                Err(fate) => self.append(now, peer, Item::Receipt(envelope.name, fate), fx),
            }
        }
        let through = self.inbox(peer).map_or(0, |inbox| inbox.accepted_through);
        say(connection, ToEndpoint::Accepted { through }, fx);
    }

    /// Whose inbox an envelope goes to.
    fn route(&mut self, sender: Who, envelope: &Envelope) -> Result<Who, Fate> {
        if self.entry(envelope.from).is_none() || self.owner(envelope.from) != sender {
            return Err(Fate::NotAllowed);
        }
        if self.entry(envelope.to).is_none() {
            return Err(Fate::UnknownRecipient);
        }
        Ok(self.owner(envelope.to))
    }

    /// Counts an envelope for the business that it is from or to.
    fn meter(&mut self, now: Time, envelope: &Envelope, model: &Model) {
        if envelope.is_retry() {
            return;
        }
        let (business, direction, consumer) = match (envelope.from.kind(), envelope.to.kind()) {
            (Kind::Business, _) => (envelope.from, Direction::ToConsumer, envelope.to),
            (_, Kind::Business) => (envelope.to, Direction::ToBusiness, envelope.from),
            _ => return,
        };
        let country = model.country(consumer);
        let total = self.meters.entry((business.index(), direction, country)).or_default();
        total.envelopes += 1;
        total.bytes += u64::from(envelope.ciphertext);
        let node = self.owner(business);
        self.metering_due.entry(node).or_insert(now + self.config.metering_interval);
    }

    /// The endpoint has its inbox up to `through`; the senders learn it.
    fn acknowledge(&mut self, now: Time, peer: Who, through: u64, fx: &mut Fx) {
        while let Some(item) = self.take(peer, through) {
            fx.writes = true;
            let Item::Envelope(envelope) = item else { continue };
            if !envelope.is_retry() && self.entry(envelope.from).is_some() {
                let receipt = Item::Receipt(envelope.name, Fate::Delivered);
                self.append(now, self.owner(envelope.from), receipt, fx);
            }
        }
        self.push(peer, fx);
    }

    /// Takes the oldest item out of an inbox, if it is one up to `through`.
    fn take(&mut self, peer: Who, through: u64) -> Option<Item> {
        let aged = self.ttl.is_some();
        let inbox = self.inbox(peer)?;
        if inbox.acknowledged_through >= through {
            return None;
        }
        let (accepted, item) = inbox.items.pop_front()?;
        inbox.acknowledged_through += 1;
        if aged {
            let after = inbox.items.front().map(|(accepted, _)| *accepted);
            self.by_age.remove(&(accepted, peer));
            self.by_age.extend(after.map(|after| (after, peer)));
        }
        Some(item)
    }

    fn append(&mut self, now: Time, recipient: Who, item: Item, fx: &mut Fx) {
        let aged = self.ttl.is_some();
        let Some(inbox) = self.inbox(recipient) else { return };
        let was_empty = inbox.items.is_empty();
        inbox.items.push_back((now, item));
        if aged && was_empty {
            self.by_age.insert((now, recipient));
        }
        self.push(recipient, fx);
    }

    /// Deletes what is too old.
    fn expire(&mut self, now: Time, fx: &mut Fx) {
        let Some(ttl) = self.ttl else { return };
        let cutoff = now - ttl;
        while let Some((_, peer)) = self.by_age.first().copied().filter(|(oldest, _)| *oldest <= cutoff) {
            let through = self.inbox(peer).map_or(0, |inbox| {
                let old = inbox.items.iter_from(0).take_while(|(accepted, _)| *accepted <= cutoff).count();
                inbox.acknowledged_through + old as u64
            });
            while self.take(peer, through).is_some() {
                fx.writes = true;
            }
        }
    }

    /// What may go out now goes out.
    fn push(&mut self, recipient: Who, fx: &mut Fx) {
        let window = self.config.delivery_window;
        let Some(inbox) = self.inbox(recipient) else { return };
        let Some(connection) = inbox.connection else { return };
        let until = inbox.acknowledged_through.saturating_add(window);
        let first = inbox.pushed_through.max(inbox.acknowledged_through) + 1;
        let skipped = usize::try_from(first - inbox.acknowledged_through - 1).unwrap_or(usize::MAX);
        for (sequence, (_, item)) in (first..=until).zip(inbox.items.iter_from(skipped)) {
            inbox.pushed_through = sequence;
            let frame = match item {
                Item::Envelope(envelope) => ToEndpoint::Deliver { sequence, envelope: Arc::clone(envelope) },
                Item::Receipt(Name { message, attempt }, fate) => {
                    ToEndpoint::Receipt { sequence, message: *message, attempt: *attempt, fate: *fate }
                }
            };
            say(connection, frame, fx);
        }
    }

    fn ask_for_prekeys(&mut self, who: Who, fx: &mut Fx) {
        let owner = self.owner(who);
        let Some(connection) = self.inbox(owner).and_then(|inbox| inbox.connection) else { return };
        let low = self.config.low_prekeys;
        if let Some(left) = self.entry(who).and_then(|entry| entry.ask_for_more(low)) {
            say(connection, ToEndpoint::PrekeysLow(who, left), fx);
        }
    }

    fn report_metering(&mut self, connection: ConnectionId, fx: &mut Fx) {
        let number = sizes::varint(self.plan.number(Who::business(0)).as_integer());
        self.report(connection, number, fx);
    }

    /// The totals of a node's businesses, from the length of their numbers.
    fn report(&mut self, connection: ConnectionId, number: u32, fx: &mut Fx) {
        let peer = endpoint_of(connection);
        let readings: u32 = self
            .meters
            .iter()
            .filter(|((business, ..), _)| {
                self.has_published(*business) && self.owner(Who::business(*business)) == peer
            })
            .map(|((.., country), total)| sizes::reading(number, *country, total.envelopes, total.bytes))
            .sum();
        if readings > 0 {
            say(connection, ToEndpoint::Metering(readings), fx);
        }
    }

    fn reject(&mut self, connection: ConnectionId, fx: &mut Fx) {
        say(connection, ToEndpoint::Rejected, fx);
        fx.outputs.push(Output::Close(connection));
        self.forget(connection);
    }

    /// The endpoint that speaks for a party.
    fn owner(&self, who: Who) -> Who {
        if who.kind() == Kind::Business { self.plan.node_of(who) } else { who }
    }

    /// The registered addresses of an endpoint, in the order in which they came.
    fn addresses(&mut self, peer: Who) -> Vec<Who> {
        if peer.kind() == Kind::Consumer {
            return self.entry(peer).map(|_| peer).into_iter().collect();
        }
        let businesses = self.plan.businesses_of(peer.index());
        businesses.filter(|index| self.has_published(*index)).map(Who::business).collect()
    }

    fn has_published(&self, business: u32) -> bool {
        let place = usize::try_from(business).ok();
        place.and_then(|place| self.businesses.get(place)).is_some_and(Option::is_some)
    }

    fn entry(&mut self, who: Who) -> Option<&mut Entry> {
        self.slot(who)?.as_mut()
    }

    fn slot(&mut self, who: Who) -> Option<&mut Option<Entry>> {
        match who.kind() {
            Kind::Consumer => self.inbox(who).map(|inbox| &mut inbox.entry),
            _ => self.businesses.get_mut(usize::try_from(who.index()).ok()?),
        }
    }

    fn inbox(&mut self, peer: Who) -> Option<&mut Inbox> {
        let place = self.place(peer)?;
        match peer.kind() {
            Kind::Consumer => self.consumers.get_mut(place),
            _ => self.nodes.get_mut(place),
        }
    }

    /// Where an endpoint of this relay is among its kind.
    fn place(&self, who: Who) -> Option<usize> {
        let relays = self.plan.relays();
        (who.index() % relays == self.who.index()).then(|| usize::try_from(who.index() / relays).ok())?
    }
}

fn say(connection: ConnectionId, frame: ToEndpoint, fx: &mut Fx) {
    fx.outputs.push(Output::Send(connection, frame));
}
