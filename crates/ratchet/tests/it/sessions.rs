//! Several sessions with one device: duplicates, replays, simultaneous initiation, archiving,
//! promotion.

use ratchet::{DecryptError, EncryptError, InitiateError, MessageKind, PrekeyMessage, Signature};

use crate::device::{Device, NOW_S, established, shake_hands};

#[test]
fn a_first_message_tells_who_sent_it_and_what_it_used_up() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    let bundle = b.bundle();
    a.initiate(&bundle);
    assert_eq!(a.record.remote_identity(), Some(b.local.key_pair.public()));
    let message = a.send(b"hello");
    assert_eq!(message.kind, MessageKind::Prekey);
    let parsed = PrekeyMessage::parse(&message.bytes).unwrap();
    assert_eq!(parsed.identity(), a.local.key_pair.public());
    assert_eq!(parsed.registration_id(), a.local.registration_id);
    assert_eq!(parsed.one_time_prekey(), bundle.one_time_prekey.map(|prekey| prekey.id));

    let decrypted = b.receive_keeping_prekeys(&message).unwrap();
    assert_eq!(decrypted.plaintext.as_slice(), b"hello");
    let established = decrypted.established.unwrap();
    assert_eq!(established.remote_identity, a.local.key_pair.public());
    assert_eq!(established.one_time_prekey, bundle.one_time_prekey.map(|prekey| prekey.id));
    assert_eq!(established.signed_prekey, bundle.signed_prekey.id);
    assert_eq!(established.kem_prekey, bundle.kem_prekey.map(|prekey| prekey.id));
    assert_eq!(established.base_key, parsed.base_key());
    assert_eq!(b.record.remote_registration_id(), Some(a.local.registration_id));
}

#[test]
fn first_messages_are_repeated_until_answered_and_arrive_in_any_order() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first: Vec<_> = (0..4).map(|n| a.send(&[n])).collect();
    assert!(first.iter().all(|message| message.kind == MessageKind::Prekey));
    for n in [2, 0, 3, 1] {
        assert_eq!(b.receive(&first[n]).unwrap(), [n as u8]);
    }
    a.receive(&b.send(b"hi")).unwrap();
    assert_eq!(a.send(b"now without").kind, MessageKind::Ratchet);
}

#[test]
fn a_replay_is_a_duplicate_and_changes_nothing() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first = a.send(b"hello");
    b.receive(&first).unwrap();
    assert_eq!(b.refuses(&first), DecryptError::Duplicate { chain_index: 1, counter: 0 });
    a.receive(&b.send(b"hi")).unwrap();
    let second = a.send(b"again");
    b.receive(&second).unwrap();
    assert_eq!(b.refuses(&second), DecryptError::Duplicate { chain_index: 1, counter: 0 });
    assert_eq!(b.refuses(&first), DecryptError::Duplicate { chain_index: 1, counter: 0 });
}

#[test]
fn without_one_time_prekey_a_lost_record_lets_the_first_message_in_again() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle_without_one_time());
    let first = a.send(b"hello");
    let established = b.receive_keeping_prekeys(&first).unwrap().established.unwrap();
    b.record = ratchet::SessionRecord::default();
    let again = b.receive_keeping_prekeys(&first).unwrap().established.unwrap();
    // This is what the caller has to notice it by.
    assert_eq!(again.base_key, established.base_key);
}

#[test]
fn a_deleted_one_time_prekey_makes_the_first_message_unreadable() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first = a.send(b"hello");
    b.receive(&first).unwrap();
    b.record = ratchet::SessionRecord::default();
    assert!(matches!(b.refuses(&first), DecryptError::UnknownPrekey { .. }));
}

/// The recorded course of two official clients: 3, 3, 2, 2, 2, 2, all readable.
#[test]
fn simultaneous_initiation_settles() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    let (to_a, to_b) = (a.bundle(), b.bundle());
    a.initiate(&to_b);
    b.initiate(&to_a);
    let (a0, b0) = (a.send(b"a0"), b.send(b"b0"));
    assert_eq!((a0.kind, b0.kind), (MessageKind::Prekey, MessageKind::Prekey));
    assert_eq!(b.receive(&a0).unwrap(), b"a0");
    assert_eq!(a.receive(&b0).unwrap(), b"b0");
    let (a1, b1) = (a.send(b"a1"), b.send(b"b1"));
    assert_eq!((a1.kind, b1.kind), (MessageKind::Ratchet, MessageKind::Ratchet));
    assert_eq!(b.receive(&a1).unwrap(), b"a1");
    assert_eq!(a.receive(&b1).unwrap(), b"b1");
    for n in 0..4 {
        assert_eq!(b.receive(&a.send(&[n])).unwrap(), [n]);
        assert_eq!(a.receive(&b.send(&[n])).unwrap(), [n]);
    }
}

