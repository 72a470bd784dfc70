//! A conversation goes on, whatever is lost, repeated or damaged under way.

use crate::net::{NOW, Net, address, connection, flip_first, flip_last};
use content::{Body, Content, MessageId};
use endpoint::{Event, Failure, SendError, Terms, Unreadable};
use std::time::Duration;
use wire::{BillingClass, Envelope, EnvelopeKind, InboxItem, LinkEvent, Outgoing, ToEndpoint, ToRelay};

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
        let body = Body::text("again");
        let content = Content::new(MessageId::from_random(&[1; 8]), 0, body);
        endpoint.send((address(0), address(1)), &content, BillingClass::Service, step).unwrap();
        Vec::new()
    });
    if let Some(Outgoing { frame: ToRelay::Submit { envelope: sent, .. }, .. }) = net.said.front() {
        envelope = Some(sent.clone());
    }
    net.carry();
    for sequence in 50..53 {
        let item = InboxItem::Envelope(envelope.clone().unwrap());
        let frame = ToEndpoint::Delivery { sequence, name: sequence, item };
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
    let frame = ToEndpoint::Delivery { sequence: 99, name: 99, item: InboxItem::Envelope(request) };
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
    let expires = NOW + Duration::from_secs(30 * 24 * 3600);
    while net.now < expires {
        assert!(net.failures(0).is_empty());
        net.now = net.ends[0].0.wake_at().unwrap();
        net.with(0, |endpoint, step| endpoint.expire(step));
    }
    assert_eq!(net.now, expires);
    assert_eq!(net.failures(0), [Failure::Expired]);
    let rows = net.rows(0);
    assert!(rows.iter().all(|row| row.table.name() != "unconfirmed"));
}

#[test]
fn what_is_not_delivered_in_the_time_that_its_sender_gave_it_is_destroyed_alone() {
    let mut net = Net::new();
    net.event(0, LinkEvent::Down { connection: connection(0) });
    let lives = |seconds| Terms {
        time_to_live: Some(Duration::from_secs(seconds)),
        ..Terms::from(BillingClass::Service)
    };
    net.say(0, 1, "as long as all").unwrap();
    net.say_on(0, 1, "a minute", lives(60)).unwrap();
    net.say_on(0, 1, "longer than can be", lives(100 * 24 * 3600)).unwrap();
    // Its time goes on while the endpoint is not there.
    let rows = net.rows(0);
    net.ends[0].0 = endpoint::Endpoint::restore(net.policy.clone(), rows).unwrap().0;
    assert_eq!(net.ends[0].0.wake_at(), Some(NOW + Duration::from_secs(60)));
    net.wait(0, Duration::from_secs(59));
    assert!(net.failures(0).is_empty());
    net.wait(0, Duration::from_secs(1));
    assert_eq!((net.failures(0), net.ends[0].0.unconfirmed()), (vec![Failure::Expired], 2));
    net.connect(0);
    net.carry();
    assert_eq!(net.texts(1), ["as long as all", "longer than can be"]);

    net.event(0, LinkEvent::Down { connection: connection(0) });
    net.say_on(0, 1, "longer than can be", lives(100 * 24 * 3600)).unwrap();
    net.wait(0, Duration::from_secs(30 * 24 * 3600));
    assert_eq!((net.failures(0).len(), net.ends[0].0.unconfirmed()), (2, 0));
}

#[test]
fn one_time_prekeys_are_used_once_and_made_again() {
    let mut net = Net::new();
    net.say(0, 1, "round 0").unwrap();
    assert_eq!(net.texts(1), ["round 0"]);
    let prekeys = net.rows(1).iter().filter(|row| row.table.name() == "prekeys").count();
    // Three of each kind, one of each used up; fewer than five are left at the relay, so three more were made.
    assert_eq!(prekeys, 2 * (3 - 1 + 3));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_happens() {
    let mut net = Net::new();
    assert!(matches!(net.say(0, 1, &"x".repeat(70_000)), Err(SendError::TooLong(_))));
    assert_eq!(net.ends[0].0.unconfirmed(), 0);
    let mut stranger = Ok(());
    net.with(0, |endpoint, step| {
        let body = Body::text("hello");
        let content = Content::new(MessageId::from_random(&[2; 8]), 0, body);
        stranger = endpoint.send((address(2), address(1)), &content, BillingClass::Service, step);
        Vec::new()
    });
    assert_eq!(stranger, Err(SendError::UnknownAccount));
}
