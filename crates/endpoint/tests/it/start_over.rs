//! Endpoints and a relay of which one was put back to an older copy, or replaced, while the others went on: nothing is
//! swallowed, no key is used again, and conversations go on.

use content::{Body, Content, MessageId};
use endpoint::{Endpoint, Event, Policy, TABLES};
use kernel::{Effects, Machine as _, Rng, Seed, Time};
use ratchet::{KeyUse, MessageKind};
use relay::{Input, Relay, RelayConfig};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use store::Shadow;
use wire::{
    Address, BillingClass, ConnectionId, EnvelopeKind, InboxItem, LinkEvent, LinkKey, Outgoing, ToEndpoint,
    ToRelay,
};

const NOW: Time = Time::from_secs(1_790_000_000);
const ALICE: usize = 0;
const BOB: usize = 1;

/// Whose disk it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    End(usize),
    Relay,
}

/// What stands in the place of a party's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// One from before the last exchanges.
    Older,
    /// One that has gone on for longer than the others know: they are put back. An end that is newer is one whose relay is
    /// older.
    Newer,
    /// An empty one.
    Foreign,
    /// An older one that has written things of its own since, which the others never heard.
    Forked,
}

struct Net {
    relay: (Relay, Shadow),
    ends: Vec<(Endpoint, Shadow)>,
    /// Since the connection before.
    online: [Option<ConnectionId>; 2],
    connections: u64,
    texts: [Vec<String>; 2],
    started_over: [u32; 2],
    rng: Rng,
    said: VecDeque<Outgoing<ToRelay>>,
    /// Every message that went out, by the key that it says it is encrypted with.
    keys: BTreeMap<(Address, Address, Vec<u8>, u32), Vec<u8>>,
    /// Every one-time prekey of a bundle.
    handed: Vec<(Address, u32)>,
    /// What was on its way to an end that was offline.
    lost: Vec<ToEndpoint>,
    now: Time,
}

fn address(end: usize) -> Address {
    Address::primary(["4915110000000", "4915120000000"][end].parse().unwrap())
}

fn policy() -> Policy {
    Policy { one_time_prekeys: 6, ..Policy::default() }
}

impl Net {
    fn new() -> Self {
        let end = || (Endpoint::restore(policy(), Vec::new()).unwrap().0, Shadow::default());
        let mut net = Self {
            relay: (Relay::restore(RelayConfig::default(), Vec::new()).unwrap(), Shadow::default()),
            ends: vec![end(), end()],
            online: [None; 2],
            connections: 0,
            texts: [Vec::new(), Vec::new()],
            started_over: [0; 2],
            rng: Rng::for_entity(&Seed::from_number(3), "net"),
            said: VecDeque::new(),
            keys: BTreeMap::new(),
            handed: Vec::new(),
            lost: Vec::new(),
            now: NOW,
        };
        net.reconnect();
        net
    }

    fn step(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, &mut endpoint::Step<'_>) -> Vec<Event>) {
        let (endpoint, disk) = &mut self.ends[end];
        let mut fx = Effects::none();
        let events = fx.step(self.now, &mut self.rng, |step| act(endpoint, step));
        disk.apply(fx.transaction).unwrap();
        self.said.extend(fx.outputs);
        for event in events {
            match event {
                Event::Received { content: Content { body: Body::Text(text), .. }, .. } => {
                    self.texts[end].push(text.body);
                }
                Event::StartedOver => self.started_over[end] += 1,
                Event::Failed { failure, .. } => panic!("{failure}"),
                _ => {}
            }
        }
    }

    fn relay(&mut self, event: LinkEvent<ToRelay>) -> Vec<relay::Output> {
        let effects = self.relay.0.handle(self.now, Input::Link(event), &mut self.rng);
        self.relay.1.apply(effects.transaction).unwrap();
        effects.outputs
    }