#[test]
fn a_message_of_an_archived_session_makes_it_current_again() {
    let (mut a, mut b) = established();
    let old = a.send(b"old");
    b.initiate(&a.bundle());
    let b1 = b.send(b"in the new session");
    assert_eq!(b1.kind, MessageKind::Prekey);
    assert_eq!(b.receive(&old).unwrap(), b"old");
    let b2 = b.send(b"in the old session");
    assert_eq!(b2.kind, MessageKind::Ratchet);
    assert_eq!(a.receive(&b2).unwrap(), b"in the old session");
    assert_eq!(a.receive(&b1).unwrap(), b"in the new session");
}

#[test]
fn a_repeated_first_message_finds_its_archived_session() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let (first, second) = (a.send(b"first"), a.send(b"second"));
    b.receive(&first).unwrap();
    b.initiate(&a.bundle());
    assert_eq!(b.receive(&second).unwrap(), b"second");
    assert_eq!(b.send(b"answer").kind, MessageKind::Ratchet);
}

#[test]
fn a_repeated_first_message_under_another_identity_is_refused() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let (first, mut second) = (a.send(b"first"), a.send(b"second"));
    b.receive(&first).unwrap();
    let genuine = a.local.key_pair.public().to_bytes();
    let at = second.bytes.windows(33).position(|window| window == genuine).unwrap();
    second.bytes[at..at + 33].copy_from_slice(&Device::new(3).local.key_pair.public().to_bytes());
    assert_eq!(b.refuses(&second), DecryptError::UntrustedIdentity);
}

#[test]
fn a_peer_that_lost_everything_starts_again() {
    let (_, mut b) = established();
    let mut a = Device::new(9);
    a.initiate(&b.bundle());
    b.record.trust(a.local.key_pair.public());
    shake_hands(&mut a, &mut b);
    assert_eq!(b.record.remote_identity(), Some(a.local.key_pair.public()));
}

#[test]
fn archiving_stops_sending_but_not_receiving() {
    let (mut a, mut b) = established();
    b.record.archive_current();
    assert!(!b.record.can_encrypt(NOW_S));
    assert_eq!(b.send_at(NOW_S), Err(EncryptError::NoSession));
    assert_eq!(b.record.remote_identity(), Some(a.local.key_pair.public()));
    assert_eq!(b.receive(&a.send(b"still there?")).unwrap(), b"still there?");
    assert!(b.record.can_encrypt(NOW_S));
}

#[test]
fn an_archived_unanswered_session_sends_no_first_messages_any_more() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first = a.send(b"hello");
    b.receive(&first).unwrap();
    let answer = b.send(b"hi");
    let before = a.record.to_bytes().len();
    a.record.archive_current();
    assert!(a.record.to_bytes().len() < before - 1_500, "the KEM ciphertext is gone");
    assert_eq!(a.receive(&answer).unwrap(), b"hi");
    assert_eq!(a.send(b"again").kind, MessageKind::Ratchet);
}

#[test]
fn a_bundle_with_a_wrong_signature_is_refused_and_nothing_is_stored() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    let good = b.bundle();
    let flip = |signature: &Signature| {
        let mut bytes = signature.to_bytes();
        bytes[5] ^= 1;
        Signature::from(bytes)
    };
    let mut signed = good.clone();
    signed.signed_prekey.signature = flip(&good.signed_prekey.signature);
    let mut kem = good.clone();
    let prekey = kem.kem_prekey.as_mut().unwrap();
    prekey.signature = flip(&prekey.signature);
    let mut identity = good.clone();
    identity.identity = a.local.key_pair.public();
    for bundle in [signed, kem, identity] {
        let result = a.record.initiate(&a.local, &bundle, NOW_S, &mut a.rng);
        assert_eq!(result, Err(InitiateError::InvalidSignature));
        assert!(!a.record.can_encrypt(NOW_S));
        assert!(a.record.remote_identity().is_none());
    }
}

#[test]
fn a_one_time_prekey_of_small_order_is_refused() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    let mut bundle = b.bundle();
    let mut zero = [0; 33];
    zero[0] = 5;
    bundle.one_time_prekey.as_mut().unwrap().key = ratchet::PublicKey::parse(&zero).unwrap();
    let result = a.record.initiate(&a.local, &bundle, NOW_S, &mut a.rng);
    assert_eq!(result, Err(InitiateError::InvalidKeyAgreement));
    assert!(!a.record.can_encrypt(NOW_S));
}

#[test]
fn an_empty_record_has_no_session() {
    let (mut a, _) = established();
    let message = a.send(b"x");
    assert_eq!(Device::new(5).refuses(&message), DecryptError::NoSession);
    assert_eq!(Device::new(5).send_at(NOW_S), Err(EncryptError::NoSession));
}
