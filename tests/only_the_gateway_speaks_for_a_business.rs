//! Invariant 10: envelopes from or to a business number pass only between the relay and the node that the
//! number is registered to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use kernel::{Machine as _, Rng, Seed, Time};
use relay::{Input, Output, Relay, RelayConfig};
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeId, EnvelopeKind, InboxItem, LinkEvent, LinkKey,
    Outcome, Outgoing, Publish, RejectCode, SignedKey, ToEndpoint, ToRelay,
};

const GATEWAY: ConnectionId = ConnectionId(1);
const OTHER_GATEWAY: ConnectionId = ConnectionId(2);
const ALICE: ConnectionId = ConnectionId(3);
const MALLORY: ConnectionId = ConnectionId(4);

struct Stage {
    relay: Relay,
    rng: Rng,
    submitted: std::collections::BTreeMap<ConnectionId, u64>,
}

fn key(connection: ConnectionId) -> LinkKey {
    LinkKey([connection.0 as u8; 32])
}

fn number(digits: &str) -> Address {
    Address::primary(digits.parse().unwrap())
}

fn shop() -> Address {
    number("15550783881")
}

fn alice() -> Address {
    number("4915112345678")
}

fn mallory() -> Address {
    number("4915187654321")
}

impl Stage {
    /// A relay with two gateways that it knows, a shop behind the first, and two consumers.
    fn new() -> Self {
        let config =
            RelayConfig { gateways: [key(GATEWAY), key(OTHER_GATEWAY)].into(), ..RelayConfig::default() };
        let relay = Relay::restore(config, Vec::new()).unwrap();
        let rng = Rng::for_entity(&Seed::from_number(1), "relay");
        let mut stage = Self { relay, rng, submitted: Default::default() };
        for connection in [GATEWAY, OTHER_GATEWAY, ALICE, MALLORY] {
            stage.happens(LinkEvent::Up { connection, peer: key(connection) });
            let gateway = connection == GATEWAY || connection == OTHER_GATEWAY;
            stage.says(connection, ToRelay::Hello { delivered: wire::Position::default(), gateway });
        }
        for (connection, address) in [(GATEWAY, shop()), (ALICE, alice()), (MALLORY, mallory())] {
            assert_eq!(stage.publishes(connection, address), [(connection, ToEndpoint::Published(address))]);
        }
        stage
    }

    fn happens(&mut self, event: LinkEvent<ToRelay>) -> Vec<(ConnectionId, ToEndpoint)> {
        let effects = self.relay.handle(Time::from_secs(1), Input::Link(event), &mut self.rng);
        let frames = effects.outputs.into_iter().filter_map(|output| match output {
            Output::Send(Outgoing { connection, frame }) => Some((connection, frame)),
            _ => None,
        });
        frames.collect()
    }

    fn says(&mut self, connection: ConnectionId, frame: ToRelay) -> Vec<(ConnectionId, ToEndpoint)> {
        self.happens(LinkEvent::Frame { connection, frame })
    }

    fn publishes(&mut self, connection: ConnectionId, address: Address) -> Vec<(ConnectionId, ToEndpoint)> {
        let signed = SignedKey { id: 1, key: vec![1].into(), signature: vec![2].into() };
        let publish = Publish {
            address,
            registration_id: 1,
            identity_key: vec![3].into(),
            signed_prekey: signed.clone(),
            last_resort_kem_prekey: signed,
            one_time_prekeys: Vec::new(),
            one_time_kem_prekeys: Vec::new(),
            replaces: false,
            name: 0,
        };
        self.says(connection, ToRelay::Publish(Box::new(publish)))
    }

    /// Submits an envelope, and says who got it and what the sender heard.
    fn submits(
        &mut self,
        connection: ConnectionId,
        from: Address,
        to: Address,
    ) -> (Vec<ConnectionId>, Option<Outcome>) {
        let sequence = self.submitted.entry(connection).or_insert(0);
        *sequence += 1;
        let envelope = Envelope {
            id: EnvelopeId([7; 16]),
            from,
            to,
            kind: EnvelopeKind::Ratchet,
            ciphertext: vec![0; 256].into(),
            billing_class: BillingClass::Service,
        };
        let frames = {
            let sequence = *sequence;
            self.says(connection, ToRelay::Submit { sequence, envelope })
        };
        let mut receivers = Vec::new();
        let mut outcome = None;
        for (to, frame) in frames {
            match frame {
                ToEndpoint::Delivery { item: InboxItem::Envelope(_), .. } => receivers.push(to),
                ToEndpoint::Delivery { item: InboxItem::Receipt(receipt), .. } => {
                    outcome = Some(receipt.outcome)
                }
                _ => {}
            }
        }
        (receivers, outcome)
    }
}

#[test]
fn only_the_gateway_speaks_for_a_business() {
    let mut stage = Stage::new();
    // The gateway that the shop is registered to speaks for it, and hears what is said to it.
    assert_eq!(stage.submits(GATEWAY, shop(), alice()), (vec![ALICE], None));
    assert_eq!(stage.submits(ALICE, alice(), shop()), (vec![GATEWAY], None));
    // Nobody else does: not another gateway, not a consumer, not even with another device of that number.
    let second_device = Address { device: wire::DeviceId::new(2).unwrap(), ..shop() };
    for other in [OTHER_GATEWAY, MALLORY] {
        for from in [shop(), second_device] {
            assert_eq!(stage.submits(other, from, alice()), (vec![], Some(Outcome::NotAllowed)));
        }
    }
    // And the gateway speaks for nobody else.
    assert_eq!(stage.submits(GATEWAY, alice(), mallory()), (vec![], Some(Outcome::NotAllowed)));
}

#[test]
fn a_number_can_not_be_taken_over() {
    let mut stage = Stage::new();
    let second_device = Address { device: wire::DeviceId::new(2).unwrap(), ..shop() };
    for (thief, address) in [
        (OTHER_GATEWAY, shop()),
        (OTHER_GATEWAY, second_device),
        (GATEWAY, alice()),
        (MALLORY, shop()),
        (MALLORY, number("15550000000")),
    ] {
        let taken = ToEndpoint::Rejected(RejectCode::AddressTaken);
        assert_eq!(stage.publishes(thief, address), [(thief, taken)]);
    }
    assert_eq!(stage.submits(ALICE, alice(), shop()), (vec![GATEWAY], None));
}

#[test]
fn what_consumers_tell_each_other_reaches_no_gateway() {
    let mut stage = Stage::new();
    assert_eq!(stage.submits(ALICE, alice(), mallory()), (vec![MALLORY], None));
    let acknowledged = stage.says(MALLORY, ToRelay::Acknowledge { through: 1, unread: Vec::new() });
    assert!(acknowledged.iter().all(|(to, _)| *to == ALICE), "{acknowledged:?}");
    assert_eq!(stage.relay.metering(shop().number), []);
}

#[test]
fn an_unknown_node_is_no_gateway() {
    let mut stage = Stage::new();
    let stranger = ConnectionId(9);
    stage.happens(LinkEvent::Up { connection: stranger, peer: key(stranger) });
    let heard = stage.says(stranger, ToRelay::Hello { delivered: wire::Position::default(), gateway: true });
    assert_eq!(heard, [(stranger, ToEndpoint::Rejected(RejectCode::NotAGateway))]);
    // Its connection is at an end: the relay does not hear it any more.
    assert_eq!(stage.publishes(stranger, number("15550000001")), []);
}
