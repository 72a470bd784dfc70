//! The endpoints, the relay, and what can be done with them.

use content::{Body, Content, MessageId};
use endpoint::{Endpoint, Event, Failure, Policy, SendError, Step, TABLES, Terms, Unreadable};
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use relay::{Input, Relay, RelayConfig};
use std::cell::RefCell;
use std::collections::VecDeque;
use store::Shadow;
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeKind, InboxItem, LinkEvent, LinkKey, Outgoing,
    Publish, SignedKey, ToEndpoint, ToRelay,
};

pub(crate) const NOW: Time = Time::from_secs(1_790_000_000);

/// Alice is endpoint 0, Bob is endpoint 1. What they hear is recorded.
pub(crate) struct Net {
    pub(crate) relay: Relay,
    pub(crate) disk: Shadow,
    pub(crate) policy: Policy,
    pub(crate) ends: Vec<(Endpoint, RefCell<Shadow>)>,
    pub(crate) heard: Vec<Vec<Event>>,
    pub(crate) rng: Rng,
    pub(crate) now: Time,
    /// Changes what goes to endpoints.
    pub(crate) tamper: fn(&mut Envelope),
    pub(crate) said: VecDeque<Outgoing<ToRelay>>,
    /// What a third party heard, whom a test speaks for.
    pub(crate) mallory: Vec<ToEndpoint>,
    mallory_said: u64,
}

pub(crate) fn address(end: usize) -> Address {
    Address::primary(["4915110000000", "4915120000000", "4915130000000"][end].parse().unwrap())
}

pub(crate) fn connection(end: usize) -> ConnectionId {
    ConnectionId(end as u64 + 1)
}

impl Net {
    pub(crate) fn new() -> Self {
        Self::with_policy(Policy { one_time_prekeys: 3, ..Policy::default() })
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        let ends =
            (0..2).map(|_| (Endpoint::restore(policy.clone(), Vec::new()).unwrap().0, RefCell::default()));
        let mut net = Self {
            relay: Relay::restore(RelayConfig::default(), Vec::new()).unwrap(),
            disk: Shadow::default(),
            policy: policy.clone(),
            ends: ends.collect(),
            heard: vec![Vec::new(), Vec::new()],
            rng: Rng::for_entity(&Seed::from_number(3), "net"),
            now: NOW,
            tamper: |_| {},
            said: VecDeque::new(),
            mallory: Vec::new(),
            mallory_said: 0,
        };
        for end in 0..2 {
            net.with(end, |endpoint, step| {
                endpoint.open_account(address(end), step);
                Vec::new()
            });
            net.connect(end);
        }
        net.carry();
        assert!((0..2).all(|end| net.ends[end].0.is_published(address(end))));
        net
    }

    /// Does something with an endpoint; its transaction is durable before its frames leave.
    pub(crate) fn with(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, &mut Step<'_>) -> Vec<Event>) {
        let (endpoint, disk) = &mut self.ends[end];
        let mut fx = Effects::none();
        let events = fx.step(self.now, &mut self.rng, |step| act(endpoint, step));
        disk.get_mut().apply(fx.transaction).unwrap();
        self.said.extend(fx.outputs);
        self.heard[end].extend(events);
    }

    pub(crate) fn connect(&mut self, end: usize) {
        let peer = LinkKey([end as u8; 32]);
        let effects = self.relay.handle(
            self.now,
            Input::Link(LinkEvent::Up { connection: connection(end), peer }),
            &mut self.rng,
        );
        self.disk.apply(effects.transaction).unwrap();
        self.event(end, LinkEvent::Up { connection: connection(end), peer: LinkKey([9; 32]) });
    }

    pub(crate) fn event(&mut self, end: usize, event: LinkEvent<ToEndpoint>) {
        self.with(end, |endpoint, step| endpoint.on_link(event, step));
    }

