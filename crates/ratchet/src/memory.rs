//! A key that was used is nowhere in the record any more: not in the room that a list has left, not in the place that a
//! session has moved from. Read from the process's own memory after every operation.
//!
//! What is freed the allocator wipes, here as in live parties, and what was on the stack is written over by what comes
//! next; this is about memory that lives on and on.

use std::alloc::System;
use std::fs::File;
use std::os::unix::fs::FileExt;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use zeroizing_alloc::ZeroAlloc;

use crate::provider::FixedBytes;
use crate::session::ReceivingChain;
use crate::{
    Ciphertext, IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, PrekeyBundle, PrekeySource,
    SessionRecord, SignedPrekey, Suite, Suites,
};

#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

/// All of a record: where it is, and the secrets that are alive in it.
#[derive(Default)]
pub(crate) struct Memory {
    regions: Vec<(usize, usize)>,
    /// Of each secret so many bytes as a key has.
    secrets: Vec<[u8; 32]>,
}

impl Memory {
    fn of(record: &SessionRecord) -> Self {
        let mut memory = Self::default();
        memory.holds(record);
        for session in record.sessions() {
            memory.holds(session);
            memory.secret(session.root_key.as_bytes());
            let private = session.sending.ratchet.private.as_bytes();
            memory.secret(private);
            memory.region((private.as_ptr().addr(), private.len()));
            memory.secret(session.sending.chain_key.as_bytes());
            let chains = &session.receiving;
            memory.region((chains.as_ptr().addr(), chains.capacity() * size_of::<ReceivingChain>()));
            for chain in chains {
                memory.secret(chain.chain_key.as_bytes());
                memory.region(chain.skipped.memory());
                chain.skipped.newest_first().for_each(|kept| memory.secret(kept.key.as_bytes()));
            }
            if let Some(spqr) = &session.post_quantum {
                spqr.show(&mut memory);
            }
        }
        memory
    }

    pub(crate) fn holds<T>(&mut self, value: &T) {
        self.region((std::ptr::from_ref(value).addr(), size_of::<T>()));
    }

    pub(crate) fn region(&mut self, region: (usize, usize)) {
        self.regions.push(region);
    }

    /// The last bytes: a decapsulation key begins with what is public.
    pub(crate) fn secret(&mut self, secret: &[u8]) {
        let last: &[u8; 32] = secret.last_chunk().unwrap();
        if *last != [0; 32] {
            self.secrets.push(*last);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let process = File::open("/proc/self/mem").unwrap();
        let mut bytes = Vec::new();
        for (at, length) in &self.regions {
            let start = bytes.len();
            bytes.resize(start + length, 0);
            process.read_exact_at(&mut bytes[start..], *at as u64).unwrap();
        }
        bytes
    }
}

fn has(bytes: &[u8], secret: &[u8; 32]) -> bool {
    // Keys lie at any place, so all are looked at; the first byte sorts most out.
    bytes.windows(32).any(|window| window[0] == secret[0] && window == secret)
}

struct Device {
    local: LocalIdentity,
    record: SessionRecord,
    signed: SignedPrekey,
    one_time: OneTimePrekey,
    kem: KemPrekey,
    rng: ChaCha8Rng,
}

impl PrekeySource for Device {
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

impl Device {
    fn speaking(suite: Suite, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key_pair = IdentityKeyPair::generate(&mut rng);
        let (signed, kem) =
            (SignedPrekey::generate(1, &key_pair, &mut rng), KemPrekey::generate(1, &key_pair, &mut rng));
        let one_time = OneTimePrekey::generate(1, &mut rng);
        let local = LocalIdentity { key_pair, registration_id: 1, suites: Suites::only(suite) };
        Self { local, record: SessionRecord::default(), signed, one_time, kem, rng }
    }

    fn bundle(&self) -> PrekeyBundle {
        PrekeyBundle {
            registration_id: 1,
            device_id: 1,
            identity: self.local.key_pair.public(),
            signed_prekey: self.signed.to_public(),
            one_time_prekey: Some(self.one_time.to_public()),
            kem_prekey: Some(self.kem.to_public()),
        }
    }

    fn initiate(&mut self, bundle: &PrekeyBundle) {
        self.record.initiate(&self.local, bundle, 0, &mut self.rng).unwrap();
    }

