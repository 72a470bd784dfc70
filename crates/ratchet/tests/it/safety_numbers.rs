//! Safety numbers: digit for digit and byte for byte those of official clients.

use ratchet::{
    Derivation, Identified, IdentityKey, IdentityKeyPair, Iterations, IterationsError, SafetyNumber,
    ScanError, ServiceId,
};
use serde::Deserialize;

use crate::official::unhex;

/// Either a number between two, or what became of a number of iterations.
#[derive(Deserialize)]
#[serde(untagged)]
enum Recorded {
    Number(Box<Number>),
    Iterations {
        iterations: u32,
        #[serde(default)]
        accepted: bool,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Number {
    version: u32,
    iterations: u32,
    local_id: String,
    local_key: String,
    remote_id: String,
    remote_key: String,
    display_local: String,
    display_remote: String,
    scannable_local: String,
    scannable_remote: String,
    compare: bool,
}

fn recorded() -> Vec<Recorded> {
    serde_json::from_str(include_str!("../vectors/fingerprints.json")).unwrap()
}

#[test]
fn both_sides_show_what_official_clients_show() {
    let mut numbers = 0;
    for case in recorded() {
        let Recorded::Number(case) = case else { continue };
        let (local_id, remote_id) = (unhex(&case.local_id), unhex(&case.remote_id));
        let key = |text: &str| IdentityKey::parse(&unhex(text)).unwrap();
        let local = Identified { id: &local_id, key: key(&case.local_key) };
        let remote = Identified { id: &remote_id, key: key(&case.remote_key) };
        let iterations = Iterations::new(case.iterations).unwrap();
        let how = Derivation { version: case.version, iterations };
        let here = SafetyNumber::derived(how, &local, &remote);
        let there = SafetyNumber::derived(how, &remote, &local);

        assert_eq!(here.display(), case.display_local);
        assert_eq!(there.display(), case.display_remote);
        assert_eq!(hex::encode(here.scannable()), case.scannable_local);
        assert_eq!(hex::encode(there.scannable()), case.scannable_remote);
        assert_eq!(here.matches(&unhex(&case.scannable_remote)).is_ok(), case.compare);
        assert_eq!(there.matches(&unhex(&case.scannable_local)).is_ok(), case.compare);
        if how == Derivation::default() {
            assert_eq!(SafetyNumber::between(&local, &remote), here);
        }
        numbers += 1;
    }
    assert_eq!(numbers, 9);
}

#[test]
fn numbers_of_iterations_are_accepted_alike() {
    let mut cases = 0;
    for case in recorded() {
        let Recorded::Iterations { iterations, accepted } = case else { continue };
        let expected = if accepted { None } else { Some(IterationsError { iterations }) };
        assert_eq!(Iterations::new(iterations).err(), expected);
        cases += 1;
    }
    assert_eq!(cases, 4);
    assert!(Iterations::new(2).is_ok());
}

const ALICE: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";
const BOB: &str = "796abedb-ca4e-4f18-8803-1fde5b921f9f";

/// Few rounds: nobody searches for keys here.
fn number(version: u32, (local, local_key): (&str, u8), (remote, remote_key): (&str, u8)) -> SafetyNumber {
    let how = Derivation { version, iterations: Iterations::new(2).unwrap() };
    let (local, remote): (ServiceId, ServiceId) = (local.parse().unwrap(), remote.parse().unwrap());
    let key = |byte: u8| IdentityKeyPair::from_private_bytes([byte; 32]).public();
    SafetyNumber::derived(
        how,
        &Identified { id: local.uuid(), key: key(local_key) },
        &Identified { id: remote.uuid(), key: key(remote_key) },
    )
}

#[test]
fn only_the_peers_own_code_matches() {
    let here = number(2, (ALICE, 1), (BOB, 2));
    let there = number(2, (BOB, 2), (ALICE, 1));
    assert_eq!(here.matches(&there.scannable()), Ok(()));
    assert_eq!(here.to_string().split(' ').count(), 12);
    assert_eq!(here.to_string().replace(' ', ""), there.display());

    for (wrong, what) in [
        (number(2, (BOB, 3), (ALICE, 1)), "the peer has another key"),
        (number(2, (BOB, 2), (ALICE, 3)), "the peer has another key of ours"),
        (number(2, (ALICE, 2), (ALICE, 1)), "the peer has another name"),
        (here.clone(), "our own code"),
    ] {
        assert_eq!(here.matches(&wrong.scannable()), Err(ScanError::NoMatch), "{what}");
    }
    assert_eq!(
        here.matches(&number(1, (BOB, 2), (ALICE, 1)).scannable()),
        Err(ScanError::VersionMismatch { ours: 2, theirs: 1 })
    );
}

#[test]
fn every_flipped_bit_of_a_code_is_noticed() {
    let here = number(2, (ALICE, 1), (BOB, 2));
    let code = number(2, (BOB, 2), (ALICE, 1)).scannable();
    for bit in 0..code.len() * 8 {
        let mut flipped = code.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(here.matches(&flipped).is_err(), "bit {bit}");
    }
    for length in 0..code.len() {
        assert_eq!(here.matches(&code[..length]), Err(ScanError::Malformed), "{length} bytes");
    }
}

#[test]
fn halves_of_another_length_never_match() {
    let here = number(2, (ALICE, 1), (BOB, 2));
    let code = number(2, (BOB, 2), (ALICE, 1)).scannable();
    // Version, then for each half: tag, length, tag, length, 32 bytes.
    let (local, remote) = (&code[6..38], &code[42..74]);
    for kept in [0, 31] {
        let cut = |half: &[u8]| {
            let kept = &half[..kept];
            [&[kept.len() as u8 + 2, 0x0a, kept.len() as u8], kept].concat()
        };
        let code = [&[0x08, 2, 0x12][..], &cut(local), &[0x1a], &cut(remote)].concat();
        assert_eq!(here.matches(&code), Err(ScanError::NoMatch), "{kept} bytes");
    }
}
