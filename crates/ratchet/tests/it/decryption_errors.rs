//! Decryption error messages: byte for byte those of official clients, and what they bring about.

use proptest::prelude::*;
use ratchet::{DecryptionErrorMessage, MessageKind, SessionRecord};
use serde::Deserialize;

use crate::device::{Device, established};
use crate::official::{Conversation, unhex};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    for_original: Vec<ForOriginal>,
    refused: Vec<Refused>,
    deserialize: Vec<Deserialized>,
    current_ratchet_key_matches: Vec<Matches>,
}

#[derive(Deserialize)]
struct ForOriginal {
    file: String,
    msg: usize,
    timestamp: String,
    device: u32,
    bytes: String,
}

#[derive(Deserialize)]
struct Refused {
    what: String,
    r#type: u8,
    bytes: String,
}

#[derive(Deserialize)]
struct Deserialized {
    name: String,
    bytes: String,
    timestamp: Option<String>,
    device: Option<u32>,
    key: Option<String>,
}

#[derive(Deserialize)]
struct Matches {
    file: String,
    step: usize,
    party: String,
    matches: Vec<usize>,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("../vectors/decryption-errors.json")).unwrap()
}

fn conversation(file: &str) -> Conversation {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    Conversation::load(&std::fs::read_to_string(path).unwrap())
}

fn about(conversation: &Conversation, message: usize) -> DecryptionErrorMessage {
    let message = &conversation.messages[message];
    let kind = MessageKind::from_code(message.r#type).unwrap();
    DecryptionErrorMessage::for_original(&unhex(&message.ciphertext), kind, 0, 0).unwrap()
}

#[test]
fn they_are_written_and_read_as_by_official_clients() {
    let recorded = recorded().for_original;
    assert_eq!(recorded.len(), 20);
    for case in recorded {
        let message = &conversation(&case.file).messages[case.msg];
        let (kind, timestamp) =
            (MessageKind::from_code(message.r#type).unwrap(), case.timestamp.parse().unwrap());
        let original = unhex(&message.ciphertext);
        let own = DecryptionErrorMessage::for_original(&original, kind, timestamp, case.device).unwrap();
        assert_eq!(hex::encode(own.to_bytes()), case.bytes);
        assert_eq!(DecryptionErrorMessage::parse(&unhex(&case.bytes)), Ok(own));
        assert_eq!((own.timestamp_ms(), own.device_id()), (timestamp, case.device));
    }
}

#[test]
fn there_are_none_about_what_is_no_message() {
    let recorded = recorded().refused;
    assert_eq!(recorded.len(), 20);
    for case in recorded {
        let kind = MessageKind::from_code(case.r#type).unwrap();
        let own = DecryptionErrorMessage::for_original(&unhex(&case.bytes), kind, 5, 6);
        assert!(own.is_err(), "{}", case.what);
    }
}

#[test]
fn unusual_ones_are_read_alike() {
    let recorded = recorded().deserialize;
    assert_eq!(recorded.len(), 57);
    for case in recorded {
        let own = DecryptionErrorMessage::parse(&unhex(&case.bytes)).ok();
        let timestamp = own.map(|error| error.timestamp_ms().to_string());
        assert_eq!(timestamp, case.timestamp, "{}", case.name);
        assert_eq!(own.map(|error| error.device_id()), case.device, "{}", case.name);
        let key = own.and_then(|error| error.ratchet_key());
        assert_eq!(key.map(|key| hex::encode(key.to_bytes())), case.key, "{}", case.name);
    }
}

#[test]
fn at_every_step_the_same_messages_concern_the_current_session() {
    let (mut compared, mut concerned) = (0, 0);
    for case in recorded().current_ratchet_key_matches {
        let conversation = conversation(&case.file);
        let official = conversation.steps[case.step].record.as_ref().unwrap();
        let record = SessionRecord::from_bytes(&conversation.translate(&case.party, official)).unwrap();
        for message in 0..conversation.messages.len() {
            let expected = case.matches.contains(&message);
            assert_eq!(record.is_concerned(&about(&conversation, message)), expected);
            compared += 1;
            concerned += usize::from(expected);
        }
    }
    assert_eq!((compared, concerned), (1200, 96));
}

#[test]
fn a_device_that_lost_its_session_gets_the_message_again_in_a_new_one() {
    let (mut a, mut b) = established();
    let lost = a.send(b"hello?");
    b.record = SessionRecord::default();
    b.refuses(&lost);

    let error = DecryptionErrorMessage::for_original(&lost.bytes, lost.kind, 1, 1).unwrap();
    assert!(a.record.archive_if_concerned(&error));
    assert!(!a.record.archive_if_concerned(&error), "asked twice");
    a.initiate(&b.bundle());
    assert!(!a.record.archive_if_concerned(&error), "about the session before");
    assert_eq!(b.receive(&a.send(b"hello!")).unwrap(), b"hello!");
    assert_eq!(a.record.archived_sessions(), 1);
}

#[test]
fn a_session_that_has_moved_on_is_kept() {
    let (mut a, mut b) = established();
    let lost = a.send(b"damaged on the way");
    b.receive(&a.send(b"next")).unwrap();
    a.receive(&b.send(b"answer")).unwrap();
    let error = DecryptionErrorMessage::for_original(&lost.bytes, lost.kind, 1, 1).unwrap();
    assert!(!a.record.archive_if_concerned(&error));
    assert_eq!(b.receive(&a.send(b"again")).unwrap(), b"again");
}

#[test]
fn one_without_a_ratchet_key_concerns_nobody() {
    let error = DecryptionErrorMessage::parse(&[0x10, 5]).unwrap();
    assert_eq!((error.ratchet_key(), error.device_id()), (None, 0));
    assert!(!SessionRecord::default().is_concerned(&error));
    let mut a = Device::new(1);
    let bundle = Device::new(2).bundle();
    a.initiate(&bundle);
    assert!(!a.record.is_concerned(&error));
}

proptest! {
    #[test]
    fn what_is_read_is_written_back_to_the_same(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let framed = [&[0x0a, 33, 5][..], &bytes].concat();
        for bytes in [&bytes, &framed] {
            if let Ok(error) = DecryptionErrorMessage::parse(bytes) {
                prop_assert_eq!(DecryptionErrorMessage::parse(&error.to_bytes()), Ok(error));
            }
        }
    }
}
