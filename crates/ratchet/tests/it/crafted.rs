//! Messages crafted to be unusual but correctly authenticated, addressed to the responder of a
//! recorded conversation.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::{DecryptError, MessageKind, SessionRecord};
use serde::Deserialize;

use crate::official::{Conversation, unhex};

#[derive(Deserialize)]
struct Case {
    name: String,
    messages: Vec<Crafted>,
}

#[derive(Deserialize)]
struct Crafted {
    ciphertext: String,
    r#type: u8,
}

fn outcomes(name: &str) -> Vec<Result<(), DecryptError>> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/crafted-v4-072.json")).unwrap();
    let case = cases.iter().find(|case| case.name.starts_with(name)).unwrap();
    let recorded = Conversation::load(include_str!("../vectors/v4-072-pingpong12.json"));
    let (local, prekeys) = (recorded.b.local(), recorded.b.prekeys());
    let mut record = SessionRecord::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut receive = |message: &Crafted| {
        let kind = MessageKind::from_code(message.r#type).unwrap();
        let before = record.to_bytes();
        let result = record.decrypt(&local, kind, &unhex(&message.ciphertext), &prekeys, &mut rng);
        if result.is_err() {
            assert_eq!(before, record.to_bytes());
        }
        result.map(|_| ())
    };
    case.messages.iter().map(&mut receive).collect()
}

#[test]
fn a_foreign_initiator_without_post_quantum_ratchet_is_read() {
    assert_eq!(outcomes("own initiator from scratch, SPQR minimum None"), [Ok(()); 4]);
}

/// Its offer of a post-quantum ratchet and its addresses are authenticated and otherwise ignored.
#[test]
fn a_foreign_initiator_that_can_do_without_post_quantum_ratchet_is_read() {
    assert_eq!(outcomes("own initiator from scratch, SPQR minimum Some(0)"), [Ok(()); 4]);
}

#[test]
fn a_foreign_initiator_that_insists_on_the_post_quantum_ratchet_is_refused() {
    let refused = Err(DecryptError::AuthenticationFailed);
    assert_eq!(outcomes("own initiator from scratch, SPQR minimum Some(1)"), [refused; 4]);
}

/// The oldest deployed client accepts this one; newer ones and this engine do not.
#[test]
fn a_base_key_with_a_torsion_component_is_refused_though_its_agreements_are_the_same() {
    let refused = Err(DecryptError::InvalidBaseKey);
    assert_eq!(outcomes("base key with a torsion component"), [refused]);
}
