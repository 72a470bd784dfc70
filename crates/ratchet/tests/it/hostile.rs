//! Whatever is done to a message on its way: no panic, no wrong plaintext, no trace in the record.

use ratchet::generic::KemPrekey;
use ratchet::{Ciphertext, DecryptError, MessageKind, Modelled, Native, PrekeyKind, Provider, Suite, Suites};

use crate::device::{Device, established, established_by};

/// Modelled cryptography too must refuse what these send; what is changed in a message it does not notice.
macro_rules! modelled_too {
    ($($test:ident: $of:ident;)*) => {$(
        #[test]
        fn $test() {
            $of::<Native>();
            $of::<Modelled>();
        }
    )*};
}

modelled_too! {
    a_truncated_message_is_refused: truncated;
    a_message_of_the_other_kind_is_refused: other_kind;
    a_message_for_someone_else_is_refused: for_someone_else;
    a_missing_prekey_is_named_and_nothing_is_used_up: missing_prekey;
    another_key_under_the_same_prekey_id_fails_authentication: another_key;
    the_base_key_must_be_canonical: base_key;
    versions_are_decided_as_deployed: versions;
}

fn device<P: Provider>(seed: u64) -> Device<P> {
    Device::speaking(Suites::default(), seed)
}

/// A first message and a responder that has not read it.
fn first_message<P: Provider>() -> (Ciphertext, Device<P>) {
    let (mut a, mut b) = (device::<P>(1), device::<P>(2));
    a.initiate(&b.bundle());
    (a.send(b"hello"), b)
}

#[test]
fn every_flipped_bit_of_a_ratchet_message_is_noticed() {
    let (mut a, mut b) = established();
    let genuine = a.send(b"attack at dawn");
    for bit in 0..genuine.bytes.len() * 8 {
        let mut message = genuine.clone();
        message.bytes[bit / 8] ^= 1 << (bit % 8);
        b.refuses(&message);
    }
    assert_eq!(b.receive(&genuine).unwrap(), b"attack at dawn");
}

/// A few fields of the wrapping are not authenticated (the sender's registration id, the low nibble
/// of the version): flipping them may go unnoticed, but nothing else may come out than what was
/// sent.
#[test]
fn a_flipped_bit_of_a_first_message_is_noticed_or_harmless() {
    let (genuine, mut b) = first_message::<Native>();
    let fresh = b.record.clone();
    let mut harmless = 0;
    for at in 0..genuine.bytes.len() {
        // Inside the 1568 bytes of KEM ciphertext one bit per byte will do.
        let bits = if at > 170 { at % 8..at % 8 + 1 } else { 0..8 };
        for bit in bits {
            let mut message = genuine.clone();
            message.bytes[at] ^= 1 << bit;
            let before = b.record.to_bytes();
            match b.receive_keeping_prekeys(&message) {
                Ok(decrypted) => {
                    assert_eq!(decrypted.plaintext.as_slice(), b"hello", "byte {at} bit {bit}");
                    harmless += 1;
                    b.record = fresh.clone();
                }
                Err(_) => assert_eq!(before, b.record.to_bytes(), "byte {at} bit {bit}"),
            }
        }
    }
    assert!((1..40).contains(&harmless), "{harmless} flips went unnoticed");
    assert_eq!(b.receive(&genuine).unwrap(), b"hello");
}

fn truncated<P: Provider>() {
    let (genuine, mut b) = first_message::<P>();
    for length in 0..genuine.bytes.len() {
        b.refuses(&Ciphertext { bytes: genuine.bytes[..length].to_vec(), ..genuine.clone() });
    }
    b.receive(&genuine).unwrap();

    let (mut a, mut b) = established_by::<P>(Suite::Triple);
    let genuine = a.send(b"hello");
    for length in 0..genuine.bytes.len() {
        b.refuses(&Ciphertext { bytes: genuine.bytes[..length].to_vec(), ..genuine.clone() });
    }
    b.receive(&genuine).unwrap();
}

