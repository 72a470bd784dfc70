//! One function for every parser of untrusted bytes: it panics if a promise is broken.
//!
//! Used by `tests/it/fuzzing.rs`, in bounded runs, and by `cargo fuzz`: see README.md.

use std::sync::LazyLock;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use ratchet::erasure::{CHUNK_LENGTH, Chunk, Decoder, chunk_at};
use ratchet::{
    BraidKeyPair, Ciphertext, DecryptionErrorMessage, Derivation, FreshKeys, Identified, IdentityKey,
    Iterations, KemPrekey, KemPublicKey, MessageKind, OneTimePrekey, PrekeyBundle, PrekeyMessage,
    PublicKemPrekey, PublicKey, PublicOneTimePrekey, PublicSignedPrekey, SafetyNumber, SessionRecord,
    Signature, SignedPrekey, Suite, Suites,
};
use zeroize::Zeroizing;

use crate::device::{Device, NOW_S, established_in};

/// Takes any bytes, and panics if a promise is broken.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 11] = [
    ("message", message),
    ("prekey_message", prekey_message),
    ("spqr_message", spqr_message),
    ("bundle", bundle),
    ("session_record", session_record),
    ("prekeys", prekeys),
    ("keys", keys),
    ("erasure", erasure),
    ("decryption_error", decryption_error),
    ("scannable", scannable),
    ("strange_keys", strange_keys),
];

/// What every target starts from, stored: it is read anew for every input.
struct Fixture {
    suite: Suite,
    /// The receiver, with its established session.
    record: Zeroizing<Vec<u8>>,
}

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
    let fixture = |suite| Fixture { suite, record: established_in(suite).1.record.to_bytes() };
    Suite::ALL.into_iter().map(fixture).collect()
});

/// A device that speaks everything, and has prekeys 1.
pub fn responder() -> Device {
    let mut device = Device::speaking(Suites { newest: Suite::Triple, oldest: Suite::X3dh }, 2);
    device.bundle();
    device
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(7)
}

/// A ratchet message, in an established session of each suite.
pub fn message(bytes: &[u8]) {
    for Fixture { record, .. } in FIXTURES.iter() {
        let mut device = Device::new(2);
        device.record = SessionRecord::from_bytes(record).expect("a stored record");
        decrypt(&mut device, MessageKind::Ratchet, bytes);
    }
}

/// A first message, for a device that has no session yet.
pub fn prekey_message(bytes: &[u8]) {
    thread_local!(static RESPONDER: Device = responder());
    if PrekeyMessage::parse(bytes).is_err() {
        return;
    }
    RESPONDER.with(|responder| {
        let mut record = SessionRecord::default();
        let before = record.to_bytes();
        let kind = MessageKind::Prekey;
        match record.decrypt(&responder.local, kind, bytes, &responder.prekeys, &mut rng()) {
            Ok(_) => reads_back(&record),
            Err(_) => assert_eq!(record.to_bytes(), before, "a refused message left a trace"),
        }
    });
}

/// The post-quantum part of a message that is all right otherwise, but for its authentication:
/// the part is looked at before that.
pub fn spqr_message(bytes: &[u8]) {
    let Some(fixture) = FIXTURES.iter().find(|fixture| fixture.suite == Suite::Triple) else { return };
    let mut device = Device::new(2);
    device.record = SessionRecord::from_bytes(&fixture.record).expect("a stored record");
    let mut message = vec![0x44, 0x0a, 33, 5];
    message.extend([9; 32]);
    message.extend([0x10, 0, 0x22, 1, 0, 0x2a]);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend(bytes);
    message.extend([0; 8]);
    assert!(!decrypt(&mut device, MessageKind::Ratchet, &message), "a forged message was accepted");
}

/// A bundle: the keys and signatures one after the other, as long as there are any.
pub fn bundle(bytes: &[u8]) {
    let Some(bundle) = read_bundle(bytes) else { return };
    for suite in Suite::ALL {
        let mut device = Device::speaking(Suites::only(suite), 1);
        let Device { record, local, rng, .. } = &mut device;
        if record.initiate(local, &bundle, NOW_S, rng).is_err() {
            assert!(record.status().is_none(), "a refused bundle left a session");
            continue;
        }
        bundle.verify().expect("accepted without valid signatures");
        device.send(b"hello");
        reads_back(&device.record);
    }
}

