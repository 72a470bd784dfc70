//! Two devices and their conversation in our own ratchet.

use kernel::{Rng, Seed};
use ratchet::generic::{
    IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, SessionRecord, SignedPrekey,
};
use ratchet::{Ciphertext, Native, PrekeyBundle, PrekeySource, Provider, Suite, Suites};
use std::hint::black_box;

const NOW_S: u64 = 1_790_000_000;

/// The random numbers of a benchmark: the same in every run.
#[must_use]
pub fn rng() -> Rng {
    Rng::for_entity(&Seed::from_number(1), "bench")
}

/// A device that has published its keys, the responder, and one that has them, the initiator.
pub struct Devices<P: Provider = Native> {
    initiator: LocalIdentity<P>,
    responder: LocalIdentity<P>,
    signed: SignedPrekey<P>,
    /// As stored.
    one_time: Vec<u8>,
    kem: KemPrekey<P>,
    bundle: PrekeyBundle,
}

/// The responder's prekeys: the long-lived ones are at hand, a one-time prekey is as it comes from storage.
pub struct Prekeys<'a, P: Provider = Native> {
    signed: &'a SignedPrekey<P>,
    one_time: OneTimePrekey<P>,
    kem: &'a KemPrekey<P>,
}

/// A session at both ends.
#[derive(Clone, Default)]
pub struct Conversation<P: Provider = Native> {
    /// At the initiator.
    pub there: SessionRecord<P>,
    /// At the responder.
    pub here: SessionRecord<P>,
}

impl<P: Provider> PrekeySource<P> for Prekeys<'_, P> {
    fn signed_prekey(&self, _: u32) -> Option<&SignedPrekey<P>> {
        Some(self.signed)
    }
    fn one_time_prekey(&self, _: u32) -> Option<&OneTimePrekey<P>> {
        Some(&self.one_time)
    }
    fn kem_prekey(&self, _: u32) -> Option<&KemPrekey<P>> {
        Some(self.kem)
    }
}

impl<P: Provider> Devices<P> {
    /// Two devices that speak `suite` and nothing else.
    #[must_use]
    pub fn new(suite: Suite, rng: &mut Rng) -> Self {
        let mut device = |registration_id| LocalIdentity {
            key_pair: IdentityKeyPair::generate(rng),
            registration_id,
            suites: Suites::only(suite),
        };
        let (initiator, responder) = (device(1), device(2));
        let signed = SignedPrekey::generate(1, &responder.key_pair, rng);
        let one_time = OneTimePrekey::<P>::generate(2, rng);
        let kem = KemPrekey::generate(3, &responder.key_pair, rng);
        let bundle = PrekeyBundle {
            registration_id: responder.registration_id,
            device_id: 1,
            identity: responder.key_pair.public(),
            signed_prekey: signed.to_public(),
            one_time_prekey: Some(one_time.to_public()),
            kem_prekey: (suite != Suite::X3dh).then(|| kem.to_public()),
        };
        Self { initiator, responder, signed, one_time: one_time.to_bytes().to_vec(), kem, bundle }
    }

    /// The responder's, for one first message.
    #[must_use]
    pub fn prekeys(&self) -> Prekeys<'_, P> {
        let one_time = OneTimePrekey::<P>::from_bytes(&self.one_time).unwrap();
        Prekeys { signed: &self.signed, one_time, kem: &self.kem }
    }

    /// The initiator starts a session.
    pub fn initiate(&self, there: &mut SessionRecord<P>, rng: &mut Rng) {
        there.initiate(&self.initiator, &self.bundle, NOW_S, rng).unwrap();
    }

    /// The initiator starts a session and says something in it.
    pub fn first_message(&self, plaintext: &[u8], rng: &mut Rng) -> Ciphertext {
        let mut there = SessionRecord::default();
        self.initiate(&mut there, rng);
        say(&mut there, plaintext, rng)
    }

    /// The responder reads a message.
    pub fn hear(
        &self,
        here: &mut SessionRecord<P>,
        message: &Ciphertext,
        prekeys: &Prekeys<'_, P>,
        rng: &mut Rng,
    ) {
        let heard = here.decrypt(&self.responder, message.kind, &message.bytes, prekeys, rng);
        black_box(heard.unwrap());
    }

    /// Each has heard the other twice, and the initiator spoke last.
    pub fn acquainted(&self, rng: &mut Rng) -> Conversation<P> {
        let mut conversation = Conversation::default();
        self.initiate(&mut conversation.there, rng);
        let first = say(&mut conversation.there, b"hello", rng);
        self.hear(&mut conversation.here, &first, &self.prekeys(), rng);
        self.ping_pong(&mut conversation, 3, b"hello", rng);
        conversation
    }

    /// So many messages, the first from the responder; each answers the one before. An odd number leaves the
    /// ends changed: who was the responder is `there` then.
    pub fn ping_pong(
        &self,
        conversation: &mut Conversation<P>,
        messages: u32,
        plaintext: &[u8],
        rng: &mut Rng,
    ) {
        let prekeys = self.prekeys();
        for _ in 0..messages {
            let Conversation { there, here } = conversation;
            let message = say(here, plaintext, rng);
            self.hear(there, &message, &prekeys, rng);
            std::mem::swap(there, here);
        }
    }
}

/// Encrypts, at either end.
pub fn say<P: Provider>(record: &mut SessionRecord<P>, plaintext: &[u8], rng: &mut Rng) -> Ciphertext {
    record.encrypt(plaintext, NOW_S, rng).unwrap()
}
