//! What the relay promises its endpoints, over a disk from which it can be restored at any time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use kernel::{Machine as _, Rng, Seed, Time};
use relay::{Input, Output, Relay, RelayConfig};
use std::collections::BTreeMap;
use std::time::Duration;
use store::Shadow;
use wire::{
    Address, BillingClass, ConnectionId, Direction, Envelope, EnvelopeId, EnvelopeKind, FrameError,
    InboxItem, LinkEvent, LinkKey, OneTimeKey, Outcome, Outgoing, Position, PrekeyBundle, Publish, Receipt,
    RejectCode, SignedKey, ToEndpoint, ToRelay,
};

const GATEWAY: u8 = 1;
const ALICE: u8 = 2;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A relay whose transactions go to a disk; endpoint `n` has connection `n` and link key `[n; 32]`.
struct Stage {
    relay: Relay,
    disk: Shadow,
    rng: Rng,
    now: Time,
    closed: Vec<u8>,
    /// The names of the positions in their inboxes that endpoints have heard.
    names: BTreeMap<(u8, u64), u64>,
}

type Heard = Vec<(u8, ToEndpoint)>;

fn address(endpoint: u8) -> Address {
    Address::primary(
        ["15550783881", "4915112345678", "4915187654321"][usize::from(endpoint) - 1].parse().unwrap(),
    )
}

fn config() -> RelayConfig {
    RelayConfig {
        gateways: [LinkKey([GATEWAY; 32])].into(),
        delivery_window: 4,
        metering_interval: Duration::from_secs(60),
        ..RelayConfig::default()
    }
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self {
            relay: Relay::restore(config(), Vec::new()).unwrap(),
            disk: Shadow::default(),
            rng: Rng::for_entity(&Seed::from_number(1), "relay"),
            now: Time::from_secs(1_790_000_000),
            closed: Vec::new(),
            names: BTreeMap::new(),
        };
        for endpoint in [GATEWAY, ALICE] {
            stage.connects(endpoint, 0);
            stage.publishes(endpoint, 3);
        }
        stage
    }

    fn restart(&mut self) {
        let rows = self.disk.load(Relay::TABLES).unwrap();
        self.relay = Relay::restore(config(), rows).unwrap();
    }

    fn carry_out(&mut self, effects: kernel::Effects<Output>) -> Heard {
        self.disk.apply(effects.transaction).unwrap();
        let mut heard = Vec::new();
        for output in effects.outputs {
            match output {
                Output::Send(Outgoing { connection, frame }) => {
                    let endpoint = u8::try_from(connection.0).unwrap();
                    match &frame {
                        ToEndpoint::Welcome { resumes: Position { sequence, name }, .. }
                        | ToEndpoint::Delivery { sequence, name, .. } => {
                            self.names.insert((endpoint, *sequence), *name);
                        }
                        _ => {}
                    }
                    heard.push((endpoint, frame));
                }
                Output::Close(connection) => self.closed.push(u8::try_from(connection.0).unwrap()),
                Output::Mail(_) | Output::Notice(_) | Output::Transfer { .. } | Output::DropBlob(_) => {}
            }
        }
        heard
    }

    fn happens(&mut self, event: LinkEvent<ToRelay>) -> Heard {
        let effects = self.relay.handle(self.now, Input::Link(event), &mut self.rng);
        self.carry_out(effects)
    }

    fn says(&mut self, endpoint: u8, frame: ToRelay) -> Heard {
        self.happens(LinkEvent::Frame { connection: ConnectionId(u64::from(endpoint)), frame })
    }

    fn connects(&mut self, endpoint: u8, delivered_through: u64) -> Heard {
        let connection = ConnectionId(u64::from(endpoint));
        self.happens(LinkEvent::Up { connection, peer: LinkKey([endpoint; 32]) });
        let name = self.names.get(&(endpoint, delivered_through)).copied().unwrap_or_default();
        let delivered = Position { sequence: delivered_through, name };
        self.says(endpoint, ToRelay::Hello { delivered, gateway: endpoint == GATEWAY })
    }

    fn publishes(&mut self, endpoint: u8, one_time: u32) -> Heard {
        let signed = |id| SignedKey { id, key: vec![1].into(), signature: vec![2].into() };
        let publish = Publish {
            address: address(endpoint),
            registration_id: 1,
            identity_key: vec![3].into(),
            signed_prekey: signed(1),
            last_resort_kem_prekey: signed(2),
            one_time_prekeys: (10..10 + one_time).map(|id| OneTimeKey { id, key: vec![4].into() }).collect(),
            one_time_kem_prekeys: (50..50 + one_time).map(signed).collect(),
            replaces: false,
            name: 0,
        };
        self.says(endpoint, ToRelay::Publish(Box::new(publish)))
    }

    fn fetches(&mut self, endpoint: u8, whose: u8) -> PrekeyBundle {
        let heard = self.says(endpoint, ToRelay::FetchBundle(address(whose)));
        let bundle = heard.into_iter().find_map(|(_, frame)| match frame {
            ToEndpoint::Bundle(bundle) => bundle.bundle,
            _ => None,
        });
        bundle.expect("a bundle")
    }

    fn submits(&mut self, endpoint: u8, sequence: u64, to: u8) -> Heard {
        self.says(endpoint, ToRelay::Submit { sequence, envelope: envelope(sequence, endpoint, to) })
    }

    fn wakes(&mut self) -> Heard {
        let effects = self.relay.wake(self.now, &mut self.rng);
        self.carry_out(effects)
    }
}

