//! Arbitrary bytes into every parser.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::generic::{KemPrekey, OneTimePrekey, SessionRecord, SignedPrekey};
use ratchet::{
    Ciphertext, IdentityKey, KemPublicKey, MessageKind, Modelled, Native, PrekeyMessage, Provider, PublicKey,
    Signature, Suite,
};

use crate::device::established_by;

/// Bytes that look like a message from the outside: right version, plausible tags.
fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let field =
        (0u8..10, 0u8..6, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(number, wire_type, body)| {
            let mut field = vec![number << 3 | wire_type, body.len() as u8];
            field.extend(body);
            field
        });
    prop::collection::vec(field, 0..8).prop_map(|fields| [vec![0x44], fields.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = PublicKey::parse(&bytes);
        let _ = IdentityKey::parse(&bytes);
        let _ = KemPublicKey::parse(&bytes);
        let _ = Signature::parse(&bytes);
        let _ = PrekeyMessage::parse(&bytes);
        stored_by::<Native>(&bytes);
        stored_by::<Modelled>(&bytes);
    }

    #[test]
    fn garbage_messages_are_refused(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), nearly_a_message()]) {
        is_refused::<Native>(&bytes);
        is_refused::<Modelled>(&bytes);
    }

    #[test]
    fn a_damaged_record_is_refused_or_read_without_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        damaged::<Native>(at, value)?;
        damaged::<Modelled>(at, value)?;
    }
}

fn stored_by<P: Provider>(bytes: &[u8]) {
    let _ = SignedPrekey::<P>::from_bytes(bytes);
    let _ = OneTimePrekey::<P>::from_bytes(bytes);
    let _ = KemPrekey::<P>::from_bytes(bytes);
    let _ = SessionRecord::<P>::from_bytes(bytes);
}

fn is_refused<P: Provider>(bytes: &[u8]) {
    let (_, mut b) = established_by::<P>(Suite::Triple);
    for kind in [MessageKind::Ratchet, MessageKind::Prekey] {
        b.refuses(&Ciphertext { kind, bytes: bytes.to_vec() });
    }
}

fn damaged<P: Provider>(at: prop::sample::Index, value: u8) -> TestCaseResult {
    let (mut a, mut b) = established_by::<P>(Suite::Triple);
    a.send(b"skipped");
    b.receive(&a.send(b"hello")).unwrap();
    let mut stored = b.record.to_bytes();
    let at = at.index(stored.len());
    stored[at] = value;
    if let Ok(mut record) = SessionRecord::<P>::from_bytes(&stored) {
        let again = SessionRecord::<P>::from_bytes(&record.to_bytes()).unwrap();
        prop_assert_eq!(again.to_bytes(), record.to_bytes());
        let _ = record.encrypt(b"x", 0, &mut ChaCha8Rng::seed_from_u64(0));
        let _ = record.decrypt(&b.local, MessageKind::Ratchet, &a.send(b"y").bytes, &b.prekeys, &mut b.rng);
    }
    Ok(())
}