    /// Everybody starts again from the disk, and connects.
    fn reconnect(&mut self) {
        self.disconnect();
        self.connect(ALICE);
        self.connect(BOB);
    }

    fn connect(&mut self, end: usize) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.online[end] = Some(connection);
        self.relay(LinkEvent::Up { connection, peer: LinkKey([end as u8; 32]) });
        self.step(end, |endpoint, step| {
            endpoint.open_account(address(end), step);
            endpoint.on_link(LinkEvent::Up { connection, peer: LinkKey([9; 32]) }, step)
        });
        self.carry();
    }

    /// It is some days later, and timers have rung every day.
    fn wait(&mut self, days: u32) {
        for _ in 0..days {
            self.now = self.now + Duration::from_secs(24 * 3600);
            for end in [ALICE, BOB] {
                self.step(end, |endpoint, step| endpoint.expire(step));
                self.carry();
            }
        }
    }

    fn disconnect(&mut self) {
        self.online = [None; 2];
        self.said.clear();
        for (endpoint, disk) in &mut self.ends {
            *endpoint = Endpoint::restore(policy(), disk.load(&TABLES).unwrap()).unwrap().0;
        }
        let rows = self.relay.1.load(Relay::TABLES).unwrap();
        self.relay.0 = Relay::restore(RelayConfig::default(), rows).unwrap();
    }

    fn carry(&mut self) {
        while let Some(Outgoing { connection, frame }) = self.said.pop_front() {
            self.watch(&frame);
            for output in self.relay(LinkEvent::Frame { connection, frame }) {
                let relay::Output::Send(Outgoing { connection, frame }) = output else { continue };
                if let ToEndpoint::Bundle(bundle) = &frame {
                    let keys = bundle.bundle.as_ref().and_then(|bundle| bundle.one_time_prekey.as_ref());
                    self.handed.extend(keys.map(|key| (bundle.address, key.id)));
                }
                let Some(end) = self.online.iter().position(|online| *online == Some(connection)) else {
                    self.lost.push(frame);
                    continue;
                };
                self.step(end, |end, step| end.on_link(LinkEvent::Frame { connection, frame }, step));
            }
        }
    }

    fn watch(&mut self, frame: &ToRelay) {
        let ToRelay::Submit { envelope, .. } = frame else { return };
        let kind = match envelope.kind {
            EnvelopeKind::Prekey => MessageKind::Prekey,
            EnvelopeKind::Ratchet => MessageKind::Ratchet,
            _ => return,
        };
        let used = KeyUse::of(kind, &envelope.ciphertext).unwrap();
        let key = (envelope.from, envelope.to, used.ratchet_key.to_bytes().to_vec(), used.counter);
        let before = self.keys.insert(key, used.message.to_vec());
        assert!(before.is_none_or(|before| before == used.message), "a message key is used twice");
    }

    fn say(&mut self, from: usize, text: &str) {
        let message_id = MessageId::from_random(&self.rng.bytes::<8>());
        let content = Content::new(message_id, 0, Body::text(text));
        self.step(from, |endpoint, step| {
            let pair = (address(from), address(1 - from));
            endpoint.send(pair, &content, BillingClass::Service, step).unwrap();
            Vec::new()
        });
        self.carry();
    }

    fn exchange(&mut self, round: &str) {
        for from in [ALICE, BOB] {
            self.say(from, &format!("{round} from {from}"));
        }
    }

    fn disk(&mut self, whose: Whose) -> &mut Shadow {
        match whose {
            Whose::End(end) => &mut self.ends[end].1,
            Whose::Relay => &mut self.relay.1,
        }
    }

    /// What is said now arrives, once and in order, both ways.
    fn goes_on(&mut self, context: &str) {
        self.texts = [Vec::new(), Vec::new()];
        for round in 0..3 {
            self.exchange(&format!("after {round}"));
        }
        for end in [ALICE, BOB] {
            let expected: Vec<_> = (0..3).map(|round| format!("after {round} from {}", 1 - end)).collect();
            assert_eq!(self.texts[end], expected, "{context}");
            assert_eq!(self.ends[end].0.unconfirmed(), 0, "{context}");
            assert!(self.ends[end].0.is_published(address(end)), "{context}");
        }
    }
}