fn envelope(number: u64, from: u8, to: u8) -> Envelope {
    Envelope {
        id: EnvelopeId([u8::try_from(number).unwrap(); 16]),
        from: address(from),
        to: address(to),
        kind: EnvelopeKind::Ratchet,
        ciphertext: vec![0; 256].into(),
        billing_class: BillingClass::Service,
    }
}

/// The sequences delivered to an endpoint.
fn delivered(heard: &Heard, to: u8) -> Vec<u64> {
    let deliveries = heard.iter().filter(|(endpoint, _)| *endpoint == to);
    deliveries
        .filter_map(|(_, frame)| match frame {
            ToEndpoint::Delivery { sequence, .. } => Some(*sequence),
            _ => None,
        })
        .collect()
}

#[test]
fn a_submission_sent_again_is_accepted_and_not_delivered_again() {
    let mut stage = Stage::new();
    assert_eq!(delivered(&stage.submits(GATEWAY, 1, ALICE), ALICE), [1]);
    stage.restart();
    stage.connects(ALICE, 0);
    let heard = stage.connects(GATEWAY, 0);
    let [(GATEWAY, ToEndpoint::Welcome { accepted, .. }), ..] = heard[..] else { panic!("{heard:?}") };
    assert_eq!(accepted.sequence, 1);
    assert_eq!(stage.submits(GATEWAY, 1, ALICE), [(GATEWAY, ToEndpoint::Accepted { through: 1 })]);
    // A gap means that the endpoint has lost something: it must connect again and look.
    let gap = stage.submits(GATEWAY, 3, ALICE);
    assert_eq!(gap, [(GATEWAY, ToEndpoint::Rejected(RejectCode::OutOfSequence))]);
    assert_eq!(stage.closed, [GATEWAY]);
}

#[test]
fn what_the_recipient_could_not_read_gets_no_receipt() {
    let mut stage = Stage::new();
    for sequence in 1..=4 {
        stage.submits(GATEWAY, sequence, ALICE);
    }
    // Numbers that are none of theirs say nothing of others.
    let heard = stage.says(ALICE, ToRelay::Acknowledge { through: 3, unread: vec![2, 3, 4, 0, u64::MAX, 2] });
    let receipts = heard.into_iter().filter_map(|(_, frame)| match frame {
        ToEndpoint::Delivery { item: InboxItem::Receipt(receipt), .. } => Some(receipt.envelope_id),
        _ => None,
    });
    assert_eq!(receipts.collect::<Vec<_>>(), [EnvelopeId([1; 16])]);
    let left = stage.disk.load(Relay::TABLES).unwrap();
    let waiting = left.iter().filter(|row| row.table.name() == "inbox" && row.at < 5).count();
    assert_eq!(waiting, 2, "the fourth, and the receipt: what could not be read is not kept for it");
}

#[test]
fn an_inbox_is_pushed_until_acknowledged_and_then_gone() {
    let mut stage = Stage::new();
    stage.happens(LinkEvent::Down { connection: ConnectionId(u64::from(ALICE)) });
    for sequence in 1..=3 {
        assert_eq!(delivered(&stage.submits(GATEWAY, sequence, ALICE), ALICE), Vec::<u64>::new());
    }
    stage.restart();
    stage.connects(GATEWAY, 0);
    assert_eq!(delivered(&stage.connects(ALICE, 0), ALICE), [1, 2, 3]);
    assert_eq!(delivered(&stage.connects(ALICE, 2), ALICE), [3], "what it has is not pushed again");
    let heard = stage.says(ALICE, ToRelay::Acknowledge { through: 3, unread: Vec::new() });
    let receipts: Vec<_> = heard
        .into_iter()
        .map(|(to, frame)| match frame {
            ToEndpoint::Delivery { item: InboxItem::Receipt(receipt), .. } => (to, receipt),
            other => panic!("{other:?}"),
        })
        .collect();
    let receipt = |number: u8| Receipt { envelope_id: EnvelopeId([number; 16]), outcome: Outcome::Delivered };
    assert_eq!(receipts, [1, 2, 3].map(|number| (GATEWAY, receipt(number))));
    stage.says(GATEWAY, ToRelay::Acknowledge { through: 3, unread: Vec::new() });
    let left = stage.disk.load(Relay::TABLES).unwrap();
    assert!(left.iter().all(|row| row.table.name() != "inbox"), "deleted on acknowledgement");
    // Numbers are never used again, though the queue is empty.
    stage.restart();
    stage.connects(GATEWAY, 3);
    stage.connects(ALICE, 3);
    assert_eq!(delivered(&stage.submits(GATEWAY, 4, ALICE), ALICE), [4]);
}

