//! What somebody can make an endpoint do who sends what nobody can read.

use crate::net::{Net, address};
use endpoint::{SendError, Unreadable};
use std::time::Duration;
use wire::{EnvelopeKind, InboxItem, Outcome, Receipt, ToEndpoint};

const BOB: usize = 1;

/// How many receipts and how many requests for a retry Mallory has got.
fn got(net: &Net) -> (usize, usize) {
    let items = || {
        net.mallory.iter().filter_map(|frame| match frame {
            ToEndpoint::Delivery { item, .. } => Some(item),
            _ => None,
        })
    };
    let receipts = items()
        .filter(|item| matches!(item, InboxItem::Receipt(Receipt { outcome: Outcome::Delivered, .. })));
    let retries = items()
        .filter(|item| matches!(item, InboxItem::Envelope(envelope) if envelope.kind == EnvelopeKind::Retry));
    (receipts.count(), retries.count())
}

#[test]
fn garbage_gets_no_receipt_and_few_requests() {
    let mut net = Net::new();
    net.mallory_comes();
    for kind in [EnvelopeKind::Ratchet, EnvelopeKind::Prekey] {
        for _ in 0..100 {
            net.mallory_sends(BOB, kind, &[0x44; 90]);
        }
    }
    assert_eq!(net.unreadable(BOB).len(), 200);
    assert_eq!(got(&net), (0, 16));
    assert_eq!(net.ends[BOB].0.sessions(), 0, "and it takes no memory");
    net.now = net.now + Duration::from_secs(60);
    net.mallory_sends(BOB, EnvelopeKind::Ratchet, &[1]);
    net.mallory_sends(BOB, EnvelopeKind::Ratchet, &[1]);
    assert_eq!(got(&net), (0, 17), "one more a minute");
    let rows = net.rows(BOB);
    assert!(rows.iter().all(|row| row.table.name() != "outbox" && row.table.name() != "sessions"));
    // Others are not hindered.
    net.say(0, BOB, "hello").unwrap();
    assert_eq!((net.texts(BOB).len(), net.delivered(0)), (1, 1));
}

#[test]
fn what_could_not_be_read_is_not_delivered_though_the_connection_broke() {
    let mut net = Net::new();
    net.mallory_comes();
    net.disconnect(BOB);
    for _ in 0..3 {
        net.mallory_sends(BOB, EnvelopeKind::Ratchet, &[1]);
    }
    // Bob's app has read its inbox, and what it says of it is lost.
    net.connect(BOB);
    while !net.said.is_empty() && net.unreadable(BOB).is_empty() {
        let hello = net.said.split_off(1);
        net.carry();
        net.said = hello;
    }
    net.said.clear();
    net.restart(BOB);
    assert_eq!(net.unreadable(BOB).len(), 3);
    assert_eq!(got(&net), (0, 3));
}

#[test]
fn a_sender_does_not_hear_that_what_nobody_could_read_was_delivered() {
    let mut net = Net::new();
    net.tamper = crate::net::flip_last;
    net.say(0, BOB, "hello").unwrap();
    net.tamper = |_| {};
    net.restart(0);
    net.restart(BOB);
    assert_eq!(net.delivered(0), 0);
}

#[test]
fn requests_for_what_was_never_sent_cost_nothing() {
    let mut net = Net::new();
    net.mallory_comes();
    net.say(0, BOB, "hello").unwrap();
    let rows = |net: &Net| -> Vec<_> {
        let rows = net.rows(BOB);
        rows.into_iter().filter(|row| row.table.name() != "post").collect()
    };
    let before = rows(&net);
    for _ in 0..100 {
        net.mallory_sends(BOB, EnvelopeKind::Retry, &[7; 16]);
        net.mallory_sends(BOB, EnvelopeKind::Retry, &[7; 3]);
    }
    assert_eq!(net.unreadable(BOB), [Unreadable::Retry; 200]);
    assert_eq!(rows(&net), before);
    assert_eq!(got(&net), (0, 0));
}

#[test]
fn nobody_needs_a_relay_to_speak_to_themselves() {
    let mut net = Net::new();
    assert_eq!(net.say(0, 0, "note").unwrap_err(), SendError::ToItself);
    assert_eq!(net.ends[0].0.unconfirmed(), 0);
    assert_eq!(net.ends[0].0.status(address(0), address(0)), None);
}
