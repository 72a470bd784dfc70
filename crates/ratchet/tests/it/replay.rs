//! Conversations recorded from official clients are replayed on both sides, fed with the ratchet
//! keys that were drawn then: every message sent must come out byte for byte, every message
//! received must have its recorded outcome, and after every step the whole state must be the
//! recorded one.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use ratchet::{DecryptError, MessageKind, SessionRecord};

use crate::device::NOW_S;
use crate::official::{Conversation, key, translate, unhex};

macro_rules! conversation {
    ($name:literal) => {
        Conversation::load(include_str!(concat!("../vectors/", $name, ".json")))
    };
}

#[test]
fn ping_pong() {
    assert_eq!(Replay::of(&conversation!("v4-072-pingpong12")).both_sides(), (12, 12, 0));
}

#[test]
fn one_way_all_first_messages() {
    assert_eq!(Replay::of(&conversation!("v4-072-oneway12")).both_sides(), (12, 12, 0));
}

#[test]
fn out_of_order_lost_and_duplicated() {
    assert_eq!(Replay::of(&conversation!("v4-072-outoforder")).both_sides(), (17, 16, 1));
}

#[test]
fn without_one_time_prekey() {
    let (sent, received, refused) = Replay::of(&conversation!("v4-072-noonetime")).both_sides();
    assert!(sent > 0 && received > 0);
    assert_eq!(refused, 0);
}

#[test]
fn to_a_newer_client_that_gives_up_its_post_quantum_ratchet() {
    assert_eq!(Replay::of(&conversation!("v4-072to090")).both_sides(), (12, 12, 0));
}

/// The newer client's very first message offers the post-quantum ratchet, which this suite does not
/// send; the rest of its side is the plain suite.
#[test]
fn from_a_newer_client_that_gives_up_its_post_quantum_ratchet() {
    let conversation = conversation!("v4-090to072");
    let mut replay = Replay::of(&conversation);
    replay.differing = vec![0];
    assert_eq!(replay.both_sides(), (11, 12, 0));
}

/// A client that insists on the post-quantum ratchet keys its first message with it.
#[test]
fn a_client_that_insists_on_the_post_quantum_ratchet_is_refused() {
    let conversation = conversation!("v4-103to072-refused");
    let (mut sent, mut received, mut refused) = (0, 0, 0);
    Replay::of(&conversation).side("B", &mut sent, &mut received, &mut refused);
    assert_eq!((sent, received), (0, 0));
    assert!(refused > 0);
}

struct Replay<'a> {
    conversation: &'a Conversation,
    /// Messages whose recorded bytes have a part that this suite does not write.
    differing: Vec<usize>,
}

impl<'a> Replay<'a> {
    fn of(conversation: &'a Conversation) -> Self {
        Self { conversation, differing: Vec::new() }
    }

    /// How many messages were sent alike, received alike, refused alike.
    fn both_sides(&self) -> (usize, usize, usize) {
        let (mut sent, mut received, mut refused) = (0, 0, 0);
        for side in ["A", "B"] {
            self.side(side, &mut sent, &mut received, &mut refused);
        }
        (sent, received, refused)
    }

    fn side(&self, side: &str, sent: &mut usize, received: &mut usize, refused: &mut usize) {
        let party = if side == "A" { &self.conversation.a } else { &self.conversation.b };
        let (local, prekeys) = (party.local(), party.prekeys());
        let mut record = SessionRecord::default();
        for (at, step) in self.conversation.steps.iter().enumerate().filter(|(_, step)| step.party == side) {
            let message = step.msg.map(|msg| &self.conversation.messages[msg]);
            match (step.op.as_str(), message) {
                // What the initiator drew is not recorded, so it starts from the recorded state.
                ("processBundle", None) => {
                    let stored = translate(step.record.as_ref().unwrap());
                    record = SessionRecord::from_bytes(&stored).unwrap();
                }
                ("encrypt", Some(message)) => {
                    let own = record.encrypt(&unhex(&message.plaintext), NOW_S).unwrap();
                    assert_eq!(own.kind.code(), message.r#type, "step {at}");
                    if !self.differing.contains(&step.msg.unwrap()) {
                        assert_eq!(hex::encode(own.bytes), message.ciphertext, "step {at}");
                        *sent += 1;
                    }
                }
                ("decrypt", Some(message)) => {
                    let kind = MessageKind::from_code(message.r#type).unwrap();
                    let mut rng = Recorded(step.ratchet_private.as_deref().map(key));
                    let before = record.to_bytes();
                    let result =
                        record.decrypt(&local, kind, &unhex(&message.ciphertext), &prekeys, &mut rng);
                    if step.ok.unwrap() {
                        let plaintext = result.unwrap().plaintext;
                        assert_eq!(hex::encode(&*plaintext), message.plaintext, "step {at}");
                        *received += 1;
                    } else {
                        let error = result.err().unwrap();
                        assert!(
                            matches!(
                                error,
                                DecryptError::Duplicate { .. } | DecryptError::AuthenticationFailed
                            ),
                            "step {at}: {error}"
                        );
                        assert_eq!(before, record.to_bytes(), "step {at}");
                        *refused += 1;
                    }
                }
                (op, _) => panic!("step {at}: {op}"),
            }
            if let Some(official) = &step.record {
                assert_eq!(hex::encode(&*record.to_bytes()), hex::encode(translate(official)), "step {at}");
            }
        }
    }
}

/// Yields one recorded private key and then nothing more.
struct Recorded(Option<[u8; 32]>);

impl TryRng for Recorded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("the engine draws keys, not numbers")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("the engine draws keys, not numbers")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.take().expect("one key per step"));
        Ok(())
    }
}

impl TryCryptoRng for Recorded {}