#[test]
fn a_slow_endpoint_gets_no_more_than_the_window() {
    let mut stage = Stage::new();
    let mut pushed = Vec::new();
    for sequence in 1..=10 {
        pushed.extend(delivered(&stage.submits(GATEWAY, sequence, ALICE), ALICE));
    }
    assert_eq!(pushed, [1, 2, 3, 4]);
    assert_eq!(
        delivered(&stage.says(ALICE, ToRelay::Acknowledge { through: 2, unread: Vec::new() }), ALICE),
        [5, 6]
    );
    assert_eq!(
        delivered(&stage.says(ALICE, ToRelay::Acknowledge { through: 6, unread: Vec::new() }), ALICE),
        [7, 8, 9, 10]
    );
}

#[test]
fn one_time_prekeys_are_handed_out_once_whatever_crashes() {
    let mut stage = Stage::new();
    let mut curve = Vec::new();
    let mut kem = Vec::new();
    for _ in 0..5 {
        let bundle = stage.fetches(GATEWAY, ALICE);
        curve.extend(bundle.one_time_prekey.map(|prekey| prekey.id));
        kem.push(bundle.kem_prekey.id);
        stage.restart();
        stage.connects(GATEWAY, 0);
    }
    assert_eq!(kem.split_off(3), [2, 2], "the last resort comes last");
    curve.sort_unstable();
    kem.sort_unstable();
    assert_eq!((curve, kem), (vec![10, 11, 12], vec![50, 51, 52]), "in any order");
}

#[test]
fn who_runs_out_of_prekeys_is_asked_for_more_once() {
    let mut stage = Stage::new();
    let asked = |heard: &Heard| {
        heard
            .iter()
            .filter(|(to, frame)| *to == ALICE && matches!(frame, ToEndpoint::PrekeysLow { .. }))
            .count()
    };
    let first = stage.says(GATEWAY, ToRelay::FetchBundle(address(ALICE)));
    let second = stage.says(GATEWAY, ToRelay::FetchBundle(address(ALICE)));
    assert_eq!((asked(&first), asked(&second)), (1, 0));
    let back = stage.connects(ALICE, 0);
    assert_eq!(asked(&back), 0, "still connected, still asked");
    stage.happens(LinkEvent::Down { connection: ConnectionId(u64::from(ALICE)) });
    assert_eq!(asked(&stage.connects(ALICE, 0)), 1, "the question may have been lost");
    assert_eq!(stage.publishes(ALICE, 1_001), [(ALICE, ToEndpoint::Rejected(RejectCode::TooManyPrekeys))]);
}

#[test]
fn what_nobody_fetches_is_kept_for_thirty_days() {
    let mut stage = Stage::new();
    stage.happens(LinkEvent::Down { connection: ConnectionId(u64::from(ALICE)) });
    stage.submits(GATEWAY, 1, ALICE);
    stage.now = stage.now + DAY;
    stage.submits(GATEWAY, 2, ALICE);
    stage.wakes();
    let due = stage.relay.wake_at().unwrap();
    assert_eq!(due.since(stage.now), 29 * DAY);
    stage.now = due;
    stage.wakes();
    assert_eq!(delivered(&stage.connects(ALICE, 0), ALICE), [2], "the first is gone, without a receipt");
}

#[test]
fn who_was_away_until_its_inbox_was_dropped_still_fits() {
    for heard in 0..=2 {
        let mut stage = Stage::new();
        for sequence in 1..=6 {
            stage.submits(GATEWAY, sequence, ALICE);
        }
        stage.says(ALICE, ToRelay::Acknowledge { through: 1, unread: Vec::new() });
        stage.happens(LinkEvent::Down { connection: ConnectionId(u64::from(ALICE)) });
        stage.now = stage.relay.wake_at().unwrap() + 31 * DAY;
        stage.wakes();
        stage.restart();
        stage.connects(GATEWAY, 0);
        // What it had got and not acknowledged was dropped too, and what comes now has numbers of its own.
        let resumed = resumes(&stage.connects(ALICE, 1 + heard));
        assert_eq!(resumed, Some(1 + heard));
        assert_eq!(delivered(&stage.submits(GATEWAY, 7, ALICE), ALICE), [7]);
        stage.says(ALICE, ToRelay::Acknowledge { through: 7, unread: Vec::new() });
        stage.restart();
        assert_eq!(resumes(&stage.connects(ALICE, 7)), Some(7));
    }
}

