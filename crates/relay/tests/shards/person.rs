//! An endpoint that does what the protocol says: it sends again what the relay does not have, and knows what it has got.

use crate::script::{Fate, Role};
use std::collections::{BTreeSet, VecDeque};
use wire::{
    Address, ConnectionId, Envelope, InboxItem, OneTimeKey, Position, Publish, SignedKey, ToEndpoint, ToRelay,
};

pub(crate) struct Person {
    place: usize,
    pub(crate) connection: Option<ConnectionId>,
    welcome: bool,
    pub(crate) to_relay: VecDeque<ToRelay>,
    pub(crate) from_relay: VecDeque<ToEndpoint>,
    /// Not submitted yet.
    script: VecDeque<Envelope>,
    outbox: VecDeque<(u64, Envelope)>,
    submitted: u64,
    delivered: Position,
    /// Not registered yet; the first is the next one.
    unpublished: VecDeque<Address>,
    steals: Option<Address>,
    /// A shard has been put back.
    pub(crate) may_misfit: bool,
    /// Asked for and not answered.
    wanted: Vec<Address>,
    next_prekey: u32,
    /// The one-time prekeys that it was handed.
    pub(crate) handed: Vec<(Address, u32)>,
    pub(crate) questions_for_prekeys: u32,
}

impl Person {
    pub(crate) fn new(place: usize, role: &Role, script: &[Envelope]) -> Self {
        Self {
            place,
            connection: None,
            welcome: false,
            to_relay: VecDeque::new(),
            from_relay: VecDeque::new(),
            script: script.iter().cloned().collect(),
            outbox: VecDeque::new(),
            submitted: 0,
            delivered: Position::default(),
            unpublished: role.numbers.iter().copied().collect(),
            steals: role.steals,
            wanted: Vec::new(),
            next_prekey: 1,
            handed: Vec::new(),
            questions_for_prekeys: 0,
            may_misfit: false,
        }
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.unpublished.is_empty()
    }

    /// True if nothing is left to do or to hear.
    pub(crate) fn is_done(&self) -> bool {
        self.script.is_empty()
            && self.outbox.is_empty()
            && self.wanted.is_empty()
            && self.is_registered()
            && self.to_relay.is_empty()
            && self.from_relay.is_empty()
    }

    pub(crate) fn connect(&mut self, connection: ConnectionId, gateway: bool) {
        self.disconnect();
        self.connection = Some(connection);
        self.to_relay.push_back(ToRelay::Hello { delivered: self.delivered, gateway });
    }

    pub(crate) fn disconnect(&mut self) {
        self.connection = None;
        self.welcome = false;
        self.to_relay.clear();
        self.from_relay.clear();
    }

    /// Writes the next thing that it has to say, if it may already.
    pub(crate) fn write(&mut self) {
        let Some(next) = self.script.front() else { return };
        // What it says in its own name waits until it has one.
        if !self.is_registered() && self.steals != Some(next.from) {
            return;
        }
        let Some(envelope) = self.script.pop_front() else { return };
        self.submitted += 1;
        self.outbox.push_back((self.submitted, envelope.clone()));
        self.say(ToRelay::Submit { sequence: self.submitted, envelope });
    }

    pub(crate) fn fetch(&mut self, address: Address) {
        if self.welcome && !self.wanted.contains(&address) {
            self.wanted.push(address);
            self.say(ToRelay::FetchBundle(address));
        }
    }

    pub(crate) fn hear(&mut self, fate: &mut Fate) {
        let Some(frame) = self.from_relay.pop_front() else { return };
        match frame {
            ToEndpoint::Welcome { accepted, resumes, .. } => {
                let new = self.delivered == Position::default();
                let fits = new || resumes == self.delivered;
                assert!(fits || self.may_misfit, "what is durable is never misfit");
                self.delivered = resumes;
                self.welcomed(accepted.sequence);
            }
            ToEndpoint::Accepted { through } => self.accepted(through),
            ToEndpoint::Published(address) => {
                let before = self.unpublished.len();
                self.unpublished.retain(|other| *other != address);
                if self.unpublished.len() < before {
                    self.publish_next();
                }
            }
            ToEndpoint::Rejected(_) => {
                self.steals = None;
                self.publish_next();
            }
            ToEndpoint::Bundle(bundle) => {
                let place = self.wanted.iter().position(|wanted| *wanted == bundle.address);
                self.wanted.remove(place.expect("an answer to a question of this connection"));
                let keys = bundle.bundle.iter().flat_map(|keys| &keys.one_time_prekey);
                self.handed.extend(keys.map(|key| (bundle.address, key.id)));
            }
            ToEndpoint::Delivery { sequence, name, item } => {
                if sequence > self.delivered.sequence {
                    self.delivered = Position { sequence, name };
                    match item {
                        InboxItem::Envelope(envelope) => fate.receives(self.place, &envelope),
                        InboxItem::Receipt(receipt) => {
                            let sent = (self.place, receipt.envelope_id);
                            fate.receipts.entry(sent).or_default().push(receipt.outcome);
                        }
                    }
                }
                self.say(ToRelay::Acknowledge { through: self.delivered.sequence, unread: Vec::new() });
            }
            ToEndpoint::PrekeysLow { address, .. } => {
                self.questions_for_prekeys += 1;
                self.publish(address);
            }
            ToEndpoint::Metering(_) => {}
        }
    }

    fn welcomed(&mut self, accepted_through: u64) {
        self.welcome = true;
        self.accepted(accepted_through);
        let again: Vec<_> = self.outbox.iter().cloned().collect();
        again.into_iter().for_each(|(sequence, envelope)| self.say(ToRelay::Submit { sequence, envelope }));
        self.say(ToRelay::Acknowledge { through: self.delivered.sequence, unread: Vec::new() });
        self.publish_next();
        self.wanted.clone().into_iter().for_each(|address| self.say(ToRelay::FetchBundle(address)));
    }

    fn accepted(&mut self, through: u64) {
        while self.outbox.pop_front_if(|(sequence, _)| *sequence <= through).is_some() {}
    }

    fn publish_next(&mut self) {
        // A thief tries the stolen number first.
        if let Some(address) = self.unpublished.front().map(|own| self.steals.unwrap_or(*own)) {
            self.publish(address);
        }
    }

    fn publish(&mut self, address: Address) {
        let signed = |id| SignedKey { id, key: vec![1].into(), signature: vec![2].into() };
        let ids = self.next_prekey..self.next_prekey + 3;
        self.next_prekey = ids.end;
        self.say(ToRelay::Publish(Box::new(Publish {
            address,
            registration_id: 1,
            identity_key: vec![3].into(),
            signed_prekey: signed(1),
            last_resort_kem_prekey: signed(2),
            one_time_prekeys: ids.clone().map(|id| OneTimeKey { id, key: vec![4].into() }).collect(),
            one_time_kem_prekeys: ids.map(signed).collect(),
            replaces: false,
            name: 0,
        })));
    }

    fn say(&mut self, frame: ToRelay) {
        if self.welcome {
            self.to_relay.push_back(frame);
        }
    }
}

/// Nobody is handed a key that somebody else was handed.
pub(crate) fn assert_handed_once<'a>(people: impl Iterator<Item = &'a Person>) {
    let handed: Vec<_> = people.flat_map(|person| &person.handed).collect();
    assert_eq!(handed.iter().collect::<BTreeSet<_>>().len(), handed.len());
}
