//! Messages crafted to be unusual but correctly authenticated, each with what the official clients
//! answered.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::{MessageKind, SessionRecord};
use serde::Deserialize;

use crate::official::{Conversation, unhex};

#[derive(Deserialize)]
struct Case {
    name: String,
    file: String,
    receiver: String,
    record: Option<String>,
    messages: Vec<Crafted>,
}

#[derive(Deserialize)]
struct Crafted {
    ciphertext: String,
    r#type: u8,
}

#[derive(Deserialize)]
struct Answer {
    name: String,
    file: String,
    got: String,
    state: Option<u8>,
}

/// Where this engine is stricter than one of the clients, on purpose.
const STRICTER: [(&str, &str); 4] = [
    // 0.90.0 ignores a post-quantum ratchet of the future, 0.103.0 refuses it.
    ("v4-090-pingpong12", "unknown SPQR version 2 mid session, no SPQR key"),
    ("v4-090-pingpong12", "first PreKey message with SPQR version 2, no SPQR key"),
    // 0.72.1 does not check base keys, 0.90.0 and 0.103.0 do.
    ("v4-072-pingpong12", "base key with a torsion component (same DH outputs)"),
    // All of them let a message do without a post-quantum key in any chain, as long as the epoch is the first.
    ("spqr-103-pingpong12", "index 0 with no SPQR key, epoch 1"),
];

#[test]
fn every_crafted_message_is_answered_as_by_the_official_clients() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/crafted.json")).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(include_str!("../vectors/crafted-results.json")).unwrap();
    assert_eq!((cases.len(), answers.len()), (72, 72));
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!((&case.name, &case.file), (&answer.name, &answer.file));
        let (outcomes, state) = feed(case);
        let expected: Vec<bool> = match answer.got.split_once(", last ") {
            Some((_, last)) => {
                (1..case.messages.len()).map(|_| true).chain([last.starts_with("ok")]).collect()
            }
            None => answer.got.split(',').map(|outcome| outcome == "ok").collect(),
        };
        let stricter = STRICTER.contains(&(case.file.as_str(), case.name.as_str()));
        let alike = if stricter {
            outcomes.iter().all(Result::is_err)
        } else {
            let accepted: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
            accepted == expected && (!accepted[accepted.len() - 1] || answer.state == state)
        };
        if !alike {
            wrong.push(format!(
                "{}: {}: {outcomes:?} {state:?}, not {} {:?}",
                case.file, case.name, answer.got, answer.state
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The outcome of each message, and the state of the post-quantum ratchet after the last.
fn feed(case: &Case) -> (Vec<Result<(), String>>, Option<u8>) {
    let path = format!("{}/tests/vectors/{}.json", env!("CARGO_MANIFEST_DIR"), case.file);
    let recorded = Conversation::load(&std::fs::read_to_string(path).unwrap());
    let party = recorded.party(&case.receiver);
    let (local, prekeys) = (party.local(recorded.suites(&case.receiver)), party.prekeys());
    let mut record = match case.record.as_ref().filter(|record| !record.is_empty()) {
        None => recorded.empty_record(&case.receiver),
        Some(official) => {
            let stored = recorded.translate(&case.receiver, official);
            SessionRecord::from_bytes(&stored).unwrap_or_else(|error| panic!("{}: {error}", case.name))
        }
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut receive = |message: &Crafted| {
        let kind = MessageKind::from_code(message.r#type).unwrap();
        let before = record.to_bytes();
        let result = record.decrypt(&local, kind, &unhex(&message.ciphertext), &prekeys, &mut rng);
        if result.is_err() {
            assert_eq!(before, record.to_bytes());
        }
        result.map(|_| ()).map_err(|error| error.to_string())
    };
    let outcomes = case.messages.iter().map(&mut receive).collect();
    let state = record.status().and_then(|status| status.post_quantum).map(|spqr| spqr.state as u8 + 1);
    (outcomes, state)
}