#[test]
fn a_position_that_is_not_of_this_history_is_answered_with_one_that_is() {
    let mut stage = Stage::new();
    let copy = stage.disk.load(Relay::TABLES).unwrap();
    for sequence in 1..=3 {
        stage.submits(GATEWAY, sequence, ALICE);
    }
    stage.says(ALICE, ToRelay::Acknowledge { through: 2, unread: Vec::new() });
    assert_eq!(resumes(&stage.connects(ALICE, 3)), Some(3), "got, and not acknowledged");
    assert_eq!(resumes(&stage.connects(ALICE, 2)), Some(2), "acknowledged");
    assert_eq!(resumes(&stage.connects(ALICE, 1)), Some(2), "the endpoint is older");
    stage.names.insert((ALICE, 4), 1);
    assert_eq!(resumes(&stage.connects(ALICE, 4)), Some(2), "the relay is older");
    let real = stage.names[&(ALICE, 3)];
    stage.names.insert((ALICE, 3), real ^ 1);
    assert_eq!(resumes(&stage.connects(ALICE, 3)), Some(2), "they have parted");
    // The relay is put back to an older copy, and other things happen then.
    stage.relay = Relay::restore(config(), copy).unwrap();
    stage.names.insert((ALICE, 3), real);
    assert_eq!(resumes(&stage.connects(ALICE, 3)), Some(0));
}

/// From where an endpoint is told that its inbox goes on.
fn resumes(heard: &Heard) -> Option<u64> {
    heard.iter().find_map(|(_, frame)| match frame {
        ToEndpoint::Welcome { resumes, .. } => Some(resumes.sequence),
        _ => None,
    })
}

#[test]
fn the_node_hears_totals_and_nothing_else() {
    let mut stage = Stage::new();
    for sequence in 1..=2 {
        stage.submits(GATEWAY, sequence, ALICE);
    }
    stage.submits(ALICE, 1, GATEWAY);
    assert_eq!(stage.relay.wake_at(), Some(stage.now + Duration::from_secs(60)), "not with each message");
    stage.restart();
    let heard = stage.connects(GATEWAY, 0);
    let Some((_, ToEndpoint::Metering(readings))) =
        heard.into_iter().find(|(_, frame)| matches!(frame, ToEndpoint::Metering(_)))
    else {
        panic!("no metering")
    };
    let totals: Vec<_> = readings
        .iter()
        .map(|reading| (reading.direction, reading.envelopes, reading.bytes, reading.country_calling_code))
        .collect();
    assert_eq!(
        totals,
        [(Direction::BusinessToConsumer, 2, 512, 49), (Direction::ConsumerToBusiness, 1, 256, 49)]
    );
    assert!(!stage.connects(ALICE, 0).iter().any(|(_, frame)| matches!(frame, ToEndpoint::Metering(_))));
}

#[test]
fn bad_frames_get_a_code_and_cost_nobody_else_anything() {
    let mut stage = Stage::new();
    for (error, code) in [
        (FrameError::TooLarge(1 << 30), RejectCode::FrameTooLarge),
        (FrameError::Version(9), RejectCode::UnsupportedVersion),
        (FrameError::Malformed, RejectCode::MalformedFrame),
        (FrameError::Unknown, RejectCode::UnknownFrame),
        (FrameError::Field("Envelope.id"), RejectCode::InvalidField),
    ] {
        stage.connects(3, 0);
        let heard = stage.happens(LinkEvent::Garbled { connection: ConnectionId(3), error });
        assert_eq!(heard, [(3, ToEndpoint::Rejected(code))]);
        assert_eq!(stage.closed.pop(), Some(3));
    }
    let early = {
        stage.happens(LinkEvent::Up { connection: ConnectionId(3), peer: LinkKey([3; 32]) });
        stage.says(3, ToRelay::Acknowledge { through: 1, unread: Vec::new() })
    };
    assert_eq!(early, [(3, ToEndpoint::Rejected(RejectCode::HelloExpected))]);
    assert_eq!(delivered(&stage.submits(GATEWAY, 1, ALICE), ALICE), [1]);
}

#[test]
fn a_message_to_nobody_comes_back() {
    let mut stage = Stage::new();
    let heard = stage.submits(GATEWAY, 1, 3);
    let receipt = Receipt { envelope_id: EnvelopeId([1; 16]), outcome: Outcome::UnknownRecipient };
    let name = stage.names[&(GATEWAY, 1)];
    let delivery = ToEndpoint::Delivery { sequence: 1, name, item: InboxItem::Receipt(receipt) };
    assert_eq!(heard, [(GATEWAY, delivery), (GATEWAY, ToEndpoint::Accepted { through: 1 })]);
}