    /// An endpoint loses its memory, not its disk, and connects again.
    pub(crate) fn restart(&mut self, end: usize) {
        let rows = self.rows(end);
        self.ends[end].0 = Endpoint::restore(self.policy.clone(), rows).unwrap().0;
        let _ = self.relay.handle(
            self.now,
            Input::Link(LinkEvent::Down { connection: connection(end) }),
            &mut self.rng,
        );
        self.connect(end);
        self.carry();
    }

    pub(crate) fn carry(&mut self) {
        while let Some(next) = self.said.pop_front() {
            self.carry_one(next);
        }
    }

    fn carry_one(&mut self, Outgoing { connection: from, frame }: Outgoing<ToRelay>) {
        let effects = self.relay.handle(
            self.now,
            Input::Link(LinkEvent::Frame { connection: from, frame }),
            &mut self.rng,
        );
        self.disk.apply(effects.transaction).unwrap();
        for output in effects.outputs {
            let relay::Output::Send(Outgoing { connection: to, mut frame }) = output else { continue };
            if let ToEndpoint::Delivery { item: InboxItem::Envelope(envelope), .. } = &mut frame {
                (self.tamper)(envelope);
            }
            if to == connection(2) {
                self.mallory.push(frame);
            } else {
                self.event(to.0 as usize - 1, LinkEvent::Frame { connection: to, frame });
            }
        }
    }

    /// What an endpoint keeps.
    pub(crate) fn rows(&self, end: usize) -> Vec<kernel::Row> {
        self.ends[end].1.borrow_mut().load(&TABLES).unwrap()
    }

    /// It is some time later, and timers have rung.
    pub(crate) fn wait(&mut self, end: usize, time: std::time::Duration) {
        self.now = self.now + time;
        self.ring(end);
    }

    /// Whatever is due at an endpoint happens.
    pub(crate) fn ring(&mut self, end: usize) {
        self.with(end, |endpoint, step| endpoint.expire(step));
        self.carry();
    }