#[test]
fn whoever_is_put_back_or_replaced_is_noticed_and_the_next_messages_arrive() {
    for whose in [Whose::End(ALICE), Whose::End(BOB), Whose::Relay] {
        for copy in [Copy::Older, Copy::Newer, Copy::Foreign, Copy::Forked] {
            let context = format!("{whose:?} {copy:?}");
            if (copy, whose == Whose::Relay) == (Copy::Newer, false) {
                // End and relay put back together fit: nobody who is asked can tell (decision 0029).
                continue;
            }
            let mut net = Net::new();
            net.exchange("one");
            net.exchange("two");
            let others =
                [Whose::End(ALICE), Whose::End(BOB), Whose::Relay].map(|whose| net.disk(whose).clone());
            net.exchange("three");
            net.exchange("four");
            match copy {
                Copy::Older | Copy::Forked => {
                    let place =
                        [Whose::End(ALICE), Whose::End(BOB), Whose::Relay].iter().position(|w| *w == whose);
                    *net.disk(whose) = others[place.unwrap()].clone();
                }
                Copy::Newer => {
                    let all = [Whose::End(ALICE), Whose::End(BOB), Whose::Relay].into_iter().zip(others);
                    all.filter(|(other, _)| *other != whose)
                        .for_each(|(other, disk)| *net.disk(other) = disk);
                }
                Copy::Foreign => *net.disk(whose) = Shadow::default(),
            }
            net.disconnect();
            if let (Copy::Forked, Whose::End(end)) = (copy, whose) {
                // Offline, with keys that are used already. None of these leaves as it is.
                for text in ["forked 1", "forked 2", "forked 3"] {
                    net.say(end, text);
                }
            }
            net.reconnect();
            let [alice, bob] = net.started_over;
            match (whose, copy) {
                (Whose::End(_), Copy::Foreign) => {
                    assert_eq!([alice, bob], [0, 0], "{context}: there is nothing to start over from");
                }
                (Whose::End(end), Copy::Older | Copy::Forked) => {
                    assert_eq!(net.started_over[end], 1, "{context}");
                    assert_eq!(net.started_over[1 - end], 0, "{context}: only who was put back");
                }
                _ => assert!(alice == 1 || bob == 1, "{context}"),
            }
            if let (Copy::Forked, Whose::End(end)) = (copy, whose) {
                let forked = net.texts[1 - end].iter().filter(|text| text.starts_with("forked"));
                assert_eq!(forked.collect::<Vec<_>>(), ["forked 1", "forked 2", "forked 3"], "{context}");
            }
            net.goes_on(&context);
            let before = net.started_over;
            net.reconnect();
            assert_eq!(net.started_over, before, "{context}: once");
            net.goes_on(&context);
        }
    }
}

#[test]
fn at_a_new_relay_nobody_is_registered_until_it_says_so() {
    let mut net = Net::new();
    // Registered, and nothing was ever said.
    assert!(net.ends[ALICE].0.is_published(address(ALICE)));
    net.relay.1 = Shadow::default();
    net.reconnect();
    assert_eq!(net.started_over, [1, 1]);
    net.goes_on("a new relay");
}

#[test]
fn one_time_prekeys_are_said_once_though_the_answer_is_lost() {
    let mut net = Net::new();
    for _ in 0..4 {
        // The relay has the keys and hands one out; the endpoint never hears that it has them.
        let before = net.ends[BOB].1.clone();
        net.say(ALICE, "hello");
        net.ends[BOB].1 = before;
        net.reconnect();
    }
    let mut handed = net.handed.clone();
    handed.sort_unstable();
    handed.dedup();
    assert_eq!(handed.len(), net.handed.len(), "none is handed out twice");
}

