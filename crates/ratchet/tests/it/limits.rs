//! The limits that a peer can observe, at and one past each.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::{BraidState, DecryptError, EncryptError, SessionRecord, Suite, Suites};

use crate::device::{Device, NOW_S, established, established_in, shake_hands};

const DAY_S: u64 = 24 * 60 * 60;

#[test]
fn a_chain_may_jump_25000_messages_ahead_and_not_one_more() {
    let (mut a, mut b) = established_in(Suite::Pqxdh);
    let messages: Vec<_> = (0..25_002u32).map(|n| a.send(&n.to_be_bytes())).collect();
    assert_eq!(b.refuses(&messages[25_001]), DecryptError::TooFarAhead);
    assert_eq!(b.receive(&messages[25_000]).unwrap(), 25_000u32.to_be_bytes());
    assert_eq!(b.receive(&messages[25_001]).unwrap(), 25_001u32.to_be_bytes());
}

#[test]
fn the_jump_is_counted_from_where_the_chain_stands() {
    let (mut a, mut b) = established_in(Suite::Pqxdh);
    let messages: Vec<_> = (0..25_003u32).map(|n| a.send(&n.to_be_bytes())).collect();
    b.receive(&messages[0]).unwrap();
    assert_eq!(b.refuses(&messages[25_002]), DecryptError::TooFarAhead);
    assert_eq!(b.receive(&messages[25_001]).unwrap(), 25_001u32.to_be_bytes());
}

#[test]
fn a_device_may_jump_further_within_its_own_account() {
    let a: Device = Device::speaking(Suites::only(Suite::Pqxdh), 1);
    let twin = Device::with_identity(a.local.key_pair.clone(), a.local.suites, ChaCha8Rng::seed_from_u64(2));
    let (mut a, mut b) = (a, twin);
    a.initiate(&b.bundle());
    shake_hands(&mut a, &mut b);
    let last = (0..25_100).map(|_| a.send(b"x")).last().unwrap();
    b.receive(&last).unwrap();
}

#[test]
fn the_newest_2000_skipped_messages_stay_readable() {
    let (mut a, mut b) = established_in(Suite::Pqxdh);
    let messages: Vec<_> = (0..2_101u32).map(|n| a.send(&n.to_be_bytes())).collect();
    b.receive(&messages[2_100]).unwrap();
    for counter in [0, 98, 99] {
        let duplicate = DecryptError::Duplicate { chain_index: 2_101, counter };
        assert_eq!(b.refuses(&messages[counter as usize]), duplicate);
    }
    for counter in (100..2_100usize).rev() {
        assert_eq!(b.receive(&messages[counter]).unwrap(), (counter as u32).to_be_bytes());
    }
}

#[test]
fn the_limit_of_skipped_messages_holds_over_several_jumps() {
    let (mut a, mut b) = established_in(Suite::Pqxdh);
    let messages: Vec<_> = (0..2_103u32).map(|n| a.send(&n.to_be_bytes())).collect();
    b.receive(&messages[1_500]).unwrap();
    b.receive(&messages[2_102]).unwrap();
    // Skipped in all: 0..1500 and 1501..2102, which is 2101; the oldest 101 went.
    assert!(matches!(b.refuses(&messages[100]), DecryptError::Duplicate { .. }));
    b.receive(&messages[101]).unwrap();
    b.receive(&messages[1_499]).unwrap();
    b.receive(&messages[1_501]).unwrap();
}

/// The recorded course of two official clients: readable with up to 4 newer chains.
#[test]
fn a_message_is_lost_once_five_newer_chains_exist() {
    let (mut a, mut b) = established_in(Suite::Pqxdh);
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(a.send(b"held"));
        let next = a.send(b"next");
        b.receive(&next).unwrap();
        a.receive(&b.send(b"turn")).unwrap();
    }
    for (newer, message) in held.iter().rev().enumerate() {
        if newer <= 4 {
            assert_eq!(b.receive(message).unwrap(), b"held", "{newer} newer chains");
        } else {
            assert_eq!(b.refuses(message), DecryptError::AuthenticationFailed, "{newer} newer chains");
        }
    }
}

#[test]
fn forty_sessions_are_archived() {
    for (newer_sessions, readable) in [(40, true), (41, false)] {
        let (mut a, mut b) = established();
        let old = a.send(b"old");
        for _ in 0..newer_sessions {
            b.initiate(&a.bundle());
        }
        if readable {
            assert_eq!(b.receive(&old).unwrap(), b"old");
        } else {
            assert_eq!(b.refuses(&old), DecryptError::AuthenticationFailed);
        }
    }
}

