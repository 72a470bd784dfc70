//! Who takes part in the benchmarks.

mod path;

pub(crate) use path::Path;

use kernel::{Rng, Seed};
use ratchet::{
    Ciphertext, IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, PrekeyBundle, PrekeySource,
    SessionRecord, SignedPrekey, Suites,
};
use std::time::{Duration, Instant};

const NOW_S: u64 = 1_790_000_000;

/// Measures time where criterion can't: between a set-up and a clean-up.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A device that has published its keys.
pub(crate) struct Responder {
    seed: [u8; 32],
    identity: [u8; 32],
    signed: Vec<u8>,
    one_time: Vec<u8>,
    kem: Vec<u8>,
}

/// The responder's private keys.
struct Keys {
    local: LocalIdentity,
    signed: SignedPrekey,
    one_time: OneTimePrekey,
    kem: KemPrekey,
}

/// Two ends of a conversation.
pub(crate) struct Pair {
    initiator: LocalIdentity,
    keys: Keys,
    bundle: PrekeyBundle,
    rng: Rng,
    there: SessionRecord,
    here: SessionRecord,
}

impl Responder {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let identity = IdentityKeyPair::generate(rng);
        Self {
            seed: rng.bytes(),
            signed: SignedPrekey::generate(1, &identity, rng).to_bytes().to_vec(),
            one_time: OneTimePrekey::generate(2, rng).to_bytes().to_vec(),
            kem: KemPrekey::generate(3, &identity, rng).to_bytes().to_vec(),
            identity: *identity.to_bytes(),
        }
    }

    fn keys(&self) -> Keys {
        Keys {
            local: LocalIdentity {
                key_pair: IdentityKeyPair::from_private_bytes(self.identity),
                registration_id: 1,
                suites: Suites::default(),
            },
            signed: SignedPrekey::from_bytes(&self.signed).unwrap(),
            one_time: OneTimePrekey::from_bytes(&self.one_time).unwrap(),
            kem: KemPrekey::from_bytes(&self.kem).unwrap(),
        }
    }
}

impl PrekeySource for Keys {
    fn signed_prekey(&self, _: u32) -> Option<&SignedPrekey> {
        Some(&self.signed)
    }
    fn one_time_prekey(&self, _: u32) -> Option<&OneTimePrekey> {
        Some(&self.one_time)
    }
    fn kem_prekey(&self, _: u32) -> Option<&KemPrekey> {
        Some(&self.kem)
    }
}

impl Pair {
    /// They have never spoken.
    pub(crate) fn strangers(responder: &Responder) -> Self {
        let keys = responder.keys();
        let bundle = PrekeyBundle {
            registration_id: 1,
            device_id: 1,
            identity: keys.local.key_pair.public(),
            signed_prekey: keys.signed.to_public(),
            one_time_prekey: Some(keys.one_time.to_public()),
            kem_prekey: Some(keys.kem.to_public()),
        };
        let mut rng = Rng::for_entity(&Seed::from_entropy(responder.seed), "pair");
        let initiator = LocalIdentity { key_pair: IdentityKeyPair::generate(&mut rng), registration_id: 2, suites: Suites::default() };
        Self { initiator, keys, bundle, rng, there: SessionRecord::default(), here: SessionRecord::default() }
    }

    /// Each has heard the other.
    pub(crate) fn acquainted(responder: &Responder) -> Self {
        let mut pair = Self::strangers(responder);
        pair.initiate();
        let first = pair.initiator_says(b"hello");
        pair.responder_hears(&first);
        pair.ping_pong(b"hello");
        pair
    }

    pub(crate) fn initiate(&mut self) {
        self.there.initiate(&self.initiator, &self.bundle, NOW_S, &mut self.rng).unwrap();
    }

    pub(crate) fn initiator_says(&mut self, plaintext: &[u8]) -> Ciphertext {
        self.there.encrypt(plaintext, NOW_S, &mut self.rng).unwrap()
    }

    pub(crate) fn responder_hears(&mut self, message: &Ciphertext) {
        let keys = &self.keys;
        self.here.decrypt(&keys.local, message.kind, &message.bytes, keys, &mut self.rng).unwrap();
    }

    /// The responder answers: one encryption and one decryption with a Diffie-Hellman ratchet step. The roles
    /// change with each call.
    pub(crate) fn ping_pong(&mut self, plaintext: &[u8]) {
        let answer = self.here.encrypt(plaintext, NOW_S, &mut self.rng).unwrap();
        let keys = &self.keys;
        self.there.decrypt(&self.initiator, answer.kind, &answer.bytes, keys, &mut self.rng).unwrap();
        std::mem::swap(&mut self.there, &mut self.here);
        std::mem::swap(&mut self.initiator, &mut self.keys.local);
    }
}
