//! The ratchet's part: two devices of suite `triple`.

use super::{Clock, each};
use kernel::{Rng, Seed};
use ratchet::{
    Ciphertext, IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, PrekeyBundle, PrekeySource,
    SessionRecord, SignedPrekey, Suites,
};
use std::time::Duration;

/// Seconds since the epoch, for the ages of sessions.
const NOW_S: u64 = 1_790_000_000;

/// A short text with its padding.
const PLAINTEXT: [u8; 255] = [7; 255];

pub(super) struct Ratchets {
    rng: Rng,
    alice: LocalIdentity,
    bob: Device,
    bundle: PrekeyBundle,
    /// An established session, from both ends.
    from: SessionRecord,
    to: SessionRecord,
}

/// The side that answers.
struct Device {
    identity: LocalIdentity,
    signed: SignedPrekey,
    one_time: OneTimePrekey,
    kem: KemPrekey,
}

impl Ratchets {
    pub(super) fn new() -> Result<Self, String> {
        let mut rng = Rng::for_entity(&Seed::from_number(1), "calibration");
        let mut identity = || {
            let key_pair = IdentityKeyPair::generate(&mut rng);
            LocalIdentity { key_pair, registration_id: 1, suites: Suites::default() }
        };
        let (alice, identity) = (identity(), identity());
        let bob = Device {
            signed: SignedPrekey::generate(1, &identity.key_pair, &mut rng),
            kem: KemPrekey::generate(2, &identity.key_pair, &mut rng),
            one_time: OneTimePrekey::generate(3, &mut rng),
            identity,
        };
        let bundle = PrekeyBundle {
            registration_id: 1,
            device_id: 1,
            identity: bob.identity.key_pair.public(),
            signed_prekey: bob.signed.to_public(),
            one_time_prekey: Some(bob.one_time.to_public()),
            kem_prekey: Some(bob.kem.to_public()),
        };
        let (from, to) = (SessionRecord::default(), SessionRecord::default());
        let mut ratchets = Self { rng, alice, bob, bundle, from, to };
        ratchets.from = ratchets.initiated()?;
        let first = ratchets.sealed(1)?;
        ratchets.open(first)?;
        let answer = ratchets.to.encrypt(&PLAINTEXT, NOW_S, &mut ratchets.rng).map_err(words)?;
        let Self { from, alice, bob, rng, .. } = &mut ratchets;
        from.decrypt(alice, answer.kind, &answer.bytes, bob, rng).map_err(words)?;
        Ok(ratchets)
    }

    /// Messages of an established session, one after the other in one direction.
    pub(super) fn encrypt(&mut self, times: u32, clock: &Clock<'_>) -> Result<Duration, String> {
        let (sealed, took) = each(times, clock, || self.sealed(times));
        self.open(sealed?)?;
        Ok(took)
    }

    pub(super) fn decrypt(&mut self, times: u32, clock: &Clock<'_>) -> Result<Duration, String> {
        let sealed = self.sealed(times)?;
        let (opened, took) = each(times, clock, || self.open(sealed));
        opened?;
        Ok(took)
    }

    pub(super) fn initiate(&mut self, times: u32, clock: &Clock<'_>) -> Result<Duration, String> {
        let (begun, took) = each(times, clock, || -> Result<Vec<_>, String> {
            (0..times).map(|_| self.initiated()).collect()
        });
        begun?;
        Ok(took)
    }

    pub(super) fn respond(&mut self, times: u32, clock: &Clock<'_>) -> Result<Duration, String> {
        let first = (0..times).map(|_| {
            let mut record = self.initiated()?;
            record.encrypt(&PLAINTEXT, NOW_S, &mut self.rng).map_err(words)
        });
        let first: Vec<Ciphertext> = first.collect::<Result<_, String>>()?;
        let Self { bob, rng, .. } = self;
        let (answered, took) = each(times, clock, || {
            first.iter().try_for_each(|message| {
                let mut record = SessionRecord::default();
                let opened = record.decrypt(&bob.identity, message.kind, &message.bytes, bob, rng);
                opened.map(drop).map_err(words)
            })
        });
        answered?;
        Ok(took)
    }

    fn initiated(&mut self) -> Result<SessionRecord, String> {
        let mut record = SessionRecord::default();
        record.initiate(&self.alice, &self.bundle, NOW_S, &mut self.rng).map_err(words)?;
        Ok(record)
    }

    fn sealed(&mut self, times: u32) -> Result<Vec<Ciphertext>, String> {
        let Self { from, rng, .. } = self;
        (0..times).map(|_| from.encrypt(&PLAINTEXT, NOW_S, rng).map_err(words)).collect()
    }

    fn open(&mut self, sealed: Vec<Ciphertext>) -> Result<(), String> {
        let Self { to, bob, rng, .. } = self;
        sealed.into_iter().try_for_each(|message| {
            let opened = to.decrypt(&bob.identity, message.kind, &message.bytes, bob, rng);
            opened.map(drop).map_err(words)
        })
    }
}

impl PrekeySource for Device {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey> {
        (self.signed.id() == id).then_some(&self.signed)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey> {
        (self.one_time.id() == id).then_some(&self.one_time)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey> {
        (self.kem.id() == id).then_some(&self.kem)
    }
}

fn words(error: impl ToString) -> String {
    error.to_string()
}
