//! A plain conversation, from keys to text: `cargo run -p ratchet --example conversation`.
//!
//! Bob publishes a bundle and goes offline. Alice opens a session with it and writes twice. Bob comes back, reads, and
//! answers. What each keeps is stored in between, as an app would.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use rand_chacha::ChaCha20Rng;
use ratchet::rand_core::SeedableRng;
use ratchet::{
    IdentityKeyPair, KemPrekey, LocalIdentity, NamedPrekeys, OneTimePrekey, PrekeyBundle, PrekeyMessage,
    SessionRecord, SignedPrekey, Suites,
};

/// Seconds on the caller's clock: the engine has none.
const NOW_S: u64 = 1_700_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    // A program takes the system's random source; an example that always does the same, a seed.
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let alice = LocalIdentity {
        key_pair: IdentityKeyPair::generate(&mut rng),
        registration_id: 1,
        suites: Suites::default(),
    };
    let bob =
        LocalIdentity { key_pair: IdentityKeyPair::generate(&mut rng), registration_id: 2, ..alice.clone() };

    // Bob makes prekeys, keeps their private halves, and publishes the rest through some server.
    let signed = SignedPrekey::generate(10, &bob.key_pair, &mut rng);
    let one_time = OneTimePrekey::generate(20, &mut rng);
    let kem = KemPrekey::generate(30, &bob.key_pair, &mut rng);
    let published = PrekeyBundle {
        registration_id: bob.registration_id,
        device_id: 1,
        identity: bob.key_pair.public(),
        signed_prekey: signed.to_public(),
        one_time_prekey: Some(one_time.to_public()),
        kem_prekey: Some(kem.to_public()),
    }
    .to_bytes();
    let kept = (signed.to_bytes(), one_time.to_bytes(), kem.to_bytes());
    println!("bob publishes {} bytes", published.len());

    // Alice gets the bundle. That it is Bob's she has to know from elsewhere: see `SafetyNumber`.
    let bundle = PrekeyBundle::parse(&published)?;
    let mut with_bob = SessionRecord::default();
    with_bob.initiate(&alice, &bundle, NOW_S, &mut rng)?;
    let first = with_bob.encrypt(b"Hello Bob", NOW_S, &mut rng)?;
    let second = with_bob.encrypt(b"Are you there?", NOW_S, &mut rng)?;
    println!("alice writes {} and {} bytes", first.bytes.len(), second.bytes.len());

    // Bob reads, in whichever order they arrive. He loads the prekeys that the message names, and no others.
    let mut with_alice = SessionRecord::default();
    let named = PrekeyMessage::parse(&second.bytes)?;
    assert_eq!(
        (named.signed_prekey(), named.one_time_prekey(), named.kem_prekey()),
        (10, Some(20), Some(30))
    );
    let prekeys = NamedPrekeys {
        signed: Some(SignedPrekey::from_bytes(&kept.0)?),
        one_time: Some(OneTimePrekey::from_bytes(&kept.1)?),
        kem: Some(KemPrekey::from_bytes(&kept.2)?),
    };
    let read = with_alice.decrypt(&bob, second.kind, &second.bytes, &prekeys, &mut rng)?;
    println!("bob reads {:?}", String::from_utf8_lossy(&read.plaintext));
    // In one transaction with the record: the one-time prekeys are used up.
    assert!(read.established.is_some_and(|established| established.one_time_prekey == Some(20)));
    let stored = with_alice.to_bytes();

    // After a restart. The session is known now, so no prekeys are needed.
    let mut with_alice = SessionRecord::from_bytes(&stored)?;
    let read = with_alice.decrypt(&bob, first.kind, &first.bytes, &NamedPrekeys::default(), &mut rng)?;
    println!("bob reads {:?}", String::from_utf8_lossy(&read.plaintext));
    let answer = with_alice.encrypt(b"Hello Alice", NOW_S, &mut rng)?;

    let read = with_bob.decrypt(&alice, answer.kind, &answer.bytes, &NamedPrekeys::default(), &mut rng)?;
    println!("alice reads {:?}", String::from_utf8_lossy(&read.plaintext));

    // Both are in the same session.
    let sessions = [&with_bob, &with_alice].map(|record| record.status().map(|status| status.id));
    assert_eq!(sessions[0], sessions[1]);
    Ok(())
}
