//! A device for tests: identity, prekeys and one session record, driven through the public API.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use ratchet::generic::{
    IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, SessionRecord, SignedPrekey,
};
use ratchet::{
    Ciphertext, DecryptError, Decrypted, EncryptError, Event, Native, PrekeyBundle, PrekeySource, Provider,
    Suite, Suites,
};

pub const NOW_S: u64 = 1_700_000_000;

#[derive(Default)]
pub struct Prekeys<P: Provider = Native> {
    pub signed: BTreeMap<u32, SignedPrekey<P>>,
    pub one_time: BTreeMap<u32, OneTimePrekey<P>>,
    pub kem: BTreeMap<u32, KemPrekey<P>>,
}

impl<P: Provider> PrekeySource<P> for Prekeys<P> {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey<P>> {
        self.signed.get(&id)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey<P>> {
        self.one_time.get(&id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey<P>> {
        self.kem.get(&id)
    }
}

pub struct Device<P: Provider = Native> {
    pub local: LocalIdentity<P>,
    pub prekeys: Prekeys<P>,
    pub record: SessionRecord<P>,
    pub rng: ChaCha8Rng,
    /// What happened in the sessions.
    pub events: Vec<Event>,
    next_id: u32,
}

impl Device {
    /// A device that speaks the newest suite and no other.
    pub fn new(seed: u64) -> Self {
        Self::speaking(Suites::default(), seed)
    }
}

impl<P: Provider> Device<P> {
    pub fn speaking(suites: Suites, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key_pair = IdentityKeyPair::generate(&mut rng);
        Self::with_identity(key_pair, suites, rng)
    }

    pub fn with_identity(key_pair: IdentityKeyPair<P>, suites: Suites, rng: ChaCha8Rng) -> Self {
        let local = LocalIdentity { key_pair, registration_id: 4711, suites };
        let (prekeys, record) = (Prekeys::default(), SessionRecord::default());
        Self { local, prekeys, record, rng, events: Vec::new(), next_id: 1 }
    }

    /// Fresh prekeys of every kind.
    pub fn bundle(&mut self) -> PrekeyBundle {
        let id = self.next_id;
        let mut bundle = self.bundle_without_one_time();
        let one_time = OneTimePrekey::generate(id, &mut self.rng);
        bundle.one_time_prekey = Some(one_time.to_public());
        self.prekeys.one_time.insert(id, one_time);
        bundle
    }

    pub fn bundle_without_one_time(&mut self) -> PrekeyBundle {
        let id = self.next_id;
        self.next_id += 1;
        let identity = &self.local.key_pair;
        let signed = SignedPrekey::generate(id, identity, &mut self.rng);
        let kem = KemPrekey::generate(id, identity, &mut self.rng);
        let bundle = PrekeyBundle {
            registration_id: self.local.registration_id,
            device_id: 1,
            identity: identity.public(),
            signed_prekey: signed.to_public(),
            one_time_prekey: None,
            kem_prekey: Some(kem.to_public()),
        };
        self.prekeys.signed.insert(id, signed);
        self.prekeys.kem.insert(id, kem);
        bundle
    }

    pub fn initiate(&mut self, bundle: &PrekeyBundle) {
        let Self { local, record, rng, events, .. } = self;
        record.initiate_observed(local, bundle, NOW_S, rng, events).unwrap();
    }

    pub fn send(&mut self, plaintext: &[u8]) -> Ciphertext {
        self.try_to_send(plaintext, NOW_S).unwrap()
    }

    pub fn send_at(&mut self, now_s: u64) -> Result<Ciphertext, EncryptError> {
        self.try_to_send(b"later", now_s)
    }

    pub fn try_to_send(&mut self, plaintext: &[u8], now_s: u64) -> Result<Ciphertext, EncryptError> {
        self.record.encrypt_observed(plaintext, now_s, &mut self.rng, &mut self.events)
    }

    /// Decrypts, and then deletes what the protocol says to delete.
    pub fn receive(&mut self, message: &Ciphertext) -> Result<Vec<u8>, DecryptError> {
        let decrypted = self.receive_keeping_prekeys(message)?;
        if let Some(id) = decrypted.established.and_then(|established| established.one_time_prekey) {
            self.prekeys.one_time.remove(&id).expect("the named one-time prekey");
        }
        Ok(decrypted.plaintext.to_vec())
    }

    pub fn receive_keeping_prekeys(&mut self, message: &Ciphertext) -> Result<Decrypted, DecryptError> {
        let Ciphertext { kind, bytes } = message;
        let Self { local, prekeys, record, rng, events, .. } = self;
        record.decrypt_observed(local, *kind, bytes, prekeys, rng, events)
    }

    /// Fails with this error, and leaves the record as it was.
    pub fn refuses(&mut self, message: &Ciphertext) -> DecryptError {
        let before = self.record.to_bytes();
        let error = self.receive(message).expect_err("accepted");
        assert_eq!(before, self.record.to_bytes(), "record changed by {error}");
        error
    }
}

/// Two devices after one message each way, in the newest suite.
pub fn established() -> (Device, Device) {
    established_in(Suite::Triple)
}

pub fn established_in(suite: Suite) -> (Device, Device) {
    established_by(suite)
}

pub fn established_by<P: Provider>(suite: Suite) -> (Device<P>, Device<P>) {
    let suites = Suites::only(suite);
    let (mut a, mut b) = (Device::speaking(suites, 1), Device::speaking(suites, 2));
    a.initiate(&b.bundle());
    shake_hands(&mut a, &mut b);
    (a, b)
}

pub fn shake_hands<P: Provider>(a: &mut Device<P>, b: &mut Device<P>) {
    assert_eq!(b.receive(&a.send(b"hello")).unwrap(), b"hello");
    assert_eq!(a.receive(&b.send(b"hi")).unwrap(), b"hi");
}
