//! Conversations recorded from official clients are replayed on both sides, fed with the ratchet
//! keys that were drawn then: every message sent must come out byte for byte (but for the first one at version 3), every message
//! received must have its recorded outcome, and after every step the whole state must be the
//! recorded one. All that with every real provider.

use ratchet::{Backend, BraidKeyPair, DecryptError, FreshKeys, MessageKind, SessionRecord, Suite};
use zeroize::Zeroizing;

use crate::device::NOW_S;
use crate::official::{Conversation, Fields, Step, key, unhex};

/// What a replay did alike.
#[derive(Default, PartialEq, Eq, Debug)]
struct Alike {
    sent: usize,
    received: usize,
    refused: usize,
}

macro_rules! conversations {
    ($($test:ident: $file:literal => $sent:literal sent, $received:literal received, $refused:literal refused;)*) => {
        $(
            #[test]
            fn $test() {
                let conversation = Conversation::load(include_str!(concat!("../vectors/", $file, ".json")));
                let expected = Alike { sent: $sent, received: $received, refused: $refused };
                for backend in Backend::ALL {
                    backend.install();
                    let mut replay = Replay { conversation: &conversation, alike: Alike::default() };
                    replay.side("A");
                    replay.side("B");
                    assert_eq!(replay.alike, expected, "{backend}");
                }
            }
        )*
    };
}

conversations! {
    x3dh_alternating: "v3-072-pingpong12" => 12 sent, 12 received, 0 refused;
    x3dh_one_way_all_first_messages: "v3-072-oneway12" => 12 sent, 12 received, 0 refused;
    x3dh_out_of_order_lost_and_duplicated: "v3-072-outoforder" => 17 sent, 16 received, 1 refused;
    x3dh_without_one_time_prekey: "v3-072-noonetime" => 2 sent, 2 received, 0 refused;
    x3dh_both_initiate: "multi-v3-072-simultaneous" => 8 sent, 8 received, 0 refused;

    pqxdh_alternating: "v4-072-pingpong12" => 12 sent, 12 received, 0 refused;
    pqxdh_one_way_all_first_messages: "v4-072-oneway12" => 12 sent, 12 received, 0 refused;
    pqxdh_out_of_order_lost_and_duplicated: "v4-072-outoforder" => 17 sent, 16 received, 1 refused;
    pqxdh_without_one_time_prekey: "v4-072-noonetime" => 4 sent, 4 received, 0 refused;

    triple_with_fallback_alternating: "v4-090-pingpong12" => 12 sent, 12 received, 0 refused;
    triple_with_fallback_one_way: "v4-090-oneway12" => 12 sent, 12 received, 0 refused;
    triple_with_fallback_out_of_order: "v4-090-outoforder" => 17 sent, 16 received, 1 refused;
    triple_with_fallback_without_one_time_prekey: "v4-090-noonetime" => 2 sent, 2 received, 0 refused;

    triple_alternating: "spqr-103-pingpong12" => 12 sent, 12 received, 0 refused;
    triple_one_way: "spqr-103-oneway12" => 12 sent, 12 received, 0 refused;
    triple_out_of_order_lost_and_duplicated: "spqr-103-outoforder" => 17 sent, 16 received, 1 refused;
    triple_through_two_epochs: "spqr-103-long200" => 200 sent, 200 received, 0 refused;
    triple_in_bursts: "spqr-103-bursts" => 222 sent, 194 received, 7 refused;
    triple_five_to_one: "spqr-103-asym5to1" => 252 sent, 252 received, 0 refused;
    triple_without_service_ids: "spqr-103-nonaci" => 4 sent, 4 received, 0 refused;
    triple_both_initiate: "multi-spqr-103-simultaneous" => 8 sent, 8 received, 0 refused;

    pqxdh_to_fallback: "v4-072to090" => 12 sent, 12 received, 0 refused;
    fallback_to_pqxdh: "v4-090to072" => 12 sent, 12 received, 0 refused;
    fallback_to_triple: "spqr-090to103" => 12 sent, 12 received, 0 refused;
    triple_to_fallback: "spqr-103to090" => 12 sent, 12 received, 0 refused;
    pqxdh_to_triple_is_refused: "v4-072to103-refused" => 1 sent, 0 received, 1 refused;
    triple_to_pqxdh_is_refused: "v4-103to072-refused" => 1 sent, 0 received, 1 refused;
}

struct Replay<'a> {
    conversation: &'a Conversation,
    alike: Alike,
}

