//! Our own ratchet, in each suite and with each provider of primitives.

use kernel::Rng;
use ratchet::{Ciphertext, Provider, SessionRecord, Suite};
use std::{hint::black_box, time::Duration};

use crate::contestant::Contestant;
use crate::operation::Operation;
use crate::pair::{Conversation, Devices, Prekeys, rng, say};
use crate::stopwatch::time;

/// A suite with a provider.
pub struct Ours {
    suite: Suite,
    provider: Provider,
    devices: Devices,
    rng: Rng,
    /// The initiator says one message after the other, and `there` is the initiator.
    chain: Conversation,
    ping_pong: Conversation,
}

impl Ours {
    /// Two devices with sessions.
    #[must_use]
    pub fn new(suite: Suite, provider: Provider) -> Self {
        provider.install();
        let mut rng = rng();
        let devices = Devices::new(suite, &mut rng);
        let mut chain = devices.acquainted(&mut rng);
        let ping_pong = chain.clone();
        // In suite `triple` the first messages of a chain make the responder encapsulate.
        for _ in 0..WARM_UP {
            let message = say(&mut chain.there, b"hello", &mut rng);
            devices.hear(&mut chain.here, &message, &devices.prekeys(), &mut rng);
        }
        Self { suite, provider, devices, rng, chain, ping_pong }
    }

    /// Which suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Which provider.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        self.provider
    }

    fn initiate(&mut self, iterations: u32) -> Duration {
        let mut records = records(iterations);
        time(|| records.iter_mut().for_each(|record| self.devices.initiate(record, &mut self.rng)))
    }

    fn first_decrypt(&mut self, iterations: u32) -> Duration {
        let Self { devices, rng, .. } = self;
        let first: Vec<Ciphertext> = (0..iterations).map(|_| devices.first_message(&[1; 256], rng)).collect();
        let prekeys: Vec<Prekeys<'_>> = (0..iterations).map(|_| devices.prekeys()).collect();
        let mut records = records(iterations);
        time(|| {
            for ((record, message), prekeys) in records.iter_mut().zip(&first).zip(&prekeys) {
                devices.hear(record, message, prekeys, rng);
            }
        })
    }

    fn encrypt<const N: usize>(&mut self, iterations: u32) -> Duration {
        let mut record = self.chain.there.clone();
        time(|| {
            for _ in 0..iterations {
                black_box(say(&mut record, black_box(&[1; N]), &mut self.rng));
            }
        })
    }

    fn decrypt<const N: usize>(&mut self, iterations: u32) -> Duration {
        let Self { devices, rng, .. } = self;
        let Conversation { mut there, mut here } = self.chain.clone();
        let messages: Vec<Ciphertext> = (0..iterations).map(|_| say(&mut there, &[1; N], rng)).collect();
        let prekeys = devices.prekeys();
        time(|| messages.iter().for_each(|message| devices.hear(&mut here, message, &prekeys, rng)))
    }

    fn ping_pong(&mut self, iterations: u32) -> Duration {
        let Self { devices, rng, ping_pong, .. } = self;
        time(|| devices.ping_pong(ping_pong, iterations, black_box(&[1; 256]), rng))
    }

    fn serialize(&self, iterations: u32) -> Duration {
        time(|| {
            for _ in 0..iterations {
                black_box(black_box(&self.chain.there).to_bytes());
            }
        })
    }

    fn deserialize(&self, iterations: u32) -> Duration {
        let bytes = self.chain.there.to_bytes();
        time(|| {
            for _ in 0..iterations {
                black_box(SessionRecord::from_bytes(black_box(&bytes)).unwrap());
            }
        })
    }
}

impl Contestant for Ours {
    fn name(&self) -> String {
        format!("ours, {}, {}", self.suite, self.provider.name())
    }

    fn run(&mut self, operation: Operation, iterations: u32) -> Duration {
        self.provider.install();
        match operation {
            Operation::Initiate => self.initiate(iterations),
            Operation::FirstDecrypt => self.first_decrypt(iterations),
            Operation::Encrypt256 => self.encrypt::<256>(iterations),
            Operation::Decrypt256 => self.decrypt::<256>(iterations),
            Operation::Encrypt4096 => self.encrypt::<4096>(iterations),
            Operation::Decrypt4096 => self.decrypt::<4096>(iterations),
            Operation::PingPong => self.ping_pong(iterations),
            Operation::Serialize => self.serialize(iterations),
            Operation::Deserialize => self.deserialize(iterations),
        }
    }

    fn serialized_size(&mut self) -> usize {
        self.chain.there.to_bytes().len()
    }
}

/// Messages of a chain before those that are measured, at all contestants.
pub(crate) const WARM_UP: u32 = 8;

fn records(count: u32) -> Vec<SessionRecord> {
    (0..count).map(|_| SessionRecord::default()).collect()
}