fn other_kind<P: Provider>() {
    let (mut a, mut b) = established_by::<P>(Suite::Triple);
    let ratchet = a.send(b"hello");
    b.refuses(&Ciphertext { kind: MessageKind::Prekey, ..ratchet });
    let (prekey, mut b) = first_message::<P>();
    b.refuses(&Ciphertext { kind: MessageKind::Ratchet, ..prekey });
}

fn for_someone_else<P: Provider>() {
    let (mut a, _) = established_by::<P>(Suite::Triple);
    let (mut c, mut d) = (device::<P>(3), device::<P>(4));
    c.initiate(&d.bundle());
    d.receive(&c.send(b"hello")).unwrap();
    assert_eq!(d.refuses(&a.send(b"hello")), DecryptError::AuthenticationFailed);
}

fn missing_prekey<P: Provider>() {
    let (message, mut b) = first_message::<P>();
    let one_time = b.prekeys.one_time.remove(&1).unwrap();
    let unknown = |kind| DecryptError::UnknownPrekey { kind, id: 1 };
    assert_eq!(b.refuses(&message), unknown(PrekeyKind::OneTime));
    let kem = b.prekeys.kem.remove(&1).unwrap();
    assert_eq!(b.refuses(&message), unknown(PrekeyKind::Kem));
    let signed = b.prekeys.signed.remove(&1).unwrap();
    assert_eq!(b.refuses(&message), unknown(PrekeyKind::Signed));
    b.prekeys.one_time.insert(1, one_time);
    b.prekeys.kem.insert(1, kem);
    b.prekeys.signed.insert(1, signed);
    assert_eq!(b.receive(&message).unwrap(), b"hello");
}

fn another_key<P: Provider>() {
    let (message, mut b) = first_message::<P>();
    let genuine = b.prekeys.kem.remove(&1).unwrap();
    let other = KemPrekey::generate(1, &b.local.key_pair, &mut b.rng);
    b.prekeys.kem.insert(1, other);
    assert_eq!(b.refuses(&message), DecryptError::AuthenticationFailed);
    b.prekeys.kem.insert(1, genuine);
    b.receive(&message).unwrap();
}

fn base_key<P: Provider>() {
    let (genuine, mut b) = first_message::<P>();
    let base_key = ratchet::PrekeyMessage::parse(&genuine.bytes).unwrap().base_key().to_bytes();
    let at = genuine.bytes.windows(33).position(|window| window == base_key).unwrap();
    let with = |change: &dyn Fn(&mut [u8])| {
        let mut message = genuine.clone();
        change(&mut message.bytes[at + 1..at + 33]);
        message
    };
    assert_eq!(b.refuses(&with(&|key| key[31] |= 0x80)), DecryptError::InvalidBaseKey);
    assert_eq!(b.refuses(&with(&|key| key.fill(0))), DecryptError::InvalidBaseKey);
    assert_eq!(b.refuses(&with(&|key| key.fill(0xff))), DecryptError::InvalidBaseKey);
}

fn versions<P: Provider>() {
    let (genuine, mut b) = first_message::<P>();
    let with = |byte: u8| {
        let mut message = genuine.clone();
        message.bytes[0] = byte;
        message
    };
    for version in [2, 5] {
        let refused = b.refuses(&with(version << 4 | 4));
        assert_eq!(refused, DecryptError::UnsupportedVersion { version });
    }
    assert_eq!(b.refuses(&with(0x34)), DecryptError::SuiteRefused { suite: Suite::X3dh });
    let fresh = b.record.clone();
    for low_nibble in [0, 5] {
        assert_eq!(
            b.receive_keeping_prekeys(&with(0x40 | low_nibble)).unwrap().plaintext.as_slice(),
            b"hello"
        );
        b.record = fresh.clone();
    }
}
