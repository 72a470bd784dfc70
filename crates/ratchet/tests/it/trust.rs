//! Who the peer is, is decided and not slipped in; and what a stranger adds to a message does nothing.

use ratchet::{
    DecryptError, InitiateError, NamedPrekeys, ParseError, PrekeyBundle, PrekeyMessage, PrekeySource,
    RecordError, SessionRecord, Strictness, Suite, Suites,
};

use crate::device::{Device, established, shake_hands};

#[test]
fn another_identity_is_refused_until_it_is_trusted() {
    let (mut a, mut b) = established();
    let old = a.send(b"of the old identity");
    let mut new = Device::new(9);
    new.initiate(&b.bundle());
    let first = new.send(b"of the new identity");

    assert_eq!(b.refuses(&first), DecryptError::UntrustedIdentity);
    let bundle = new.bundle();
    let before = b.record.to_bytes();
    let refused = b.record.initiate(&b.local, &bundle, 0, &mut b.rng);
    assert_eq!((refused, b.record.to_bytes()), (Err(InitiateError::UntrustedIdentity), before));

    // Decided, and a restart in between: nothing is sent to the old one any more, and it is not read.
    b.record.trust(new.local.key_pair.public());
    b.record = SessionRecord::from_bytes(&b.record.to_bytes()).unwrap();
    assert!(!b.record.can_encrypt(0));
    assert_eq!(b.record.remote_identity(), Some(new.local.key_pair.public()));
    assert_eq!(b.refuses(&old), DecryptError::UntrustedIdentity);
    assert_eq!(b.receive(&first).unwrap(), b"of the new identity");
    assert_eq!(new.receive(&b.send(b"hi")).unwrap(), b"hi");
    assert_eq!(b.refuses(&old), DecryptError::UntrustedIdentity, "archived, not revived");
    a.initiate(&b.bundle());
    assert_eq!(b.refuses(&a.send(b"back")), DecryptError::UntrustedIdentity);
}

#[test]
fn trusting_the_identity_that_is_known_changes_nothing() {
    let (a, mut b) = established();
    let before = b.record.to_bytes();
    b.record.trust(a.local.key_pair.public());
    assert_eq!(before, b.record.to_bytes());
}

#[test]
fn a_decision_can_be_taken_before_there_is_a_session() {
    let (mut a, mut b, c) = (Device::new(1), Device::new(2), Device::new(3));
    b.record.trust(c.local.key_pair.public());
    a.initiate(&b.bundle());
    assert_eq!(b.refuses(&a.send(b"hello")), DecryptError::UntrustedIdentity);
    b.record.trust(a.local.key_pair.public());
    b.receive(&a.send(b"hello")).unwrap();
}

/// A first message of version 3 with the fields of version 4 added on the way.
#[test]
fn a_kem_prekey_that_a_stranger_names_is_not_used_up() {
    let suites = Suites { newest: Suite::Triple, oldest: Suite::X3dh };
    let (mut a, mut b) = (
        Device::<ratchet::Native>::speaking(Suites::only(Suite::X3dh), 1),
        Device::<ratchet::Native>::speaking(suites, 2),
    );
    let mut bundle = b.bundle();
    bundle.kem_prekey = None;
    a.initiate(&bundle);
    let mut first = a.send(b"hello");
    first.bytes.extend([0x38, 1, 0x42, 0xa1, 0x0c, 8]);
    first.bytes.extend([7; 1568]);
    let decrypted = b.receive_keeping_prekeys(&first).unwrap();
    assert_eq!(decrypted.plaintext.as_slice(), b"hello");
    let established = decrypted.established.unwrap();
    assert_eq!((established.kem_prekey, established.one_time_prekey), (None, Some(1)));
}

