//! What two clients tell each other beside messages: safety numbers, and that something could not be read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::cell::RefCell;
use std::rc::Rc;

use interop::{Name, Official, Oracle, OracleVersion, Ours, Party, Speaks};
use ratchet::{Ciphertext, DecryptionErrorMessage, Identified, IdentityKey, SafetyNumber};
use serde_json::json;

const PAIRS: [(Speaks, OracleVersion); 3] = [
    (Speaks::X3dh, OracleVersion::V072),
    (Speaks::TripleOrPqxdh, OracleVersion::V090),
    (Speaks::Triple, OracleVersion::V103),
];

fn oracle(version: OracleVersion) -> Rc<RefCell<Oracle>> {
    let started = Oracle::start(version, &Oracle::directory());
    Rc::new(RefCell::new(started.unwrap_or_else(|error| panic!("{error}"))))
}

fn name(device: u8) -> Name {
    Name { service: format!("9d0652a3-dcc3-4d11-975f-74d6159873{device:02x}"), device }
}

fn send(who: &mut dyn Party) -> Ciphertext {
    who.encrypt(&[b"hello".to_vec()]).unwrap().remove(0).unwrap()
}

fn read(who: &mut dyn Party, message: &Ciphertext) {
    assert_eq!(who.decrypt(std::slice::from_ref(message)).unwrap().remove(0).unwrap(), b"hello");
}

/// At every point of a conversation, for every message of it.
#[test]
fn both_say_the_same_of_a_message_they_could_not_read() {
    for (speaks, version) in PAIRS {
        let oracle = oracle(version);
        let mut ours = Ours::new(speaks, &name(1), &name(2), 3);
        let mut official = Official::new(&oracle, &name(2), &name(1), 4, speaks != Speaks::X3dh).unwrap();
        let bundle = official.publish(true).unwrap();
        ours.initiate(&bundle).unwrap().unwrap();
        let mut errors = Vec::new();
        for turn in 0..6 {
            let (from, to): (&mut dyn Party, &mut dyn Party) =
                if turn % 2 == 0 { (&mut ours, &mut official) } else { (&mut official, &mut ours) };
            let message = send(from);
            read(to, &message);
            let (timestamp, device) = (1_790_000_000_000 + turn, 1 + u32::try_from(turn).unwrap());
            let theirs = official.decryption_error(&message, timestamp, device).unwrap();
            let mine = DecryptionErrorMessage::for_original(&message.bytes, message.kind, timestamp, device)
                .unwrap();
            assert_eq!(mine.to_bytes(), theirs, "{speaks}, message {turn}");
            assert_eq!(DecryptionErrorMessage::parse(&theirs).unwrap(), mine);
            errors.push(mine);
            // Only a message's sender is concerned, and only until it has read an answer.
            for (at, error) in (0..).zip(&errors) {
                let by_ours = ours.record().is_concerned(error);
                let by_official = official.is_concerned(&error.to_bytes()).unwrap();
                let latest = at == turn;
                assert_eq!(by_ours, latest && at % 2 == 0, "{speaks}: ours, of message {at} after {turn}");
                assert_eq!(
                    by_official,
                    latest && at % 2 == 1,
                    "{speaks}: official, of message {at} after {turn}"
                );
            }
        }
    }
}

#[test]
fn both_show_the_same_safety_number() {
    let ids: [&[u8]; 3] = [&[7; 16], &[9; 16], b"+14155550123"];
    for version in OracleVersion::ALL {
        let oracle = oracle(version);
        let device = |number: u8| {
            let device = Official::new(&oracle, &name(number), &name(number), 1, true);
            device.unwrap().publish(false).unwrap().identity
        };
        let keys = [device(1), device(2)];
        for (local, remote) in [(0, 1), (1, 0)] {
            for id in ids {
                let ours = |at: usize, id| Identified { id, key: IdentityKey::parse(&keys[at]).unwrap() };
                let number = SafetyNumber::between(&ours(local, id), &ours(remote, ids[0]));
                let end =
                    |at: usize, id: &[u8]| json!({ "id": hex::encode(id), "key": hex::encode(&keys[at]) });
                let answer = oracle
                    .borrow_mut()
                    .order(json!({
                        "op": "safetyNumber", "iterations": 5200, "version": 2,
                        "local": end(local, id), "remote": end(remote, ids[0]),
                    }))
                    .unwrap();
                assert_eq!(answer["display"], number.display());
                assert_eq!(answer["scannable"], hex::encode(number.scannable()));
            }
        }
    }
}
