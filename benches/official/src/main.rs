//! Times the official Signal code (the published crate `libsignal-protocol-syft`) for the comparison in `benches/`,
//! in a process of its own.
//!
//! A request is a line `<operation> <iterations>`; the answer is a line with the nanoseconds per iteration. `size 1`
//! is answered with the bytes of a stored session. It ends with its input. The operations and what is set up for
//! them are those of `benches/src/operation.rs` and `benches/src/ours.rs`.

use futures_executor::block_on;
use libsignal_protocol_syft::{
    CiphertextMessage, CiphertextMessageType, DeviceId, GenericSignedPreKey as _, IdentityKeyPair,
    IdentityKeyStore as _, InMemSignalProtocolStore, KeyPair, KyberPreKeyId, KyberPreKeyRecord,
    KyberPreKeyStore as _, PreKeyBundle, PreKeyId, PreKeyRecord, PreKeySignalMessage, PreKeyStore as _,
    ProtocolAddress, SessionRecord, SessionStore as _, SignalMessage, SignedPreKeyId, SignedPreKeyRecord,
    SignedPreKeyStore as _, Timestamp, kem, message_decrypt, message_encrypt, process_prekey_bundle,
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{
    hint::black_box,
    io::{BufRead as _, Write as _, stdin, stdout},
    time::{Duration, Instant, SystemTime},
};

const ALICE: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";
const BOB: &str = "796abedb-ca4e-4f18-8803-1fde5b921f9f";
/// Messages of a chain before those that are measured.
const WARM_UP: u32 = 8;

fn main() {
    let mut bench = Bench::new();
    for line in stdin().lock().lines() {
        let line = line.expect("a line");
        let (operation, iterations) = line.split_once(' ').expect("`<operation> <iterations>`");
        let iterations = iterations.parse().expect("a number of iterations");
        match operation {
            "size" => println!("{}", bench.serialize().len()),
            operation => {
                let took = bench.run(operation, iterations);
                println!("{:.1}", took.as_nanos() as f64 / f64::from(iterations));
            }
        }
        stdout().flush().expect("somebody who listens");
    }
}

/// A device with its store, and the address of the other one.
#[derive(Clone)]
struct Device {
    store: InMemSignalProtocolStore,
    peer: ProtocolAddress,
}

/// A message as it goes over the wire.
type Wire = (CiphertextMessageType, Vec<u8>);

struct Bench {
    rng: StdRng,
    /// They have never spoken; the second one's keys are in the bundle.
    strangers: [Device; 2],
    bundle: PreKeyBundle,
    chain: [Device; 2],
    ping_pong: [Device; 2],
}

impl Bench {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let alice = Device::new(1, BOB, &mut rng);
        let mut bob = Device::new(2, ALICE, &mut rng);
        let bundle = bob.publish(&mut rng);
        let strangers = [alice, bob];
        let [mut alice, mut bob] = strangers.clone();
        alice.initiate(&bundle, &mut rng);
        for answer in 0..4 {
            let (from, to) = if answer % 2 == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
            let message = from.say(b"hello", &mut rng);
            to.hear(&message, &mut rng);
        }
        // Bob spoke last; now Alice goes on alone.
        let ping_pong = [alice.clone(), bob.clone()];
        for _ in 0..=WARM_UP {
            let message = alice.say(b"hello", &mut rng);
            bob.hear(&message, &mut rng);
        }
        Self { rng, strangers, bundle, chain: [alice, bob], ping_pong }
    }

    fn run(&mut self, operation: &str, iterations: u32) -> Duration {
        match operation {
            "initiate" => self.initiate(iterations),
            "first_decrypt" => self.first_decrypt(iterations),
            "encrypt_256" => self.encrypt(&[1; 256], iterations),
            "decrypt_256" => self.decrypt(&[1; 256], iterations),
            "encrypt_4096" => self.encrypt(&[1; 4096], iterations),
            "decrypt_4096" => self.decrypt(&[1; 4096], iterations),
            "ping_pong" => self.ping_pong(iterations),
            "serialize" => {
                let session = self.chain[0].session();
                time(|| (0..iterations).for_each(|_| drop(black_box(black_box(&session).serialize()))))
            }
            "deserialize" => {
                let bytes = self.serialize();
                time(|| {
                    (0..iterations)
                        .for_each(|_| drop(black_box(SessionRecord::deserialize(black_box(&bytes)))))
                })
            }
            unknown => panic!("no operation is called {unknown}"),
        }
    }

    fn initiate(&mut self, iterations: u32) -> Duration {
        let mut devices: Vec<Device> = (0..iterations).map(|_| self.strangers[0].clone()).collect();
        time(|| devices.iter_mut().for_each(|device| device.initiate(&self.bundle, &mut self.rng)))
    }

    fn first_decrypt(&mut self, iterations: u32) -> Duration {
        let Self { strangers: [alice, bob], bundle, rng, .. } = self;
        let first: Vec<Wire> = (0..iterations)
            .map(|_| {
                let mut alice = alice.clone();
                alice.initiate(bundle, rng);
                alice.say(&[1; 256], rng)
            })
            .collect();
        let mut devices: Vec<Device> = (0..iterations).map(|_| bob.clone()).collect();
        time(|| devices.iter_mut().zip(&first).for_each(|(device, message)| device.hear(message, rng)))
    }

    fn encrypt(&mut self, plaintext: &[u8], iterations: u32) -> Duration {
        let mut alice = self.chain[0].clone();
        time(|| (0..iterations).for_each(|_| drop(black_box(alice.say(black_box(plaintext), &mut self.rng)))))
    }

    fn decrypt(&mut self, plaintext: &[u8], iterations: u32) -> Duration {
        let [mut alice, mut bob] = self.chain.clone();
        let messages: Vec<Wire> = (0..iterations).map(|_| alice.say(plaintext, &mut self.rng)).collect();
        time(|| messages.iter().for_each(|message| bob.hear(message, &mut self.rng)))
    }

    fn ping_pong(&mut self, iterations: u32) -> Duration {
        let Self { ping_pong, rng, .. } = self;
        time(|| {
            for _ in 0..iterations {
                let [from, to] = &mut *ping_pong;
                let message = from.say(black_box(&[1; 256]), rng);
                to.hear(&message, rng);
                ping_pong.swap(0, 1);
            }
        })
    }

    fn serialize(&self) -> Vec<u8> {
        self.chain[0].session().serialize().expect("a session has bytes")
    }
}