#[test]
fn an_unanswered_session_is_good_for_sending_for_exactly_30_days() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first = a.send(b"hello");
    let limit = NOW_S + 30 * DAY_S;
    assert!(a.record.can_encrypt(limit));
    assert!(a.send_at(limit).is_ok());
    assert!(!a.record.can_encrypt(limit + 1));
    let before = a.record.to_bytes();
    assert_eq!(a.send_at(limit + 1), Err(EncryptError::Stale));
    assert_eq!(before, a.record.to_bytes());

    // An answer, however late, revives it for good.
    b.receive(&first).unwrap();
    a.receive(&b.send(b"late answer")).unwrap();
    assert!(a.send_at(limit + 365 * DAY_S).is_ok());
}

#[test]
fn a_sending_chain_ends_instead_of_wrapping() {
    let (mut a, _) = established();
    let mut stored = a.record.to_bytes();
    // The counter follows the header, the suite, both identities and registration ids, base and
    // root key, the previous counter, the ratchet key pair and the chain key.
    let at = 4 + 1 + 64 + 8 + 32 + 32 + 4 + 64 + 32;
    stored[at..at + 4].copy_from_slice(&(u32::MAX - 1).to_be_bytes());
    a.record = SessionRecord::from_bytes(&stored).unwrap();
    a.send(b"the last one");
    let before = a.record.to_bytes();
    assert_eq!(a.send_at(NOW_S), Err(EncryptError::ChainExhausted));
    assert_eq!(before, a.record.to_bytes());
}

#[test]
fn empty_and_large_messages() {
    let (mut a, mut b) = established();
    for length in [0, 1, 100_000] {
        let plaintext = vec![0x5a; length];
        assert_eq!(b.receive(&a.send(&plaintext)).unwrap(), plaintext);
    }
}

/// The sizes that capacity plans rely on: docs/protocol.md quotes them. A first message grows with
/// the sender's numbers: see the fields of the schema.
#[test]
fn sizes_on_the_wire_and_on_disk() {
    let curve = 3 * ratchet::PublicKey::LENGTH + ratchet::Signature::LENGTH;
    let kem = ratchet::KemPublicKey::LENGTH + ratchet::Signature::LENGTH;
    assert_eq!((curve, curve + kem), (163, 1_796), "keys and signatures of a bundle");
    for (suite, first, later, unanswered, answered, one_chain_more) in [
        (Suite::X3dh, 162, 82, 335, [388, 354], 460),
        (Suite::Pqxdh, 1_736, 82, 1_907, [388, 354], 460),
        (Suite::Triple, 1_775, 121, 2_017, [3_025, 629], 805),
    ] {
        let suites = Suites::only(suite);
        let (mut a, mut b) = (Device::speaking(suites, 1), Device::speaking(suites, 2));
        let record = |device: &Device| device.record.to_bytes().len();
        a.initiate(&b.bundle());
        let unanswered_found = record(&a);
        let first_found = a.send(&[0; 16]).bytes.len();
        shake_hands(&mut a, &mut b);
        // B skipped one message.
        let answered_found = [record(&a), record(&b)];
        let later_found = a.send(&[0; 16]).bytes.len();
        // One more chain, one message skipped in it.
        b.receive(&a.send(b"read")).unwrap();
        assert_eq!(
            (first_found, later_found, unanswered_found, answered_found, record(&b)),
            (first, later, unanswered, answered, one_chain_more),
            "{suite}"
        );
    }
}

/// In suite `x3dh` with all receiving chains in use, in suite `triple` between two epochs.
#[test]
fn sessions_are_small_at_rest() {
    for suite in Suite::ALL {
        let (mut a, mut b) = established_in(suite);
        let mut largest_between_epochs = 0;
        let mut largest = 0;
        for _ in 0..200 {
            b.receive(&a.send(b"ping")).unwrap();
            a.receive(&b.send(b"pong")).unwrap();
            let (size, status) = (a.record.to_bytes().len(), a.record.status().unwrap());
            largest = largest.max(size);
            let between = [BraidState::KeysUnsampled, BraidState::NoHeaderReceived, BraidState::Ct2Sampled];
            if status.post_quantum.is_none_or(|spqr| between.contains(&spqr.state)) {
                largest_between_epochs = largest_between_epochs.max(size);
            }
        }
        println!("{suite}: {largest_between_epochs} bytes between epochs, at most {largest}");
        let limit = if suite == Suite::Triple { 4_096 } else { 600 };
        assert!((400..=limit).contains(&largest_between_epochs), "{suite}: {largest_between_epochs}");
        assert!(largest <= 7_000, "{suite}: {largest}");
    }
}
