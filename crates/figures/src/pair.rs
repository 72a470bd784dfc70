//! Two devices with a session between them, and everything that an experiment on them records.

use crate::Error;
use crate::error::OrFailed;
use kernel::Rng;
use ratchet::adversary::{Attacker, Oracles, Recording, Snapshot};
use ratchet::{
    Ciphertext, IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, PrekeyBundle, PrekeySource,
    SessionRecord, SessionStatus, SignedPrekey, Suite, Suites,
};
use std::collections::BTreeMap;

/// When sessions begin, in seconds since the Unix epoch.
pub(crate) const START_S: u64 = 1_750_000_000;

/// Who sends first.
pub(crate) const A: usize = 0;
/// Who answers.
pub(crate) const B: usize = 1;

/// A device: identity, prekeys and the sessions with one other.
pub(crate) struct Device {
    pub(crate) local: LocalIdentity,
    prekeys: Prekeys,
    pub(crate) record: SessionRecord,
    rng: Rng,
    next_id: u32,
}

#[derive(Default)]
struct Prekeys {
    signed: Option<SignedPrekey>,
    one_time: BTreeMap<u32, OneTimePrekey>,
    kem: BTreeMap<u32, KemPrekey>,
}

impl PrekeySource for Prekeys {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey> {
        self.signed.as_ref().filter(|prekey| prekey.id() == id)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey> {
        self.one_time.get(&id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey> {
        self.kem.get(&id)
    }
}

impl Device {
    pub(crate) fn new(suite: Suite, record: SessionRecord, mut rng: Rng) -> Self {
        let key_pair = IdentityKeyPair::generate(&mut rng);
        let local = LocalIdentity { key_pair, registration_id: 4711, suites: Suites::only(suite) };
        Self { local, prekeys: Prekeys::default(), record, rng, next_id: 1001 }
    }

    /// A bundle with a fresh one-time prekey of each kind.
    pub(crate) fn bundle(&mut self) -> PrekeyBundle {
        let (identity, rng, id) = (&self.local.key_pair, &mut self.rng, self.next_id);
        self.next_id += 1;
        let signed = self.prekeys.signed.get_or_insert_with(|| SignedPrekey::generate(1, identity, rng));
        let one_time = OneTimePrekey::generate(id, rng);
        let kem = KemPrekey::generate(id, identity, rng);
        let bundle = PrekeyBundle {
            registration_id: self.local.registration_id,
            device_id: 1,
            identity: identity.public(),
            signed_prekey: signed.to_public(),
            one_time_prekey: Some(one_time.to_public()),
            kem_prekey: Some(kem.to_public()),
        };
        self.prekeys.one_time.insert(id, one_time);
        self.prekeys.kem.insert(id, kem);
        bundle
    }

    pub(crate) fn initiate(&mut self, bundle: &PrekeyBundle, now_s: u64) -> Result<(), Error> {
        self.record.initiate(&self.local, bundle, now_s, &mut self.rng).or_failed("opening a session")
    }

    pub(crate) fn encrypt(&mut self, plaintext: &[u8], now_s: u64) -> Result<Ciphertext, Error> {
        self.record.encrypt(plaintext, now_s, &mut self.rng).or_failed("encrypting")
    }

    /// Decrypts, and deletes the one-time prekeys of a first message, as PQXDH says to.
    pub(crate) fn decrypt(&mut self, message: &Ciphertext) -> Result<Vec<u8>, Error> {
        let Self { local, prekeys, record, rng, .. } = self;
        let opened = record.decrypt(local, message.kind, &message.bytes, prekeys, rng);
        let decrypted = opened.or_failed("decrypting")?;
        prekeys.forget(&decrypted);
        Ok(decrypted.plaintext.to_vec())
    }

    /// Whether it would take this message for genuine. Nothing changes.
    pub(crate) fn would_read(&mut self, message: &Ciphertext) -> bool {
        let mut record = self.record.clone();
        record.decrypt(&self.local, message.kind, &message.bytes, &self.prekeys, &mut self.rng).is_ok()
    }

    /// Its random source.
    pub(crate) const fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn status(&self) -> Option<SessionStatus> {
        self.record.status()
    }

    fn teach(&self, oracles: &mut Oracles) {
        oracles.curve.teach_identity(&self.local.key_pair);
        self.prekeys.signed.iter().for_each(|prekey| oracles.curve.teach_signed_prekey(prekey));
        self.prekeys.one_time.values().for_each(|prekey| oracles.curve.teach_one_time_prekey(prekey));
        self.prekeys.kem.values().for_each(|prekey| oracles.kem.teach_prekey(prekey));
    }
}

impl Prekeys {
    fn forget(&mut self, decrypted: &ratchet::Decrypted) {
        if let Some(used) = &decrypted.established {
            used.one_time_prekey.map(|id| self.one_time.remove(&id));
            used.kem_prekey.map(|id| self.kem.remove(&id));
        }
    }
}

/// Two devices under observation: what they send is recorded, what they draw is taught to the oracles. The oracles
/// stand for broken primitives; who gets them is decided afterwards.
pub(crate) struct Watched {
    devices: [Device; 2],
    pub(crate) oracles: Oracles,
    pub(crate) recording: Recording,
    sent: Vec<Vec<u8>>,
}

impl Watched {
    /// A session of A's with B.
    pub(crate) fn new(suite: Suite, name: &str, rng: impl Fn(&str) -> Rng) -> Result<Self, Error> {
        let device =
            |side| Device::new(suite, SessionRecord::default(), rng(&format!("{name}/{suite}/{side}")));
        let (mut a, mut b) = (device("a"), device("b"));
        let (mut oracles, mut recording) = (Oracles::default(), Recording::default());
        let bundle = b.bundle();
        recording.published(&bundle);
        a.teach(&mut oracles);
        b.teach(&mut oracles);
        let mut fresh = oracles.watch(&mut a.rng);
        a.record.initiate(&a.local, &bundle, START_S, &mut fresh).or_failed("opening a session")?;
        Ok(Self { devices: [a, b], oracles, recording, sent: Vec::new() })
    }

    /// Messages in strict alternation until there are so many; A sends the even ones.
    pub(crate) fn alternate_to(&mut self, messages: usize) -> Result<(), Error> {
        while self.sent.len() < messages {
            let plaintext = format!("message {}", self.sent.len()).into_bytes();
            let Self { devices: [a, b], oracles, recording, sent } = self;
            let (from, to) = if sent.len().is_multiple_of(2) { (a, b) } else { (b, a) };
            let mut fresh = oracles.watch(&mut from.rng);
            let message = from.record.encrypt(&plaintext, START_S, &mut fresh).or_failed("encrypting")?;
            recording.sent(from.local.key_pair.public(), to.local.key_pair.public(), &message);
            let Device { local, prekeys, record, rng, .. } = to;
            let mut fresh = oracles.watch(rng);
            let opened = record.decrypt(local, message.kind, &message.bytes, prekeys, &mut fresh);
            let decrypted = opened.or_failed("decrypting")?;
            prekeys.forget(&decrypted);
            sent.push(plaintext);
        }
        Ok(())
    }

    /// What is stolen with the session state of a side.
    pub(crate) fn snapshot(&self, of: usize) -> Result<Snapshot, Error> {
        let device = self.devices.get(of).ok_or_else(|| Error::missing("taking a snapshot"))?;
        Ok(Snapshot::of_session(&device.record))
    }

    /// For each message whether the attacker has decrypted it.
    pub(crate) fn read_by(&self, attacker: &Attacker<'_>) -> Result<Vec<bool>, Error> {
        let readings = attacker.reads(&self.recording).into_iter();
        readings.zip(&self.sent).map(|(reading, sent)| is_read(reading.ok().as_deref(), sent)).collect()
    }
}

/// Whether a message was read. A claim that is not true ends the experiment.
pub(crate) fn is_read(claimed: Option<&Vec<u8>>, sent: &[u8]) -> Result<bool, Error> {
    match claimed {
        None => Ok(false),
        Some(plaintext) if **plaintext == *sent => Ok(true),
        Some(_) => Err(Error::Step { step: "an attacker's decryption", reason: "not what was sent".into() }),
    }
}

/// How many.
pub(crate) fn count(read: &[bool]) -> f64 {
    read.iter().filter(|read| **read).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plaintext_that_was_never_sent_is_no_reading() {
        assert!(!is_read(None, b"x").unwrap());
        assert!(is_read(Some(&b"x".to_vec()), b"x").unwrap());
        assert!(is_read(Some(&b"y".to_vec()), b"x").is_err());
    }
}