    fn receive(&mut self, message: &Ciphertext) -> bool {
        let mut record = std::mem::take(&mut self.record);
        let mut rng = self.rng.clone();
        let read = record.decrypt(&self.local, message.kind, &message.bytes, self, &mut rng).is_ok();
        (self.record, self.rng) = (record, rng);
        read
    }

    /// Does something, and looks for what was secret before it and is not any more.
    fn does(&mut self, what: &str, act: impl FnOnce(&mut Self)) -> usize {
        let before = Memory::of(&self.record).secrets;
        act(self);
        let now = Memory::of(&self.record);
        let bytes = now.bytes();
        let gone: Vec<_> = before.iter().filter(|secret| !now.secrets.contains(*secret)).collect();
        for secret in &gone {
            assert!(!has(&bytes, secret), "{what}: a used key is in memory still");
        }
        gone.len()
    }
}

#[test]
fn a_key_that_was_used_is_nowhere_in_the_record() {
    for suite in Suite::ALL {
        let mut devices = [Device::speaking(suite, 1), Device::speaking(suite, 2)];
        let bundle = devices[1].bundle();
        devices[0].does("initiating", |device| device.initiate(&bundle));
        let mut under_way: [Vec<Ciphertext>; 2] = Default::default();
        let mut choices = ChaCha8Rng::seed_from_u64(3);
        let (mut gone, mut read) = (0, 0);
        for turn in 0..600 {
            let choice = choices.next_u32();
            let who = (choice & 1) as usize;
            if devices[who].record.can_encrypt(0) {
                let mut sent = None;
                gone += devices[who].does("sending", |device| {
                    sent = Some(device.record.encrypt(b"text", 0, &mut device.rng).unwrap());
                });
                under_way[1 - who].push(sent.unwrap());
            }
            // In any order, one in eight never, so that keys are kept and used from the middle.
            let waiting = under_way[who].len();
            if waiting > 0 {
                let message = under_way[who].swap_remove((choice >> 8) as usize % waiting);
                if choice & 0x70 != 0 {
                    gone +=
                        devices[who].does("reading", |device| read += usize::from(device.receive(&message)));
                }
            }
            if turn % 97 == 96 {
                gone += devices[who].does("archiving", |device| device.record.archive_current());
                let bundle = devices[1 - who].bundle();
                gone += devices[who].does("initiating again", |device| device.initiate(&bundle));
            }
            if turn % 150 == 149 {
                gone += devices[who].does("restarting", |device| {
                    device.record = SessionRecord::from_bytes(&device.record.to_bytes()).unwrap();
                });
            }
        }
        assert!(read > 300 && gone > 800, "{suite}: {read} read, {gone} keys used");
    }
}

/// The check can fail: it sees every key that is alive.
#[test]
fn every_live_key_is_seen_in_memory() {
    for suite in Suite::ALL {
        let (mut a, mut b) = (Device::speaking(suite, 1), Device::speaking(suite, 2));
        a.initiate(&b.bundle());
        let sent: Vec<_> = (0..5).map(|_| a.record.encrypt(b"text", 0, &mut a.rng).unwrap()).collect();
        assert!(b.receive(&sent[4]));
        for device in [&a, &b] {
            let memory = Memory::of(&device.record);
            let bytes = memory.bytes();
            assert!(memory.secrets.len() >= 4, "{suite}");
            assert!(memory.secrets.iter().all(|secret| has(&bytes, secret)), "{suite}");
        }
        assert!(Memory::of(&b.record).secrets.len() >= 8, "{suite}: keys of messages passed over");
    }
}

/// Prekeys that are used up are taken out of a list or a map, where those behind them move up.
#[test]
fn prekeys_leave_no_copy_where_they_move_from() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let identity = IdentityKeyPair::generate(&mut rng);
    let mut prekeys: Vec<_> = (0..20)
        .map(|id| (OneTimePrekey::generate(id, &mut rng), KemPrekey::generate(id, &identity, &mut rng)))
        .collect();
    let mut list = Memory::default();
    for (one_time, kem) in &prekeys {
        list.secret(one_time.key.private.as_bytes());
        list.secret(kem.key().as_bytes());
    }
    list.region((prekeys.as_ptr().addr(), prekeys.capacity() * size_of::<(OneTimePrekey, KemPrekey)>()));
    while !prekeys.is_empty() {
        drop(prekeys.remove(prekeys.len() / 2));
        let bytes = list.bytes();
        assert!(list.secrets.iter().all(|secret| !has(&bytes, secret)), "{} left", prekeys.len());
    }
}