fn read_bundle(mut bytes: &[u8]) -> Option<PrekeyBundle> {
    let mut take = |length: usize| {
        let (taken, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        Some(taken)
    };
    Some(PrekeyBundle {
        registration_id: 1,
        device_id: 1,
        identity: IdentityKey::parse(take(33)?).ok()?,
        signed_prekey: PublicSignedPrekey {
            id: 1,
            key: PublicKey::parse(take(33)?).ok()?,
            signature: Signature::parse(take(64)?).ok()?,
        },
        one_time_prekey: take(33)
            .and_then(|key| Some(PublicOneTimePrekey { id: 1, key: PublicKey::parse(key).ok()? })),
        kem_prekey: take(KemPublicKey::LENGTH).zip(take(64)).and_then(|(key, signature)| {
            let signature = Signature::parse(signature).ok()?;
            Some(PublicKemPrekey { id: 1, key: KemPublicKey::parse(key).ok()?, signature })
        }),
    })
}

/// The form that [`bundle`] reads.
pub fn write_bundle(bundle: &PrekeyBundle) -> Vec<u8> {
    let mut bytes = bundle.identity.to_bytes().to_vec();
    bytes.extend(bundle.signed_prekey.key.to_bytes());
    bytes.extend(bundle.signed_prekey.signature.to_bytes());
    bytes.extend(bundle.one_time_prekey.iter().flat_map(|prekey| prekey.key.to_bytes()));
    if let Some(prekey) = &bundle.kem_prekey {
        bytes.extend(prekey.key.to_bytes());
        bytes.extend(prekey.signature.to_bytes());
    }
    bytes
}

/// A stored record. It is the device's own, but a disk may damage it.
pub fn session_record(bytes: &[u8]) {
    let Ok(mut record) = SessionRecord::from_bytes(bytes) else { return };
    reads_back(&record);
    let _ = record.encrypt(b"hello", NOW_S, &mut rng());
    reads_back(&record);
    let mut device = Device::new(2);
    device.record = record;
    decrypt(&mut device, MessageKind::Ratchet, &message_of_a_new_chain());
    device.record.archive_current();
    reads_back(&device.record);
}

fn message_of_a_new_chain() -> Vec<u8> {
    let mut message = vec![0x44, 0x0a, 33, 5];
    message.extend([9; 32]);
    message.extend([0x10, 3, 0x22, 1, 0, 0x2a, 4, 1, 1, 2, 0]);
    message.extend([0; 8]);
    message
}

/// Stored prekeys.
pub fn prekeys(bytes: &[u8]) {
    if let Ok(prekey) = SignedPrekey::from_bytes(bytes) {
        let stored = prekey.to_bytes();
        assert_eq!(SignedPrekey::from_bytes(&stored).expect("own bytes").to_bytes(), stored);
    }
    if let Ok(prekey) = OneTimePrekey::from_bytes(bytes) {
        let stored = prekey.to_bytes();
        assert_eq!(OneTimePrekey::from_bytes(&stored).expect("own bytes").to_bytes(), stored);
    }
    if let Ok(prekey) = KemPrekey::from_bytes(bytes) {
        assert_eq!(&**prekey.to_bytes(), bytes);
        let _ = prekey.public();
    }
}

/// Public keys and signatures.
pub fn keys(bytes: &[u8]) {
    if let Ok(key) = IdentityKey::parse(bytes) {
        assert_eq!(key.to_bytes(), bytes[..PublicKey::LENGTH]);
        let signature = bytes.last_chunk().copied().map(Signature::from);
        if let Some(signature) = signature.filter(|_| bytes.len() >= PublicKey::LENGTH + 64) {
            let _ = key.verify(&bytes[PublicKey::LENGTH..bytes.len() - 64], &signature);
        }
    }
    if let Ok(key) = KemPublicKey::parse(bytes) {
        assert_eq!(key.to_bytes(), bytes);
    }
    if let Ok(signature) = Signature::parse(bytes) {
        assert_eq!(signature.to_bytes(), bytes);
    }
}

/// Chunks of the erasure code: how many are needed, then for each an index and a byte.
pub fn erasure(bytes: &[u8]) {
    let Some((&needed, chunks)) = bytes.split_first() else { return };
    let mut decoder = Decoder::new(needed.into());
    for chunk in chunks.chunks_exact(3) {
        let index = u16::from_be_bytes([chunk[0], chunk[1]]);
        decoder.add(Chunk { index, bytes: [chunk[2]; CHUNK_LENGTH] });
    }
    let needed = usize::from(decoder.needed());
    // Chunks of the message itself are taken even when there are enough.
    assert!(decoder.chunks().len() <= 2 * needed, "kept too many");
    let Some(message) = decoder.message() else {
        assert!(decoder.chunks().len() < needed, "enough, and no message");
        return;
    };
    assert_eq!(message.len(), needed * CHUNK_LENGTH);
    // The message is on the polynomial of the chunks that it was made of.
    if needed > 0 {
        for chunk in decoder.chunks().take(needed) {
            assert_eq!(chunk_at(&message, chunk.index), chunk);
        }
    }
}

/// What a peer says that could not read, and what is said about any bytes.
pub fn decryption_error(bytes: &[u8]) {
    if let Ok(error) = DecryptionErrorMessage::parse(bytes) {
        assert_eq!(DecryptionErrorMessage::parse(&error.to_bytes()), Ok(error));
        SessionRecord::default().archive_if_concerned(&error);
    }
    for kind in [MessageKind::Ratchet, MessageKind::Prekey] {
        if let Ok(error) = DecryptionErrorMessage::for_original(bytes, kind, 1, 1) {
            assert_eq!(DecryptionErrorMessage::parse(&error.to_bytes()), Ok(error));
        }
    }
}

/// A scanned code.
pub fn scannable(bytes: &[u8]) {
    let number = safety_number(2, 1);
    if number.matches(bytes).is_ok() {
        // Perhaps with unknown fields, or in another order, but both halves are there.
        let genuine = safety_number(1, 2).scannable();
        for half in [&genuine[6..38], &genuine[42..74]] {
            assert!(bytes.windows(half.len()).any(|window| window == half), "matched without a half");
        }
    }
}

/// Between two, of whom each has the key of its number.
pub fn safety_number(local: u8, remote: u8) -> SafetyNumber {
    let how = Derivation { version: 2, iterations: Iterations::new(2).expect("enough") };
    let key = |byte| {
        let pair = ratchet::IdentityKeyPair::from_private_bytes([byte; 32]);
        pair.public()
    };
    SafetyNumber::derived(
        how,
        &Identified { id: &[local; 16], key: key(local) },
        &Identified { id: &[remote; 16], key: key(remote) },
    )
}

/// A conversation in which one side draws its keys from the input: whatever they are, the other
/// side does not panic, and what it refuses leaves no trace.
pub fn strange_keys(bytes: &[u8]) {
    let Some((&start, keys)) = bytes.split_first() else { return };
    let (mut a, mut b) = established_in(Suite::Triple);
    let mut strange = Strange { bytes: keys, rng: rng() };
    for round in 0..usize::from(start % 8) * 12 {
        let Ok(message) = a.record.encrypt(b"strange", NOW_S, &mut strange) else { return };
        decrypt(&mut b, message.kind, &message.bytes);
        let Ok(Ciphertext { kind, bytes }) = b.record.encrypt(b"fine", NOW_S, &mut b.rng) else { return };
        let before = a.record.to_bytes();
        if a.record.decrypt(&a.local, kind, &bytes, &a.prekeys, &mut strange).is_err() {
            assert_eq!(a.record.to_bytes(), before, "round {round}");
        }
    }
    reads_back(&a.record);
    reads_back(&b.record);
}

/// Gives the bytes of the input, and when they are used up random ones.
struct Strange<'a> {
    bytes: &'a [u8],
    rng: ChaCha8Rng,
}