impl Device {
    fn new(registration_id: u32, peer: &str, rng: &mut StdRng) -> Self {
        let store = InMemSignalProtocolStore::new(IdentityKeyPair::generate(rng), registration_id);
        let peer = ProtocolAddress::new(peer.to_owned(), DeviceId::new(1).expect("a device id"));
        Self { store: store.expect("a store"), peer }
    }

    fn publish(&mut self, rng: &mut StdRng) -> PreKeyBundle {
        let identity = block_on(self.store.get_identity_key_pair()).expect("an identity");
        let now = Timestamp::from_epoch_millis(1_790_000_000_000);
        let (one_time, signed) = (KeyPair::generate(rng), KeyPair::generate(rng));
        let signature = identity
            .private_key()
            .calculate_signature(&signed.public_key.serialize(), rng)
            .expect("a signature");
        let kyber = KyberPreKeyRecord::generate(
            kem::KeyType::Kyber1024,
            KyberPreKeyId::from(3),
            identity.private_key(),
        )
        .expect("a Kyber prekey");
        let signed_record = SignedPreKeyRecord::new(SignedPreKeyId::from(1), now, &signed, &signature);
        let one_time_record = PreKeyRecord::new(PreKeyId::from(2), &one_time);
        block_on(async {
            self.store.save_pre_key(PreKeyId::from(2), &one_time_record).await.expect("room");
            self.store.save_signed_pre_key(SignedPreKeyId::from(1), &signed_record).await.expect("room");
            self.store.save_kyber_pre_key(KyberPreKeyId::from(3), &kyber).await.expect("room");
        });
        PreKeyBundle::new(
            block_on(self.store.get_local_registration_id()).expect("a registration id"),
            DeviceId::new(1).expect("a device id"),
            Some((PreKeyId::from(2), one_time.public_key)),
            SignedPreKeyId::from(1),
            signed.public_key,
            signature.into(),
            KyberPreKeyId::from(3),
            kyber.public_key().expect("a public key"),
            kyber.signature().expect("a signature"),
            *identity.identity_key(),
        )
        .expect("a bundle")
    }

    fn initiate(&mut self, bundle: &PreKeyBundle, rng: &mut StdRng) {
        let Self { store, peer } = self;
        let (sessions, identities) = (&mut store.session_store, &mut store.identity_store);
        block_on(process_prekey_bundle(peer, sessions, identities, bundle, now(), rng)).expect("a session");
    }

    fn say(&mut self, plaintext: &[u8], rng: &mut StdRng) -> Wire {
        let Self { store, peer } = self;
        let (sessions, identities) = (&mut store.session_store, &mut store.identity_store);
        let said = block_on(message_encrypt(plaintext, peer, sessions, identities, now(), rng));
        let said = said.expect("a message");
        (said.message_type(), said.serialize().to_vec())
    }

    fn hear(&mut self, (kind, bytes): &Wire, rng: &mut StdRng) {
        let message = match kind {
            CiphertextMessageType::PreKey => {
                PreKeySignalMessage::try_from(&**bytes).map(CiphertextMessage::PreKeySignalMessage)
            }
            _ => SignalMessage::try_from(&**bytes).map(CiphertextMessage::SignalMessage),
        };
        let message = message.expect("a message");
        let Self { store, peer } = self;
        let heard = block_on(message_decrypt(
            &message,
            peer,
            &mut store.session_store,
            &mut store.identity_store,
            &mut store.pre_key_store,
            &store.signed_pre_key_store,
            &mut store.kyber_pre_key_store,
            rng,
        ));
        black_box(heard.expect("plaintext"));
    }

    fn session(&self) -> SessionRecord {
        block_on(self.store.load_session(&self.peer)).expect("a store").expect("a session")
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
