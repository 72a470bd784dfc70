//! What should not come, and what the person hears of it: something, and never more than that something came.

use crate::stage::{ALICE, BOB, Stage, address};
use consumer::{Input, Notice};
use endpoint::Unreadable;
use wire::{
    Address, BillingClass, ConnectionId, Envelope, EnvelopeId, EnvelopeKind, FrameError, InboxItem,
    LinkEvent, Outcome, Receipt, RejectCode, ToEndpoint, ToRelay,
};

fn envelope(from: Address, to: Address, kind: EnvelopeKind) -> Envelope {
    Envelope {
        id: EnvelopeId([3; 16]),
        from,
        to,
        kind,
        ciphertext: vec![0x44; 80].into(),
        billing_class: BillingClass::Service,
    }
}

fn acknowledges(through: u64) -> impl Fn(&ToRelay) -> bool {
    move |frame| matches!(frame, ToRelay::Acknowledge { through: up_to, .. } if *up_to == through)
}

fn asks_again(frame: &ToRelay) -> bool {
    matches!(frame, ToRelay::Submit { envelope, .. } if envelope.kind == EnvelopeKind::Retry)
}

#[test]
fn bytes_that_are_no_frame_are_named_by_their_fault() {
    for (error, code) in [
        (FrameError::Malformed, RejectCode::MalformedFrame),
        (FrameError::TooLarge(1 << 30), RejectCode::FrameTooLarge),
        (FrameError::Version(9), RejectCode::UnsupportedVersion),
        (FrameError::Unknown, RejectCode::UnknownFrame),
    ] {
        let mut stage = Stage::new();
        let connection = ConnectionId(1);
        stage.handle(ALICE, Input::Link(LinkEvent::Garbled { connection, error }));
        assert_eq!(stage.apps[ALICE].notices().last(), Some(&Notice::Rejected(code)));
    }
}

#[test]
fn what_the_relay_refuses_is_said() {
    let mut stage = Stage::new();
    stage.push(ALICE, ToEndpoint::Rejected(RejectCode::AddressTaken));
    assert_eq!(stage.apps[ALICE].notices().last(), Some(&Notice::Rejected(RejectCode::AddressTaken)));
}

#[test]
fn a_number_that_another_device_has_is_refused_and_never_registered() {
    let mut stage = Stage::asleep(|config| config.address = address(ALICE));
    for person in [ALICE, BOB] {
        stage.wake(person);
        stage.connect(person);
    }
    assert!(stage.apps[ALICE].notices().contains(&Notice::Registered));
    assert_eq!(stage.apps[BOB].notices(), [Notice::Online, Notice::Rejected(RejectCode::AddressTaken)]);
}

#[test]
fn nothing_is_heard_on_a_connection_that_was_given_up() {
    let mut stage = Stage::new();
    stage.disconnect(ALICE);
    stage.connect(ALICE);
    let before = stage.apps[ALICE].seen.len();
    let stale = ConnectionId(1);
    let frame = ToEndpoint::Rejected(RejectCode::AddressTaken);
    assert!(!stage.handle(ALICE, Input::Link(LinkEvent::Frame { connection: stale, frame })));
    assert!(!stage.handle(ALICE, Input::Link(LinkEvent::Down { connection: stale })));
    assert_eq!(stage.apps[ALICE].seen.len(), before);
    assert!(stage.apps[ALICE].machine.endpoint().is_online());
}

#[test]
fn what_cannot_be_read_is_said_acknowledged_and_asked_for_again() {
    for kind in [EnvelopeKind::Ratchet, EnvelopeKind::Prekey] {
        let mut stage = Stage::new();
        stage.deliver(ALICE, 1, InboxItem::Envelope(envelope(address(BOB), address(ALICE), kind)));
        let unreadable = stage.apps[ALICE].notices();
        assert!(matches!(unreadable.last(), Some(Notice::Unreadable(Unreadable::Ciphertext(_)))));
        assert_eq!(stage.apps[ALICE].count(acknowledges(1)), 1);
        assert_eq!(stage.apps[ALICE].count(asks_again), 1);
        assert!(stage.apps[ALICE].messages().is_empty());
    }
}

