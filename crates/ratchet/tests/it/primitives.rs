//! Signatures and key encodings, against what official clients produced and accepted.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::{IdentityKey, IdentityKeyPair, PublicKey, Signature};
use serde::Deserialize;
use serde_json::Value;

use crate::official::{key, signature, unhex};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Primitives {
    xeddsa: Vec<Xeddsa>,
    verify_cases: VerifyCases,
    key_parsing: Vec<KeyParsing>,
    private_clamp: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Xeddsa {
    private: String,
    public: String,
    message: String,
    signature: String,
}

#[derive(Deserialize)]
struct VerifyCases {
    public: String,
    message: String,
    cases: BTreeMap<String, VerifyCase>,
}

#[derive(Deserialize)]
struct VerifyCase {
    signature: String,
    result: bool,
}

#[derive(Deserialize)]
struct KeyParsing {
    case: String,
    bytes: String,
    result: Value,
}

fn recorded() -> Primitives {
    serde_json::from_str(include_str!("../vectors/primitives.json")).unwrap()
}

#[test]
fn official_signatures_verify() {
    let recorded = recorded();
    assert_eq!(recorded.xeddsa.len(), 24);
    for case in &recorded.xeddsa {
        let pair = IdentityKeyPair::from_private_bytes(key(&case.private));
        let public = IdentityKey::parse(&unhex(&case.public)).unwrap();
        assert_eq!(pair.public(), public);
        let message = unhex(&case.message);
        public.verify(&message, &signature(&case.signature)).unwrap();
        let own = pair.sign(&message, &mut ChaCha8Rng::seed_from_u64(7));
        public.verify(&message, &own).unwrap();
    }
}

#[test]
fn edge_cases_of_verification_are_decided_alike() {
    let VerifyCases { public, message, cases } = recorded().verify_cases;
    assert_eq!(cases.len(), 7);
    let public = IdentityKey::parse(&unhex(&public)).unwrap();
    for (name, case) in &cases {
        let accepted = Signature::parse(&unhex(&case.signature))
            .is_ok_and(|signature| public.verify(&unhex(&message), &signature).is_ok());
        assert_eq!(accepted, case.result, "{name}");
    }
}

#[test]
fn keys_are_parsed_alike() {
    let recorded = recorded();
    assert_eq!(recorded.key_parsing.len(), 6);
    for case in &recorded.key_parsing {
        let own = PublicKey::parse(&unhex(&case.bytes)).ok().map(|key| hex::encode(key.to_bytes()));
        assert_eq!(own.as_deref(), case.result.as_str(), "{}", case.case);
    }
}

#[test]
fn private_keys_are_clamped_alike() {
    let clamp = recorded().private_clamp;
    let own = IdentityKeyPair::from_private_bytes(key(&clamp["in"]));
    assert_eq!(hex::encode(*own.to_bytes()), clamp["out"]);
}
