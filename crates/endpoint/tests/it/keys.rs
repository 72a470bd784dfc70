//! The signed prekey and the KEM prekey of last resort change by the clock, and those before them are destroyed.

use crate::net::{NOW, Net, address};
use endpoint::{Policy, Unreadable};
use kernel::Time;
use ratchet::DecryptError;
use std::time::Duration;
use wire::Envelope;

const DAY: Duration = Duration::from_secs(24 * 3600);
const BOB: usize = 1;

/// Without one-time prekeys: every first message is to the keys of this test.
fn net() -> Net {
    Net::with_policy(Policy { one_time_prekeys: 0, ..Policy::default() })
}

/// The private parts of Bob's signed prekey and KEM prekey of last resort that are in use, as his rows have them.
fn secrets(net: &Net) -> [Vec<u8>; 2] {
    let rows = net.rows(BOB);
    let account = &rows.iter().find(|row| row.table.name() == "accounts").unwrap().value;
    // Field 2 is the identity key; 3 and 4 are a kind, an id, the private part and a signature.
    let after = account.windows(2).position(|tag| tag == [0x12, 0x20]).unwrap() + 2 + 32;
    assert_eq!(account[after..after + 2], [0x1a, 101]);
    assert_eq!(account[after + 103..after + 106], [0x22, 133, 1]);
    let at = |from: usize, length| account[after + from..after + from + length].to_vec();
    [at(2 + 5, 32), at(106 + 5, 64)]
}

fn is_in_rows(net: &Net, secret: &[u8]) -> bool {
    let rows = net.rows(BOB);
    rows.iter().any(|row| row.value.windows(secret.len()).any(|window| window == secret))
}

/// Bob's keys change, and the relay gets them.
fn rotate(net: &mut Net) {
    net.now = net.ends[BOB].0.wake_at().unwrap();
    net.ring(BOB);
}

#[test]
fn keys_change_after_their_time_and_the_relay_has_the_new_ones() {
    let mut net = net();
    let before = net.bundle(address(BOB));
    let due = net.ends[BOB].0.wake_at().unwrap();
    assert!(due >= NOW + DAY && due <= NOW + 2 * DAY, "between half of the time and the whole");
    net.wait(BOB, Duration::from_secs(3600));
    assert_eq!(net.bundle(address(BOB)), before, "and not before");
    let mut seen = vec![before];
    for round in 0..3 {
        rotate(&mut net);
        assert_eq!(net.now, due + 2 * DAY * round);
        let bundle = net.bundle(address(BOB));
        assert_eq!(bundle.identity_key, seen[0].identity_key);
        for other in &seen {
            assert_ne!(bundle.signed_prekey.key, other.signed_prekey.key);
            assert_ne!(bundle.signed_prekey.id, other.signed_prekey.id);
            assert_ne!(bundle.kem_prekey.key, other.kem_prekey.key);
            assert_ne!(bundle.kem_prekey.id, other.kem_prekey.id);
        }
        seen.push(bundle);
    }
    net.say(0, BOB, "hello").unwrap();
    assert_eq!(net.texts(BOB), ["hello"]);
}

#[test]
fn when_keys_change_says_nothing_of_conversations() {
    let due = |talks: bool| {
        let mut net = net();
        let mut times = Vec::new();
        for round in 0..5 {
            if talks {
                net.now = net.now + Duration::from_secs(3600 * (round + 1));
                net.say(0, BOB, "hello").unwrap();
                net.say(BOB, 0, "hello").unwrap();
                net.restart(BOB);
            }
            times.push(net.ends[BOB].0.wake_at().unwrap());
            rotate(&mut net);
        }
        times
    };
    let quiet: Vec<Time> = due(false);
    assert_eq!(quiet, due(true));
}

