//! Two endpoints and a relay between them that may tamper, replay and lose.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use content::{Body, Content, MessageId, Text};
use endpoint::{Endpoint, Event, Failure, Policy, SendError, Step, TABLES, Unreadable};
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use relay::{Input, Relay, RelayConfig};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use store::Shadow;
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeKind, Frame as _, InboxItem, LinkEvent, LinkKey,
    MAX_FRAME_BYTES, Outgoing, ToEndpoint, ToRelay,
};

const NOW: Time = Time::from_secs(1_790_000_000);

/// Alice is endpoint 0, Bob is endpoint 1. What they hear is recorded.
struct Net {
    relay: Relay,
    ends: Vec<(Endpoint, Shadow)>,
    heard: Vec<Vec<Event>>,
    rng: Rng,
    now: Time,
    /// Changes what goes to endpoints.
    tamper: fn(&mut Envelope),
    said: VecDeque<Outgoing<ToRelay>>,
}

fn address(end: usize) -> Address {
    Address::primary(["4915110000000", "4915120000000", "4915130000000"][end].parse().unwrap())
}

fn connection(end: usize) -> ConnectionId {
    ConnectionId(end as u64 + 1)
}

impl Net {
    fn new() -> Self {
        let policy = Policy { one_time_prekeys: 3, ..Policy::default() };
        let ends =
            (0..2).map(|_| (Endpoint::restore(policy.clone(), Vec::new()).unwrap().0, Shadow::default()));
        let mut net = Self {
            relay: Relay::restore(RelayConfig::default(), Vec::new()).unwrap(),
            ends: ends.collect(),
            heard: vec![Vec::new(), Vec::new()],
            rng: Rng::for_entity(&Seed::from_number(3), "net"),
            now: NOW,
            tamper: |_| {},
            said: VecDeque::new(),
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
    fn with(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, &mut Step<'_>) -> Vec<Event>) {
        let (endpoint, disk) = &mut self.ends[end];
        let mut fx = Effects::none();
        let events = fx.step(self.now, &mut self.rng, |step| act(endpoint, step));
        disk.apply(fx.transaction).unwrap();
        self.said.extend(fx.outputs);
        self.heard[end].extend(events);
    }

    fn connect(&mut self, end: usize) {
        let peer = LinkKey([end as u8; 32]);
        let _ = self.relay.handle(
            self.now,
            Input::Link(LinkEvent::Up { connection: connection(end), peer }),
            &mut self.rng,
        );
        self.event(end, LinkEvent::Up { connection: connection(end), peer: LinkKey([9; 32]) });
    }

    fn event(&mut self, end: usize, event: LinkEvent<ToEndpoint>) {
        self.with(end, |endpoint, step| endpoint.on_link(event, step));
    }

    /// An endpoint loses its memory, not its disk, and connects again.
    fn restart(&mut self, end: usize) {
        let rows = self.ends[end].1.load(&TABLES).unwrap();
        let policy = Policy { one_time_prekeys: 3, ..Policy::default() };
        self.ends[end].0 = Endpoint::restore(policy, rows).unwrap().0;
        let _ = self.relay.handle(
            self.now,
            Input::Link(LinkEvent::Down { connection: connection(end) }),
            &mut self.rng,
        );
        self.connect(end);
        self.carry();
    }

    fn carry(&mut self) {
        while let Some(Outgoing { connection: from, frame }) = self.said.pop_front() {
            let effects = self.relay.handle(
                self.now,
                Input::Link(LinkEvent::Frame { connection: from, frame }),
                &mut self.rng,
            );
            for output in effects.outputs {
                let relay::Output::Send(Outgoing { connection: to, mut frame }) = output else { continue };
                if let ToEndpoint::Delivery { item: InboxItem::Envelope(envelope), .. } = &mut frame {
                    (self.tamper)(envelope);
                }
                self.event(to.0 as usize - 1, LinkEvent::Frame { connection: to, frame });
            }
        }
    }

    fn say(&mut self, from: usize, to: usize, text: &str) -> Result<MessageId, SendError> {
        let message_id = MessageId::from_random(&self.rng.bytes::<8>());
        let body = Body::Text(Text { body: text.into(), quoted: None });
        let content = Content { message_id: message_id.clone(), sent_at_s: 0, body };
        let mut outcome = Ok(());
        self.with(from, |endpoint, step| {
            outcome = endpoint.send((address(from), address(to)), &content, BillingClass::Service, step);
            Vec::new()
        });
        self.carry();
        outcome.map(|()| message_id)
    }

    fn texts(&self, end: usize) -> Vec<String> {
        let texts = self.heard[end].iter().filter_map(|event| match event {
            Event::Received { content: Content { body: Body::Text(text), .. }, .. } => {
                Some(text.body.clone())
            }
            _ => None,
        });
        texts.collect()
    }

    fn unreadable(&self, end: usize) -> Vec<Unreadable> {
        let unreadable = self.heard[end].iter().filter_map(|event| match event {
            Event::Unreadable(unreadable) => Some(*unreadable),
            _ => None,
        });
        unreadable.collect()
    }

    fn failures(&self, end: usize) -> Vec<Failure> {
        let failures = self.heard[end].iter().filter_map(|event| match event {
            Event::Failed { failure, .. } => Some(*failure),
            _ => None,
        });
        failures.collect()
    }
}

#[test]
fn a_conversation_survives_restarts_of_either_end() {
    let mut net = Net::new();
    let mut expected = [Vec::new(), Vec::new()];
    for round in 0..6 {
        let (from, to) = (round % 2, (round + 1) % 2);
        net.say(from, to, &format!("round {round}")).unwrap();
        expected[to].push(format!("round {round}"));
        net.restart(round % 2);
        if round == 3 {
            net.restart(1);
        }
    }
    assert_eq!([net.texts(0), net.texts(1)], expected);
    assert_eq!([net.ends[0].0.unconfirmed(), net.ends[1].0.unconfirmed()], [0, 0]);
}

#[test]
fn a_flipped_bit_is_noticed_and_the_message_comes_again() {
    for flip in [flip_first as fn(&mut Envelope), flip_last] {
        let mut net = Net::new();
        net.say(0, 1, "one").unwrap();
        net.say(1, 0, "two").unwrap();
        net.tamper = flip;
        net.say(0, 1, "three").unwrap();
        net.tamper = |_| {};
        net.restart(0);
        assert_eq!(net.texts(1).first().map(String::as_str), Some("one"));
        // While every copy is tampered with, it is asked for again, but not for ever.
        assert_eq!(net.failures(0), [Failure::Undecryptable]);
        assert_eq!(net.unreadable(1).len(), 3);
        net.say(0, 1, "four").unwrap();
        assert_eq!(net.texts(1), ["one", "four"]);
    }
}

#[test]
fn one_damaged_copy_costs_nothing() {
    let mut net = Net::new();
    net.say(0, 1, "one").unwrap();
    net.say(1, 0, "two").unwrap();
    // Only what goes on in the old session is damaged; the copy in the new session arrives.
    net.tamper = |envelope| {
        if envelope.kind == EnvelopeKind::Ratchet {
            flip_last(envelope);
        }
    };
    let id = net.say(0, 1, "three").unwrap();
    net.tamper = |_| {};
    assert_eq!(net.texts(1), ["one", "three"]);
    assert!(matches!(net.unreadable(1)[..], [Unreadable::Ciphertext(_)]));
    let delivered = net.heard[0]
        .iter()
        .any(|event| matches!(event, Event::Delivered { message_id, .. } if *message_id == id));
    assert!(delivered, "and the sender knows");
    assert_eq!(net.ends[0].0.unconfirmed(), 0);
}

#[test]
fn a_replayed_envelope_is_shown_once() {
    let mut net = Net::new();
    net.say(0, 1, "hello").unwrap();
    let mut envelope = None;
    net.with(0, |endpoint, step| {
        let body = Body::Text(Text { body: "again".into(), quoted: None });
        let content = Content { message_id: MessageId::from_random(&[1; 8]), sent_at_s: 0, body };
        endpoint.send((address(0), address(1)), &content, BillingClass::Service, step).unwrap();
        Vec::new()
    });
    if let Some(Outgoing { frame: ToRelay::Submit { envelope: sent, .. }, .. }) = net.said.front() {
        envelope = Some(sent.clone());
    }
    net.carry();
    for sequence in 50..53 {
        let item = InboxItem::Envelope(envelope.clone().unwrap());
        let frame = ToEndpoint::Delivery { sequence, item };
        net.event(1, LinkEvent::Frame { connection: connection(1), frame });
    }
    assert_eq!(net.texts(1), ["hello", "again"]);
    assert_eq!(net.unreadable(1), [Unreadable::Replay; 3]);
}

#[test]
fn who_is_not_there_is_not_written_to() {
    let mut net = Net::new();
    net.say(0, 2, "anybody?").unwrap();
    assert_eq!(net.failures(0), [Failure::UnknownRecipient]);
    assert_eq!(net.ends[0].0.unconfirmed(), 0);
}

#[test]
fn a_retry_request_for_somebody_elses_message_gets_nothing() {
    let mut net = Net::new();
    net.say(0, 1, "hello").unwrap();
    let request = Envelope {
        id: wire::EnvelopeId([8; 16]),
        from: address(1),
        to: address(0),
        kind: EnvelopeKind::Retry,
        ciphertext: vec![7; 16].into(),
        billing_class: BillingClass::Service,
    };
    let frame = ToEndpoint::Delivery { sequence: 99, item: InboxItem::Envelope(request) };
    net.event(0, LinkEvent::Frame { connection: connection(0), frame });
    net.carry();
    assert_eq!(net.unreadable(0), [Unreadable::Retry]);
    assert_eq!(net.texts(1), ["hello"]);
}

#[test]
fn what_is_not_delivered_in_time_is_destroyed() {
    let mut net = Net::new();
    net.event(0, LinkEvent::Down { connection: connection(0) });
    net.say(0, 1, "too late").unwrap();
    let wake_at = net.ends[0].0.wake_at().unwrap();
    assert_eq!(wake_at.since(NOW), Duration::from_secs(30 * 24 * 3600));
    net.now = wake_at;
    net.with(0, |endpoint, step| endpoint.expire(step.now, step.transaction));
    assert_eq!(net.failures(0), [Failure::Expired]);
    let rows = net.ends[0].1.load(&TABLES).unwrap();
    assert!(rows.iter().all(|row| row.table.name() != "unconfirmed"));
}

#[test]
fn one_time_prekeys_are_used_once_and_made_again() {
    let mut net = Net::new();
    net.say(0, 1, "round 0").unwrap();
    assert_eq!(net.texts(1), ["round 0"]);
    let prekeys =
        net.ends[1].1.load(&TABLES).unwrap().iter().filter(|row| row.table.name() == "prekeys").count();
    // Three of each kind, one of each used up; fewer than five are left at the relay, so three more were made.
    assert_eq!(prekeys, 2 * (3 - 1 + 3));
}

#[test]
fn any_number_of_prekeys_is_published_in_frames_that_fit() {
    for (wanted, made) in [(0, 0), (100, 100), (101, 101), (812, 812), (u32::MAX, 900)] {
        let mut net = Net::new();
        let policy = Policy { one_time_prekeys: wanted, ..Policy::default() };
        net.relay = Relay::restore(RelayConfig::default(), Vec::new()).unwrap();
        net.ends[0] = (Endpoint::restore(policy, Vec::new()).unwrap().0, Shadow::default());
        net.with(0, |endpoint, step| {
            endpoint.open_account(address(0), step);
            endpoint.on_link(LinkEvent::Up { connection: connection(0), peer: LinkKey([9; 32]) }, step);
            let frame = ToEndpoint::Welcome { accepted_through: 0 };
            endpoint.on_link(LinkEvent::Frame { connection: connection(0), frame }, step)
        });
        let (mut curve, mut kem) = (BTreeSet::new(), BTreeSet::new());
        for Outgoing { frame, .. } in &net.said {
            assert!(frame.encoded_len() <= MAX_FRAME_BYTES);
            if let ToRelay::Publish(publish) = frame {
                curve.extend(publish.one_time_prekeys.iter().map(|prekey| prekey.id));
                kem.extend(publish.one_time_kem_prekeys.iter().map(|prekey| prekey.id));
            }
        }
        assert_eq!((curve.len(), kem.len()), (made, made));
        net.said.clear();
        net.connect(0);
        net.carry();
        assert!(net.ends[0].0.is_published(address(0)), "the relay takes them all");
        let rejected = net.heard[0].iter().find(|event| matches!(event, Event::Rejected(_)));
        assert!(rejected.is_none(), "{made}: {rejected:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_happens() {
    let mut net = Net::new();
    assert!(matches!(net.say(0, 1, &"x".repeat(70_000)), Err(SendError::TooLong(_))));
    assert_eq!(net.ends[0].0.unconfirmed(), 0);
    let mut stranger = Ok(());
    net.with(0, |endpoint, step| {
        let body = Body::Text(Text { body: "hello".into(), quoted: None });
        let content = Content { message_id: MessageId::from_random(&[2; 8]), sent_at_s: 0, body };
        stranger = endpoint.send((address(2), address(1)), &content, BillingClass::Service, step);
        Vec::new()
    });
    assert_eq!(stranger, Err(SendError::UnknownAccount));
}

fn flip_first(envelope: &mut Envelope) {
    flip(envelope, 0);
}

fn flip_last(envelope: &mut Envelope) {
    flip(envelope, envelope.ciphertext.len() - 1);
}

fn flip(envelope: &mut Envelope, at: usize) {
    if envelope.kind != EnvelopeKind::Retry {
        let mut bytes = envelope.ciphertext.to_vec();
        bytes[at] ^= 0x40;
        envelope.ciphertext = bytes.into();
    }
}