impl Replay<'_> {
    fn side(&mut self, side: &str) {
        let party = self.conversation.party(side);
        let (local, prekeys) = (party.local(self.conversation.suites(side)), party.prekeys());
        let mut record = self.conversation.empty_record(side);
        for (at, step) in self.conversation.steps.iter().enumerate().filter(|(_, step)| step.party == side) {
            let message = step.msg.map(|msg| &self.conversation.messages[msg]);
            match (step.op.as_str(), message) {
                // What the initiator drew is not recorded, so it starts from the recorded state.
                ("processBundle", None) => {
                    let stored = self.conversation.translate(side, step.record.as_ref().unwrap());
                    record = SessionRecord::from_bytes(&stored).unwrap();
                }
                ("encrypt", Some(message)) => {
                    let own = record.encrypt(&unhex(&message.plaintext), NOW_S, &mut Recorded(step)).unwrap();
                    assert_eq!(own.kind.code(), message.r#type, "step {at}");
                    if record.suite() == Some(Suite::X3dh) {
                        assert_eq!(own.bytes[0], 0x33, "step {at}");
                        let [ours, theirs] = [&own.bytes, &unhex(&message.ciphertext)]
                            .map(|bytes| without_version(own.kind, bytes));
                        assert_eq!(ours, theirs, "step {at}");
                    } else {
                        assert_eq!(hex::encode(own.bytes), message.ciphertext, "step {at}");
                    }
                    self.alike.sent += 1;
                }
                ("decrypt", Some(message)) => {
                    let kind = MessageKind::from_code(message.r#type).unwrap();
                    let before = record.to_bytes();
                    let ciphertext = unhex(&message.ciphertext);
                    let result = record.decrypt(&local, kind, &ciphertext, &prekeys, &mut Recorded(step));
                    if step.ok.unwrap() {
                        let plaintext = result.unwrap_or_else(|error| panic!("step {at}: {error}")).plaintext;
                        assert_eq!(hex::encode(&*plaintext), message.plaintext, "step {at}");
                        self.alike.received += 1;
                    } else {
                        let error = result.err().unwrap();
                        assert!(is_expected(error), "step {at}: {error}");
                        assert_eq!(before, record.to_bytes(), "step {at}");
                        self.alike.refused += 1;
                    }
                }
                (op, _) => panic!("step {at}: {op}"),
            }
            if let Some(spqr) = record.status().and_then(|status| status.post_quantum) {
                assert_eq!(step.epoch, Some(spqr.epoch.to_string()), "step {at}");
                assert_eq!(step.scka, Some(spqr.state as u8 + 1), "step {at}");
            }
            if let Some(official) = &step.record {
                let expected = self.conversation.translate(side, official);
                assert_eq!(hex::encode(&*record.to_bytes()), hex::encode(expected), "step {at}");
            }
        }
    }
}

/// All of a message but its version byte, in which we differ on purpose at version 3, and what follows from that: the MAC
/// over it. That ours is right is seen where the other side reads what was recorded, with that byte and that MAC.
fn without_version(kind: MessageKind, message: &[u8]) -> Vec<Vec<u8>> {
    if kind == MessageKind::Ratchet {
        return vec![message[1..message.len() - 8].to_vec()];
    }
    let fields = Fields::read(&message[1..]);
    let numbers = [1, 5, 6].map(|field| fields.number(field).to_be_bytes().to_vec());
    let inner = without_version(MessageKind::Ratchet, fields.bytes(4).unwrap());
    [numbers.to_vec(), vec![fields.bytes(2).unwrap().to_vec(), fields.bytes(3).unwrap().to_vec()], inner]
        .concat()
}

fn is_expected(error: DecryptError) -> bool {
    matches!(
        error,
        DecryptError::Duplicate { .. } | DecryptError::AuthenticationFailed | DecryptError::PostQuantum(_)
    )
}

/// Yields the keys that were recorded in one step, which are those that the state holds after it.
struct Recorded<'a>(&'a Step);

impl FreshKeys for Recorded<'_> {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(key(self.0.ratchet_private.as_ref().unwrap()))
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        panic!("no session is initiated in a replay")
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair {
        let key = unhex(self.0.kem_dk.as_ref().expect("a decapsulation key in this step"));
        BraidKeyPair::from_decapsulation_key(&key.try_into().unwrap())
    }

    /// They end the recorded state.
    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        let state = unhex(self.0.kem_encaps_state.as_ref().expect("an encapsulation in this step"));
        Zeroizing::new(*state.last_chunk().unwrap())
    }
}