#[test]
fn what_was_encrypted_with_a_state_that_was_put_back_never_leaves() {
    let mut net = Net::new();
    net.exchange("one");
    let copy = net.ends[ALICE].1.clone();
    net.say(ALICE, "two");
    net.ends[ALICE].1 = copy;
    net.disconnect();
    net.say(ALICE, "offline");
    assert!(net.said.is_empty());
    net.reconnect();
    // `watch` has seen every envelope: the key of "two" was not used for "offline".
    assert_eq!(net.texts[BOB].last().map(String::as_str), Some("offline"));
    assert_eq!(net.texts[BOB].iter().filter(|text| *text == "offline").count(), 1);
}

#[test]
fn who_starts_over_still_knows_whom_it_talked_to() {
    let mut net = Net::new();
    net.exchange("one");
    let copy = net.ends[ALICE].1.clone();
    net.exchange("two");
    net.ends[ALICE].1 = copy;
    net.reconnect();
    net.goes_on("first");
    let identity = net.ends[ALICE].0.identity(address(ALICE));
    net.reconnect();
    assert_eq!(net.ends[ALICE].0.identity(address(ALICE)), identity);
}

#[test]
fn all_that_waited_for_who_starts_over_arrives_in_order() {
    let mut net = Net::new();
    net.exchange("one");
    let copy = net.ends[ALICE].1.clone();
    net.exchange("two");
    net.disconnect();
    net.connect(BOB);
    for number in 0..300 {
        net.say(BOB, &format!("{number}"));
    }
    net.texts[ALICE].clear();
    net.ends[ALICE].1 = copy;
    net.reconnect();
    assert_eq!(net.started_over, [1, 0]);
    let expected: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    assert_eq!(net.texts[ALICE], expected);
    net.goes_on("more than strangers may make an endpoint ask for");
}

#[test]
fn a_relay_that_lacks_a_publication_only_gets_it_again() {
    let mut net = Net::new();
    let copy = net.relay.1.clone();
    // Alice and Bob change their keys twenty times, and destroy those that the copy has. Nothing is said.
    net.wait(40);
    net.relay.1 = copy;
    net.reconnect();
    assert_eq!(net.started_over, [0, 0], "both queues are as they were");
    net.goes_on("with the keys that they have now");
}

#[test]
fn a_request_for_what_could_not_be_read_outlives_starting_over() {
    let mut net = Net::new();
    net.exchange("one");
    let alice = net.online[ALICE].take();
    net.say(BOB, "damaged");
    let copy = net.relay.1.clone();
    net.online = [alice, None];
    net.say(ALICE, "a submission that the relay will not have");
    let delivery = net.lost.iter().find_map(|frame| match frame {
        ToEndpoint::Delivery { sequence, name, item: InboxItem::Envelope(envelope) }
            if envelope.from == address(BOB) =>
        {
            Some((*sequence, *name, envelope.clone()))
        }
        _ => None,
    });
    let (sequence, name, mut envelope) = delivery.unwrap();
    envelope.ciphertext = vec![0x44; 80].into();
    let frame = ToEndpoint::Delivery { sequence, name, item: InboxItem::Envelope(envelope) };
    let connection = alice.unwrap();
    net.step(ALICE, |end, step| end.on_link(LinkEvent::Frame { connection, frame }, step));
    // What she says to it never arrives, and the relay is put back to when it had told her of it.
    net.relay.1 = copy;
    net.texts = [Vec::new(), Vec::new()];
    net.reconnect();
    assert_eq!(net.started_over, [1, 0]);
    assert_eq!(net.texts[ALICE], ["damaged"], "asked for, and sent again");
    assert_eq!(net.ends[BOB].0.unconfirmed(), 0);
    net.goes_on("and then");
}