    /// What the relay's directory says of an address.
    pub(crate) fn bundle(&mut self, of: Address) -> wire::PrekeyBundle {
        self.mallory_comes();
        self.mallory_says(ToRelay::FetchBundle(of));
        match self.mallory.pop() {
            Some(ToEndpoint::Bundle(bundle)) => bundle.bundle.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Somebody whom nobody knows registers a number, with keys that are none.
    pub(crate) fn mallory_comes(&mut self) {
        if self.mallory_said > 0 {
            return;
        }
        let up = LinkEvent::Up { connection: connection(2), peer: LinkKey([2; 32]) };
        let effects = self.relay.handle(self.now, Input::Link(up), &mut self.rng);
        self.disk.apply(effects.transaction).unwrap();
        let none = |id| SignedKey { id, key: vec![5; 33].into(), signature: vec![1; 64].into() };
        self.mallory_says(ToRelay::Hello { delivered: wire::Position::default(), gateway: false });
        self.mallory_says(ToRelay::Publish(Box::new(Publish {
            address: address(2),
            registration_id: 1,
            identity_key: vec![5; 33].into(),
            signed_prekey: none(1),
            last_resort_kem_prekey: none(2),
            one_time_prekeys: Vec::new(),
            one_time_kem_prekeys: Vec::new(),
            replaces: false,
            name: 0,
        })));
        self.mallory.clear();
        self.mallory_said = 1;
    }

    fn mallory_says(&mut self, frame: ToRelay) {
        self.said.push_back(Outgoing { connection: connection(2), frame });
        self.carry();
    }

    pub(crate) fn mallory_sends(&mut self, to: usize, kind: EnvelopeKind, ciphertext: &[u8]) {
        let envelope = Envelope {
            id: wire::EnvelopeId(self.rng.bytes()),
            from: address(2),
            to: address(to),
            kind,
            ciphertext: ciphertext.to_vec().into(),
            billing_class: BillingClass::Service,
        };
        self.mallory_says(ToRelay::Submit { sequence: self.mallory_said, envelope });
        self.mallory_said += 1;
    }

    /// An envelope comes to an endpoint late, whoever kept it so long.
    pub(crate) fn deliver(&mut self, to: usize, envelope: Envelope) {
        let frame = ToEndpoint::Delivery { sequence: 1000, name: 1000, item: InboxItem::Envelope(envelope) };
        self.event(to, LinkEvent::Frame { connection: connection(to), frame });
        self.carry();
    }

    /// The next envelope of an endpoint, which never reaches the relay.
    pub(crate) fn intercept(&mut self, from: usize, to: usize, text: &str) -> Envelope {
        self.submit(from, to, text, BillingClass::Service.into()).unwrap();
        loop {
            let next = self.said.pop_front().unwrap();
            if let ToRelay::Submit { envelope, .. } = next.frame {
                return envelope;
            }
            self.carry_one(next);
        }
    }

    /// The connection of an endpoint is gone.
    pub(crate) fn disconnect(&mut self, end: usize) {
        let down = || LinkEvent::Down { connection: connection(end) };
        let _ = self.relay.handle(self.now, Input::Link(down()), &mut self.rng);
        self.with(end, |endpoint, step| {
            endpoint.on_link(LinkEvent::Down { connection: connection(end) }, step)
        });
    }

    pub(crate) fn say(&mut self, from: usize, to: usize, text: &str) -> Result<MessageId, SendError> {
        self.say_on(from, to, text, BillingClass::Service.into())
    }

    pub(crate) fn say_on(
        &mut self,
        from: usize,
        to: usize,
        text: &str,
        terms: Terms,
    ) -> Result<MessageId, SendError> {
        let said = self.submit(from, to, text, terms);
        self.carry();
        said
    }

    fn submit(&mut self, from: usize, to: usize, text: &str, terms: Terms) -> Result<MessageId, SendError> {
        let message_id = MessageId::from_random(&self.rng.bytes::<8>());
        let body = Body::text(text);
        let content = Content::new(message_id.clone(), 0, body);
        let mut outcome = Ok(());
        self.with(from, |endpoint, step| {
            outcome = endpoint.send((address(from), address(to)), &content, terms, step);
            Vec::new()
        });
        outcome.map(|()| message_id)
    }

    pub(crate) fn texts(&self, end: usize) -> Vec<String> {
        let texts = self.heard[end].iter().filter_map(|event| match event {
            Event::Received { content: Content { body: Body::Text(text), .. }, .. } => {
                Some(text.body.clone())
            }
            _ => None,
        });
        texts.collect()
    }

    /// The changes of identity that an end heard of: whose, and whether it is trusted.
    pub(crate) fn changes(&self, end: usize) -> Vec<(Address, bool)> {
        let changes = self.heard[end].iter().filter_map(|event| match event {
            Event::IdentityChanged { peer, trusted, .. } => Some((*peer, *trusted)),
            _ => None,
        });
        changes.collect()
    }

    pub(crate) fn delivered(&self, end: usize) -> usize {
        self.heard[end].iter().filter(|event| matches!(event, Event::Delivered { .. })).count()
    }

    pub(crate) fn unreadable(&self, end: usize) -> Vec<Unreadable> {
        let unreadable = self.heard[end].iter().filter_map(|event| match event {
            Event::Unreadable(unreadable) => Some(*unreadable),
            _ => None,
        });
        unreadable.collect()
    }

    pub(crate) fn failures(&self, end: usize) -> Vec<Failure> {
        let failures = self.heard[end].iter().filter_map(|event| match event {
            Event::Failed { failure, .. } => Some(*failure),
            _ => None,
        });
        failures.collect()
    }
}

pub(crate) fn flip_first(envelope: &mut Envelope) {
    flip(envelope, 0);
}

pub(crate) fn flip_last(envelope: &mut Envelope) {
    flip(envelope, envelope.ciphertext.len() - 1);
}

pub(crate) fn flip(envelope: &mut Envelope, at: usize) {
    if envelope.kind != EnvelopeKind::Retry {
        let mut bytes = envelope.ciphertext.to_vec();
        bytes[at] ^= 0x40;
        envelope.ciphertext = bytes.into();
    }
}