#[test]
fn a_first_message_to_former_keys_opens_while_one_can_be_under_way_and_not_longer() {
    for (late, opens) in [(29 * DAY, true), (31 * DAY, false)] {
        let mut net = net();
        let letter: Envelope = net.intercept(0, BOB, "hello");
        rotate(&mut net);
        let replaced = net.now;
        while net.ends[BOB].0.wake_at().unwrap() <= replaced + late {
            rotate(&mut net);
        }
        net.now = replaced + late;
        net.deliver(BOB, letter);
        if opens {
            assert_eq!(net.texts(BOB), ["hello"]);
        } else {
            assert!(net.texts(BOB).is_empty());
            let unreadable = net.unreadable(BOB);
            let [Unreadable::Ciphertext(DecryptError::UnknownPrekey { .. })] = unreadable[..] else {
                panic!("{unreadable:?}")
            };
        }
    }
}

#[test]
fn former_keys_are_destroyed_when_their_time_is_over() {
    let mut net = net();
    let old = secrets(&net);
    rotate(&mut net);
    let replaced = net.now;
    assert!(old.iter().all(|secret| is_in_rows(&net, secret)), "they may be needed still");
    assert!(old.iter().zip(secrets(&net)).all(|(old, new)| *old != new));
    while net.now < replaced + 30 * DAY {
        assert!(old.iter().all(|secret| is_in_rows(&net, secret)));
        rotate(&mut net);
    }
    assert_eq!(net.now, replaced + 30 * DAY, "to the moment");
    assert!(old.iter().all(|secret| !is_in_rows(&net, secret)));
    net.restart(BOB);
    net.say(0, BOB, "hello").unwrap();
    assert_eq!(net.texts(BOB), ["hello"]);
}

#[test]
fn keys_that_changed_before_a_crash_are_published_after_it() {
    let mut net = net();
    let before = net.bundle(address(BOB));
    net.now = net.ends[BOB].0.wake_at().unwrap();
    net.with(BOB, |endpoint, step| endpoint.expire(step));
    // Durable, and not said.
    net.said.clear();
    assert_eq!(net.bundle(address(BOB)), before);
    net.restart(BOB);
    let after = net.bundle(address(BOB));
    assert_ne!(after.signed_prekey.key, before.signed_prekey.key);
    // What it said was heard, and the answer lost: it says it once more, and nothing else changes.
    net.restart(BOB);
    assert_eq!(net.bundle(address(BOB)), after);
}

#[test]
fn the_confirmation_of_what_was_published_before_is_not_one_of_the_new_keys() {
    let mut net = Net::with_policy(Policy { one_time_prekeys: 1, ..Policy::default() });
    let old = secrets(&net);
    // One-time prekeys run low; while they are on their way to the relay, the keys change, and the connection breaks.
    let low = wire::ToEndpoint::PrekeysLow { address: address(BOB), one_time_left: 0 };
    let frame = |frame| wire::LinkEvent::Frame { connection: crate::net::connection(BOB), frame };
    net.event(BOB, frame(low));
    net.now = net.ends[BOB].0.wake_at().unwrap();
    net.with(BOB, |endpoint, step| endpoint.expire(step));
    net.said.clear();
    net.event(BOB, frame(wire::ToEndpoint::Published(address(BOB))));
    let before = net.bundle(address(BOB));
    net.restart(BOB);
    assert_ne!(net.bundle(address(BOB)).signed_prekey, before.signed_prekey, "the relay got them after all");
    assert!(old.iter().all(|secret| is_in_rows(&net, secret)));
}

#[test]
fn keys_that_the_relay_still_hands_out_are_kept_however_long_it_takes() {
    let mut net = net();
    let old = secrets(&net);
    net.disconnect(BOB);
    for _ in 0..40 {
        rotate(&mut net);
    }
    assert!(net.now > NOW + 60 * DAY);
    assert!(old.iter().all(|secret| is_in_rows(&net, secret)));
    net.say(0, BOB, "hello").unwrap();
    net.restart(BOB);
    assert_eq!(net.texts(BOB), ["hello"]);
    let [signed, last_resort] = secrets(&net);
    let rows = net.rows(BOB);
    let account = rows.iter().find(|row| row.table.name() == "accounts").unwrap();
    assert!(signed != old[0] && last_resort != old[1]);
    assert!(account.value.len() < 1000, "what nobody could use was not made again and again");
}
