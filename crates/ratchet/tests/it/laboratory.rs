//! Two devices, and everything that an experiment on them records.

use rand_chacha::ChaCha8Rng;
use ratchet::adversary::{Attacker, Oracles, Recording, Snapshot, Unread, Watched};
use ratchet::{Ciphertext, PrekeyBundle, Suite, Suites};

use crate::device::{Device, NOW_S};

pub const A: usize = 0;
pub const B: usize = 1;

/// Two devices under observation: whatever they send is recorded, whatever a watched one draws is
/// taught to the oracles.
pub struct Laboratory {
    pub devices: [Device; 2],
    pub watched: [bool; 2],
    pub oracles: Oracles,
    pub recording: Recording,
    pub sent: Vec<Vec<u8>>,
}

impl Laboratory {
    /// A session that A has initiated with a one-time prekey.
    pub fn new(suite: Suite) -> Self {
        Self::seeded(suite, 1, Device::bundle)
    }

    pub fn seeded(suite: Suite, seed: u64, bundle: impl Fn(&mut Device) -> PrekeyBundle) -> Self {
        Self::between([Suites::only(suite); 2], seed, bundle)
    }

    pub fn between(suites: [Suites; 2], seed: u64, bundle: impl Fn(&mut Device) -> PrekeyBundle) -> Self {
        Self::with(suites, seed, [true; 2], bundle)
    }

    pub fn with(
        suites: [Suites; 2],
        seed: u64,
        watched: [bool; 2],
        bundle: impl Fn(&mut Device) -> PrekeyBundle,
    ) -> Self {
        let [a, b] = suites;
        let devices = [Device::speaking(a, seed), Device::speaking(b, seed + 1)];
        let mut laboratory = Self {
            devices,
            watched,
            oracles: Oracles::default(),
            recording: Recording::default(),
            sent: Vec::new(),
        };
        laboratory.initiate(A, bundle);
        laboratory
    }

    pub fn initiate(&mut self, by: usize, bundle: impl Fn(&mut Device) -> PrekeyBundle) {
        let bundle = bundle(&mut self.devices[1 - by]);
        self.recording.published(&bundle);
        for (Device { local, prekeys, .. }, _) in
            self.devices.iter().zip(self.watched).filter(|(_, watched)| *watched)
        {
            let Oracles { curve, kem } = &mut self.oracles;
            curve.teach_identity(&local.key_pair);
            prekeys.signed.values().for_each(|prekey| curve.teach_signed_prekey(prekey));
            prekeys.one_time.values().for_each(|prekey| curve.teach_one_time_prekey(prekey));
            prekeys.kem.values().for_each(|prekey| kem.teach_prekey(prekey));
        }
        self.draw(by, |Device { local, record, .. }, fresh| {
            record.initiate(local, &bundle, NOW_S, fresh).unwrap();
        });
    }

    /// Lets a device do something with fresh keys, which the oracles see if it is watched.
    pub fn draw<T>(
        &mut self,
        by: usize,
        act: impl FnOnce(&mut Device, &mut Watched<'_, ChaCha8Rng>) -> T,
    ) -> T {
        let mut unheard = Oracles::default();
        let oracles = if self.watched[by] { &mut self.oracles } else { &mut unheard };
        let device = &mut self.devices[by];
        let mut rng = device.rng.clone();
        let result = act(device, &mut oracles.watch(&mut rng));
        device.rng = rng;
        result
    }

    /// Sends, and the message is recorded; it need not be delivered.
    pub fn send(&mut self, by: usize) -> Ciphertext {
        let plaintext = format!("message {}", self.sent.len()).into_bytes();
        let message = self.draw(by, |device, fresh| device.record.encrypt(&plaintext, NOW_S, fresh).unwrap());
        let identity = |at: usize| self.devices[at].local.key_pair.public();
        let at = self.recording.sent(identity(by), identity(1 - by), &message);
        assert_eq!(at, self.sent.len());
        self.sent.push(plaintext);
        message
    }

    pub fn deliver(&mut self, to: usize, message: &Ciphertext) {
        let Ciphertext { kind, bytes } = message;
        self.draw(to, |Device { local, record, prekeys, .. }, fresh| {
            let decrypted = record.decrypt(local, *kind, bytes, prekeys, fresh).unwrap();
            if let Some(id) = decrypted.established.and_then(|established| established.one_time_prekey) {
                prekeys.one_time.remove(&id).unwrap();
            }
        });
    }

    pub fn pass(&mut self, from: usize) {
        let message = self.send(from);
        self.deliver(1 - from, &message);
    }

    /// Messages in strict alternation: A sends the even ones.
    pub fn alternate_to(&mut self, messages: usize) {
        while self.sent.len() < messages {
            self.pass(self.sent.len() % 2);
        }
    }

    pub fn snapshot(&self, of: usize) -> Snapshot {
        Snapshot::of_session(&self.devices[of].record)
    }

    /// Everything that the device stores by now.
    pub fn everything(&self, of: usize) -> Snapshot {
        let Device { local, prekeys, .. } = &self.devices[of];
        let snapshot = self.snapshot(of).with_identity(&local.key_pair);
        let snapshot = prekeys.signed.values().fold(snapshot, Snapshot::with_signed_prekey);
        let snapshot = prekeys.one_time.values().fold(snapshot, Snapshot::with_one_time_prekey);
        prekeys.kem.values().fold(snapshot, Snapshot::with_kem_prekey)
    }

    /// Which messages the attacker reads, all of them truly.
    pub fn read_by(&self, attacker: &Attacker<'_>) -> Vec<usize> {
        let readings = attacker.reads(&self.recording);
        assert_eq!(readings.len(), self.sent.len());
        let read = readings.iter().enumerate().filter_map(|(at, reading)| Some((at, reading.as_ref().ok()?)));
        read.map(|(at, plaintext)| {
            assert_eq!(**plaintext, self.sent[at]);
            at
        })
        .collect()
    }

    pub fn reasons(&self, attacker: &Attacker<'_>) -> Vec<Option<Unread>> {
        attacker.reads(&self.recording).into_iter().map(Result::err).collect()
    }

    pub fn all(&self) -> Vec<usize> {
        (0..self.sent.len()).collect()
    }

    pub fn with_broken_curve(&self) -> Attacker<'_> {
        Attacker::default().with_broken_curve(&self.oracles.curve)
    }

    pub fn with_broken_kem(&self) -> Attacker<'_> {
        Attacker::default().with_broken_kem(&self.oracles.kem)
    }
}
