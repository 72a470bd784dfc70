//! `vodozemac`, the Olm of Matrix: X3DH without signatures (verifying them is the caller's part), and a Double
//! Ratchet whose messages have an 8-byte MAC.

use std::{hint::black_box, time::Duration};

use vodozemac::olm::{Account, OlmMessage, PreKeyMessage, Session, SessionConfig, SessionPickle};

use crate::contestant::Contestant;
use crate::operation::Operation;
use crate::ours::WARM_UP;
use crate::stopwatch::time;

/// Two accounts with sessions.
pub struct Olm {
    initiator: Account,
    responder: Account,
    chain: [Session; 2],
    ping_pong: [Session; 2],
}

impl Default for Olm {
    fn default() -> Self {
        let (initiator, mut responder) = (Account::new(), Account::new());
        let mut chain = acquainted(&initiator, &mut responder);
        let ping_pong = acquainted(&initiator, &mut responder);
        let [there, here] = &mut chain;
        (0..WARM_UP).for_each(|_| hear(here, &say(there, b"hello")));
        Self { initiator, responder, chain, ping_pong }
    }
}

impl Contestant for Olm {
    fn name(&self) -> String {
        "vodozemac (Olm)".to_owned()
    }

    fn run(&mut self, operation: Operation, iterations: u32) -> Duration {
        match operation {
            Operation::Initiate => self.initiate(iterations),
            Operation::FirstDecrypt => self.first_decrypt(iterations),
            Operation::Encrypt256 => self.encrypt::<256>(iterations),
            Operation::Decrypt256 => self.decrypt::<256>(iterations),
            Operation::Encrypt4096 => self.encrypt::<4096>(iterations),
            Operation::Decrypt4096 => self.decrypt::<4096>(iterations),
            Operation::PingPong => self.ping_pong(iterations),
            Operation::Serialize => time(|| (0..iterations).for_each(|_| drop(self.serialize()))),
            Operation::Deserialize => {
                let bytes = self.serialize();
                time(|| (0..iterations).for_each(|_| drop(black_box(deserialize(black_box(&bytes))))))
            }
        }
    }

    fn serialized_size(&mut self) -> usize {
        self.serialize().len()
    }
}

impl Olm {
    fn initiate(&mut self, iterations: u32) -> Duration {
        let identity = self.responder.curve25519_key();
        let one_time = one_time_keys(&mut self.responder, iterations);
        let mut sessions = Vec::with_capacity(one_time.len());
        time(|| {
            for key in one_time {
                let session =
                    self.initiator.create_outbound_session(SessionConfig::version_1(), identity, key);
                sessions.push(session.unwrap());
            }
        })
    }

    fn first_decrypt(&mut self, iterations: u32) -> Duration {
        let identity = self.responder.curve25519_key();
        let first: Vec<Vec<u8>> = one_time_keys(&mut self.responder, iterations)
            .into_iter()
            .map(|key| {
                let session =
                    self.initiator.create_outbound_session(SessionConfig::version_1(), identity, key);
                say(&mut session.unwrap(), &[1; 256]).1
            })
            .collect();
        let theirs = self.initiator.curve25519_key();
        let mut sessions = Vec::with_capacity(first.len());
        time(|| {
            for bytes in &first {
                let message = PreKeyMessage::from_bytes(bytes).unwrap();
                let created =
                    self.responder.create_inbound_session(SessionConfig::version_1(), theirs, &message);
                sessions.push(created.unwrap());
            }
        })
    }

    fn encrypt<const N: usize>(&mut self, iterations: u32) -> Duration {
        let [there, _] = &mut self.chain;
        let mut messages = Vec::new();
        let took = time(|| {
            messages.extend((0..iterations).map(|_| say(there, black_box(&[1; N]))));
        });
        // It has to follow: there is a limit on what may be missing.
        let [_, here] = &mut self.chain;
        messages.iter().for_each(|message| hear(here, message));
        took
    }

    fn decrypt<const N: usize>(&mut self, iterations: u32) -> Duration {
        let [there, here] = &mut self.chain;
        let messages: Vec<_> = (0..iterations).map(|_| say(there, &[1; N])).collect();
        time(|| messages.iter().for_each(|message| hear(here, message)))
    }

    fn ping_pong(&mut self, iterations: u32) -> Duration {
        time(|| {
            for _ in 0..iterations {
                let [there, here] = &mut self.ping_pong;
                hear(there, &say(here, black_box(&[1; 256])));
                self.ping_pong.swap(0, 1);
            }
        })
    }

    /// It has no bytes of its own but encrypted ones: JSON is what its users keep.
    fn serialize(&self) -> Vec<u8> {
        serde_json::to_vec(&black_box(&self.chain[0]).pickle()).unwrap()
    }
}

fn deserialize(bytes: &[u8]) -> Session {
    Session::from_pickle(serde_json::from_slice::<SessionPickle>(bytes).unwrap())
}

fn one_time_keys(account: &mut Account, count: u32) -> Vec<vodozemac::Curve25519PublicKey> {
    account.mark_keys_as_published();
    account.generate_one_time_keys(count as usize).created
}

fn acquainted(initiator: &Account, responder: &mut Account) -> [Session; 2] {
    let identity = responder.curve25519_key();
    let one_time = one_time_keys(responder, 1)[0];
    let mut there =
        initiator.create_outbound_session(SessionConfig::version_1(), identity, one_time).unwrap();
    let (_, first) = say(&mut there, b"hello");
    let first = PreKeyMessage::from_bytes(&first).unwrap();
    let theirs = initiator.curve25519_key();
    let mut here =
        responder.create_inbound_session(SessionConfig::version_1(), theirs, &first).unwrap().session;
    hear(&mut there, &say(&mut here, b"hello"));
    hear(&mut here, &say(&mut there, b"hello"));
    hear(&mut there, &say(&mut here, b"hello"));
    [there, here]
}

/// A message as it goes over the wire.
fn say(session: &mut Session, plaintext: &[u8]) -> (usize, Vec<u8>) {
    session.encrypt(plaintext).unwrap().to_parts()
}

fn hear(session: &mut Session, (kind, bytes): &(usize, Vec<u8>)) {
    black_box(session.decrypt(&OlmMessage::from_parts(*kind, bytes).unwrap()).unwrap());
}