#[test]
fn forgotten_skipped_keys_read_nothing_and_the_rest_goes_on() {
    for suite in Suite::ALL {
        let suites = Suites::only(suite);
        let (mut a, mut b) = (Device::<ratchet::Native>::speaking(suites, 1), Device::speaking(suites, 2));
        a.initiate(&b.bundle());
        shake_hands(&mut a, &mut b);
        let passed: Vec<_> = (0..3).map(|_| a.send(b"passed over")).collect();
        b.receive(&a.send(b"read")).unwrap();
        assert_eq!(b.record.status().unwrap().skipped_keys, 3);
        b.record.archive_current();
        assert_eq!(b.record.forget_skipped(), 3);
        for message in &passed {
            assert!(matches!(b.refuses(message), DecryptError::Duplicate { .. }), "{suite}");
        }
        assert_eq!(b.receive(&a.send(b"next")).unwrap(), b"next");
        assert_eq!(a.receive(&b.send(b"answer")).unwrap(), b"answer");
    }
}

#[test]
fn what_was_decided_is_stored_and_unknown_flags_are_refused() {
    let mut record = SessionRecord::default().reading(Strictness::Specified);
    record.trust(Device::new(1).local.key_pair.public());
    let stored = record.to_bytes();
    assert_eq!((stored[1], stored.len()), (4 | 8, 4 + 32));
    assert_eq!(SessionRecord::from_bytes(&stored).unwrap().to_bytes(), stored);
    assert_eq!(SessionRecord::from_bytes(&[1, 16, 0, 0]).err(), Some(RecordError::Corrupt));
}

#[test]
fn a_bundle_is_read_back_and_nothing_else_is_one() {
    let mut b = Device::new(2);
    let whole = b.bundle();
    for (one_time, kem) in [(true, true), (true, false), (false, true), (false, false)] {
        let bundle = PrekeyBundle {
            one_time_prekey: whole.one_time_prekey.filter(|_| one_time),
            kem_prekey: whole.kem_prekey.clone().filter(|_| kem),
            ..whole.clone()
        };
        let bytes = bundle.to_bytes();
        assert_eq!(bytes.len(), 141 + 37 * usize::from(one_time) + 1_637 * usize::from(kem));
        assert_eq!(PrekeyBundle::parse(&bytes).as_ref(), Ok(&bundle));
        for length in 0..bytes.len() {
            assert_eq!(PrekeyBundle::parse(&bytes[..length]), Err(ParseError::TooShort));
        }
        assert_eq!(PrekeyBundle::parse(&[&bytes[..], &[0]].concat()), Err(ParseError::Encoding));
    }
    let mut other = whole.to_bytes();
    other[0] = 2;
    assert_eq!(PrekeyBundle::parse(&other), Err(ParseError::UnsupportedVersion { version: 2 }));
    (other[0], other[1]) = (1, 4);
    assert_eq!(PrekeyBundle::parse(&other), Err(ParseError::Encoding));
}

/// Prekeys that are on a disk are loaded where a message names them, and both sides call the session the same.
#[test]
fn a_first_message_tells_which_prekeys_to_load() {
    let (mut a, mut b) = (Device::new(1), Device::new(2));
    a.initiate(&b.bundle());
    let first = a.send(b"hello");
    let named = PrekeyMessage::parse(&first.bytes).unwrap();
    let prekeys = NamedPrekeys {
        signed: b.prekeys.signed.remove(&named.signed_prekey()),
        one_time: b.prekeys.one_time.remove(&named.one_time_prekey().unwrap()),
        kem: b.prekeys.kem.remove(&named.kem_prekey().unwrap()),
    };
    let read = b.record.decrypt(&b.local, first.kind, &first.bytes, &prekeys, &mut b.rng).unwrap();
    assert_eq!(read.plaintext.as_slice(), b"hello");
    assert!(prekeys.signed_prekey(named.signed_prekey() + 1).is_none());
    let [here, there] = [&a, &b].map(|device| device.record.status().unwrap().id);
    assert_eq!(here, there);
    assert_eq!(*here.base_key(), named.base_key());
    a.initiate(&b.bundle());
    assert_ne!(a.record.status().unwrap().id, here);
}
