//! Our own ratchet, in each suite and with each provider of primitives.

use kernel::Rng;
use ratchet::generic::SessionRecord;
use ratchet::{Backend, Ciphertext, Modelled, Native, Provider, Suite};
use std::{hint::black_box, time::Duration};

use crate::contestant::Contestant;
use crate::operation::Operation;
use crate::pair::{Conversation, Devices, Prekeys, rng, say};
use crate::stopwatch::time;

/// A suite with a provider.
pub struct Ours<P: Provider = Native> {
    suite: Suite,
    /// Of the real ones.
    backend: Option<Backend>,
    devices: Devices<P>,
    rng: Rng,
    /// The initiator says one message after the other, and `there` is the initiator.
    chain: Conversation<P>,
    ping_pong: Conversation<P>,
}

impl Ours {
    /// Two devices with sessions.
    #[must_use]
    pub fn new(suite: Suite, backend: Backend) -> Self {
        Self::with(suite, Some(backend))
    }
}

impl Ours<Modelled> {
    /// The same with modelled cryptography.
    #[must_use]
    pub fn modelled(suite: Suite) -> Self {
        Self::with(suite, None)
    }
}

impl<P: Provider> Ours<P> {
    fn with(suite: Suite, backend: Option<Backend>) -> Self {
        backend.iter().for_each(|backend| backend.install());
        let mut rng = rng();
        let devices = Devices::new(suite, &mut rng);
        let mut chain = devices.acquainted(&mut rng);
        let ping_pong = chain.clone();
        // In suite `triple` the first messages of a chain make the responder encapsulate.
        for _ in 0..WARM_UP {
            let message = say(&mut chain.there, b"hello", &mut rng);
            devices.hear(&mut chain.here, &message, &devices.prekeys(), &mut rng);
        }
        Self { suite, backend, devices, rng, chain, ping_pong }
    }

    fn initiate(&mut self, iterations: u32) -> Duration {
        let mut records = records(iterations);
        time(|| records.iter_mut().for_each(|record| self.devices.initiate(record, &mut self.rng)))
    }

    fn first_decrypt(&mut self, iterations: u32) -> Duration {
        let Self { devices, rng, .. } = self;
        let first: Vec<Ciphertext> = (0..iterations).map(|_| devices.first_message(&[1; 256], rng)).collect();
        let prekeys: Vec<Prekeys<'_, P>> = (0..iterations).map(|_| devices.prekeys()).collect();
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
                black_box(SessionRecord::<P>::from_bytes(black_box(&bytes)).unwrap());
            }
        })
    }
}

impl<P: Provider> Contestant for Ours<P> {
    fn name(&self) -> String {
        format!("ours, {}, {}", self.suite, self.backend.map_or("modelled", Backend::name))
    }

    fn run(&mut self, operation: Operation, iterations: u32) -> Duration {
        self.backend.iter().for_each(|backend| backend.install());
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

fn records<P: Provider>(count: u32) -> Vec<SessionRecord<P>> {
    (0..count).map(|_| SessionRecord::default()).collect()
}