#[test]
fn what_is_for_somebody_else_is_not_asked_for_again() {
    let mut stage = Stage::new();
    let stray = envelope(address(BOB), address(7), EnvelopeKind::Prekey);
    stage.deliver(ALICE, 1, InboxItem::Envelope(stray));
    assert_eq!(stage.apps[ALICE].notices().last(), Some(&Notice::Unreadable(Unreadable::Misdirected)));
    assert_eq!(stage.apps[ALICE].count(asks_again), 0);
    assert_eq!(stage.apps[ALICE].count(acknowledges(1)), 1);
}

#[test]
fn after_what_could_not_be_read_the_conversation_goes_on() {
    let mut stage = Stage::new();
    stage.say(BOB, ALICE, "one");
    let forged = envelope(address(BOB), address(ALICE), EnvelopeKind::Ratchet);
    stage.deliver(ALICE, 40, InboxItem::Envelope(forged));
    stage.say(ALICE, BOB, "two");
    assert_eq!((stage.apps[ALICE].texts(), stage.apps[BOB].texts()), (vec!["one"], vec!["two"]));
}

#[test]
fn a_delivery_that_is_pushed_twice_is_shown_once_and_acknowledged_again() {
    let mut stage = Stage::new();
    stage.say(BOB, ALICE, "hello");
    let again = stage.apps[BOB].said.iter().find_map(|frame| match frame {
        ToRelay::Submit { envelope, .. } => Some(envelope.clone()),
        _ => None,
    });
    let acknowledged =
        |stage: &Stage| stage.apps[ALICE].count(|frame| matches!(frame, ToRelay::Acknowledge { .. }));
    let before = acknowledged(&stage);
    stage.deliver(ALICE, 1, InboxItem::Envelope(again.clone().unwrap()));
    assert_eq!(acknowledged(&stage), before + 1);
    assert_eq!(stage.apps[ALICE].texts(), ["hello"]);
    assert!(!stage.apps[ALICE].notices().iter().any(|notice| matches!(notice, Notice::Unreadable(_))));
    // Under a new number it is a replay, which the ratchet knows.
    stage.deliver(ALICE, 50, InboxItem::Envelope(again.unwrap()));
    assert_eq!(stage.apps[ALICE].notices().last(), Some(&Notice::Unreadable(Unreadable::Replay)));
    assert_eq!(stage.apps[ALICE].texts(), ["hello"]);
}

#[test]
fn a_receipt_for_what_was_never_sent_means_nothing() {
    let mut stage = Stage::new();
    let receipt = Receipt { envelope_id: EnvelopeId([8; 16]), outcome: Outcome::Delivered };
    stage.deliver(ALICE, 1, InboxItem::Receipt(receipt));
    assert_eq!(stage.apps[ALICE].statuses(), []);
    assert_eq!(stage.apps[ALICE].count(acknowledges(1)), 1);
}

#[test]
fn totals_of_a_business_are_no_consumers_business() {
    let mut stage = Stage::new();
    let before = stage.apps[ALICE].seen.len();
    stage.push(ALICE, ToEndpoint::Metering(Vec::new()));
    assert_eq!(stage.apps[ALICE].seen.len(), before);
}

#[test]
fn when_prekeys_run_low_more_are_published_and_the_person_hears_nothing() {
    let mut stage = Stage::new();
    let (seen, published) =
        (stage.apps[ALICE].seen.len(), |frame: &ToRelay| matches!(frame, ToRelay::Publish(_)));
    stage.push(ALICE, ToEndpoint::PrekeysLow { address: address(ALICE), one_time_left: 0 });
    assert_eq!(stage.apps[ALICE].count(published), 2);
    assert_eq!(stage.apps[ALICE].seen.len(), seen);
}