impl Strange<'_> {
    fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut drawn = [0; N];
        match self.bytes.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                drawn = *taken;
                self.bytes = rest;
            }
            None => self.rng.fill_bytes(&mut drawn),
        }
        drawn
    }
}

impl FreshKeys for Strange<'_> {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.draw())
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.draw())
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair {
        // Any 2,400 bytes: coefficients out of range, a header that is not the key's.
        if self.bytes.len() >= BraidKeyPair::LENGTH {
            BraidKeyPair::from_decapsulation_key(&self.draw())
        } else {
            BraidKeyPair::from_seed(&self.draw())
        }
    }

    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.draw())
    }
}

/// Whether it was decrypted. The record is as before if not, and can be stored if so.
fn decrypt(device: &mut Device, kind: MessageKind, bytes: &[u8]) -> bool {
    let before = device.record.to_bytes();
    let Device { record, local, prekeys, .. } = device;
    let accepted = record.decrypt(local, kind, bytes, prekeys, &mut rng()).is_ok();
    if accepted {
        reads_back(record);
    } else {
        assert_eq!(record.to_bytes(), before, "a refused message left a trace");
    }
    accepted
}

fn reads_back(record: &SessionRecord) {
    let stored = record.to_bytes();
    let read = SessionRecord::from_bytes(&stored).expect("own bytes");
    assert_eq!(read.to_bytes(), stored, "stored twice, not the same");
}
