use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use ratchet::adversary::{Attacker, Oracles, Reading, Recording};
use ratchet::*;

/// What who recorded Alice's first message reads of it, once X25519 is broken.
pub fn harvest_now(suite: Suite) -> Option<Reading> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let [alice, bob] = [(); 2].map(|()| IdentityKeyPair::generate(&mut rng));
    let signed_prekey = SignedPrekey::generate(1, &bob, &mut rng);
    let bundle = PrekeyBundle {
        registration_id: 7,
        device_id: 1,
        identity: bob.public(),
        signed_prekey: signed_prekey.to_public(),
        one_time_prekey: None,
        kem_prekey: Some(KemPrekey::generate(2, &bob, &mut rng).to_public()),
    };
    let (mut oracles, mut recording) = (Oracles::default(), Recording::default());
    oracles.curve.teach_identity(&bob);
    oracles.curve.teach_signed_prekey(&signed_prekey);
    recording.published(&bundle);

    let local = LocalIdentity { key_pair: alice, registration_id: 8, suites: Suites::only(suite) };
    let mut record = SessionRecord::default();
    record.initiate(&local, &bundle, 0, &mut oracles.watch(&mut rng)).ok()?;
    let message = record.encrypt(b"hello", 0, &mut oracles.watch(&mut rng)).ok()?;
    recording.sent(local.key_pair.public(), bob.public(), &message);

    Attacker::default().with_broken_curve(&oracles.curve).reads(&recording).pop()
}
