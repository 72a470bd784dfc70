//! The protocol written a second time, as plainly as possible: every key of every message is derived
//! again from the secrets that went into the conversation, from the very first one on. No key is kept
//! between two messages, none skipped, none erased; only the results of public-key operations, which
//! are slow, are remembered.
//!
//! No code of the engine is used, and other libraries where there are others: HKDF and HMAC of
//! RustCrypto, ML-KEM of the crate `ml-kem`, SHA-3 for the secret of Kyber.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use curve25519_dalek::montgomery::MontgomeryPoint;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use ml_kem::kem::KeyExport;
use ml_kem::ml_kem_768::DecapsulationKey;
use sha2::Sha256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Sha3_512, Shake256};

type Key = [u8; 32];

const PROTOCOL: &[u8] = b"Signal_PQCKA_V1_MLKEM768";

/// RFC 7748, section 4.1.
const BASE_POINT: Key = {
    let mut nine = [0; 32];
    nine[0] = 9;
    nine
};

/// The initiator is side 0, the responder side 1.
pub const INITIATOR: usize = 0;

/// Everything secret that was ever drawn, and what was published.
#[derive(Default)]
pub struct Secrets {
    pub identities: [Key; 2],
    pub base: Key,
    pub signed_prekey: Key,
    pub one_time_prekey: Option<Key>,
    /// Public half of the KEM prekey, coins of the encapsulation, and the ciphertext; all without
    /// type bytes.
    pub kem: Option<(Vec<u8>, Key, Vec<u8>)>,
    /// Ratchet keys of each side in the order drawn, without the signed prekey.
    pub ratchet: [Vec<Key>; 2],
    /// Seeds of the key pairs of the post-quantum ratchet that each side drew.
    pub braid_seeds: [Vec<[u8; 64]>; 2],
    /// Coins of the encapsulations in it.
    pub braid_coins: [Vec<Key>; 2],
    /// Results of public-key operations.
    pub remembered: RefCell<Remembered>,
}

#[derive(Default)]
pub struct Remembered {
    dh: BTreeMap<(Key, Key), Key>,
    /// By epoch.
    encapsulation_keys: BTreeMap<u64, Vec<u8>>,
    encapsulated: BTreeMap<u64, (Vec<u8>, Key)>,
}

/// One message, as its sender sees it.
pub struct Sent<'a> {
    /// Which chain of the conversation it is in: even ones are the initiator's.
    pub chain: usize,
    pub counter: u32,
    /// How many messages the sender's chain before had.
    pub in_previous_chain: u32,
    pub plaintext: &'a [u8],
    /// What its post-quantum part says.
    pub pq: Option<PqPart>,
}

/// What the state machine decided, which is not derived again: everything else of the message is.
#[derive(Clone, Copy, Debug)]
pub struct PqPart {
    pub epoch: u64,
    pub index: u32,
    pub kind: u8,
    pub chunk: u16,
}

impl PqPart {
    /// Reads the post-quantum part of a message.
    pub fn read(bytes: &[u8]) -> Self {
        assert_eq!(bytes[0], 1, "version");
        let mut rest = &bytes[1..];
        let mut varint = || {
            let (mut value, mut shift) = (0u64, 0);
            loop {
                let byte = rest[0];
                rest = &rest[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        };
        let (epoch, index, kind) = (varint(), varint(), varint());
        let chunk = if matches!(kind, 0 | 4) { 0 } else { varint() };
        Self { epoch, index: index as u32, kind: kind as u8, chunk: chunk as u16 }
    }
}

impl Secrets {
    fn is_post_quantum(&self) -> bool {
        self.kem.is_some()
    }

    /// Root key, chain key, and from PQXDH on the key of the post-quantum ratchet.
    fn agreed(&self) -> Vec<u8> {
        let [ik_a, ik_b] = self.identities;
        let mut input = vec![0xff; 32];
        input.extend(self.dh(&ik_a, &self.public(&self.signed_prekey)));
        input.extend(self.dh(&self.base, &self.public(&ik_b)));
        input.extend(self.dh(&self.base, &self.public(&self.signed_prekey)));
        if let Some(one_time) = &self.one_time_prekey {
            input.extend(self.dh(&self.base, &self.public(one_time)));
        }
        match &self.kem {
            None => derive(&[], &input, b"WhisperText", 64),
            Some(kem) => {
                input.extend(kyber_secret(kem));
                derive(&[], &input, b"WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024", 96)
            }
        }
    }

    /// The key pair that a chain is sent under.
    fn ratchet_key(&self, chain: usize) -> &Key {
        &self.ratchet[chain % 2][chain / 2]
    }

    /// The seed of a message: root chain from the agreement on, then the chain from its start.
    fn seed(&self, chain: usize, counter: u32) -> Vec<u8> {
        let mut root = self.agreed()[..32].to_vec();
        let mut chain_key = Vec::new();
        for step in 0..=chain {
            let theirs = if step == 0 { &self.signed_prekey } else { self.ratchet_key(step - 1) };
            let secret = self.dh(self.ratchet_key(step), &self.public(theirs));
            let both = derive(&root, &secret, b"WhisperRatchet", 64);
            (root, chain_key) = (both[..32].to_vec(), both[32..].to_vec());
        }
        for _ in 0..counter {
            chain_key = hmac(&chain_key, &[&[2]]);
        }
        hmac(&chain_key, &[&[1]])
    }

    /// The post-quantum key of a message, from the first epoch on.
    fn pq_key(&self, sender: usize, PqPart { epoch, index, .. }: PqPart) -> Vec<u8> {
        let start = &self.agreed()[64..];
        let mut keys = derive(&[], start, b"Signal PQ Ratchet V1 Chain  Start", 96);
        for earlier in 1..epoch {
            keys =
                derive(&keys[..32], &self.epoch_secret(earlier), b"Signal PQ Ratchet V1 Chain Add Epoch", 96);
        }
        let mut value = keys[32 * (sender + 1)..][..32].to_vec();
        let mut key = Vec::new();
        for counter in 1..=index {
            let info = [&counter.to_be_bytes()[..], b"Signal PQ Ratchet V1 Chain Next"].concat();
            let both = derive(&[], &value, &info, 64);
            (value, key) = (both[..32].to_vec(), both[32..].to_vec());
        }
        key
    }

    /// Who sends the encapsulation key in an epoch; the other side encapsulates.
    fn key_side(epoch: u64) -> usize {
        if epoch % 2 == 1 { INITIATOR } else { 1 - INITIATOR }
    }

    fn braid_key(&self, epoch: u64) -> DecapsulationKey {
        let drawn = (epoch as usize - 1) / 2;
        DecapsulationKey::from_seed(self.braid_seeds[Self::key_side(epoch)][drawn].into())
    }

    fn encapsulation_key(&self, epoch: u64) -> Vec<u8> {
        let known = &mut self.remembered.borrow_mut().encapsulation_keys;
        let key = || self.braid_key(epoch).encapsulation_key().to_bytes().to_vec();
        known.entry(epoch).or_insert_with(key).clone()
    }

    fn encapsulated(&self, epoch: u64) -> (Vec<u8>, Key) {
        let drawn = (epoch as usize - 1) / 2;
        let coins = self.braid_coins[1 - Self::key_side(epoch)][drawn];
        let known = &mut self.remembered.borrow_mut().encapsulated;
        let encapsulate = || {
            let key = self.braid_key(epoch);
            let (ct, secret) = key.encapsulation_key().encapsulate_deterministic(&coins.into());
            (ct.to_vec(), secret.into())
        };
        known.entry(epoch).or_insert_with(encapsulate).clone()
    }

    fn public(&self, private: &Key) -> Key {
        self.dh(private, &BASE_POINT)
    }

    fn dh(&self, private: &Key, public: &Key) -> Key {
        let known = &mut self.remembered.borrow_mut().dh;
        let agree = || MontgomeryPoint(*public).mul_clamped(*private).to_bytes();
        *known.entry((*private, *public)).or_insert_with(agree)
    }

    fn epoch_secret(&self, epoch: u64) -> Vec<u8> {
        let (_, secret) = self.encapsulated(epoch);
        derive(&[], &secret, &label(b":SCKA Key", epoch), 32)
    }

    /// The MAC key of the authenticator after this many epochs.
    fn authenticator(&self, epochs: u64) -> Vec<u8> {
        let update = |root: &[u8], epoch, secret: &[u8]| {
            derive(&[], &[root, secret].concat(), &label(b":Authenticator Update", epoch), 64)
        };
        let mut state = update(&[0; 32], 1, &self.agreed()[64..]);
        for epoch in 1..=epochs {
            state = update(&state[..32], epoch, &self.epoch_secret(epoch));
        }
        state[32..].to_vec()
    }

    /// What the chunks of a kind of message are of.
    fn stream(&self, epoch: u64, kind: u8) -> Vec<u8> {
        let key = self.encapsulation_key(epoch);
        let (vector, rho) = key.split_at(1152);
        match kind {
            1 => {
                let header = [rho, Sha3_256::digest(&key).as_slice()].concat();
                let tag = hmac(&self.authenticator(epoch - 1), &[&label(b":ekheader", epoch), &header]);
                [header, tag].concat()
            }
            2 | 3 => vector.to_vec(),
            5 => self.encapsulated(epoch).0[..960].to_vec(),
            6 => {
                let (ct, _) = self.encapsulated(epoch);
                let tag = hmac(&self.authenticator(epoch), &[&label(b":ciphertext", epoch), &ct]);
                [&ct[960..], &tag].concat()
            }
            other => panic!("kind {other} has no chunks"),
        }
    }

    fn pq_message(&self, part: PqPart) -> Vec<u8> {
        let PqPart { epoch, index, kind, chunk } = part;
        let mut bytes = [&[1][..], &varint(epoch), &varint(index.into()), &[kind]].concat();
        if !matches!(kind, 0 | 4) {
            bytes.extend(varint(chunk.into()));
            bytes.extend(chunk_of(&self.stream(epoch, kind), chunk));
        }
        bytes
    }

    /// The whole message, byte for byte.
    pub fn message(&self, sent: &Sent<'_>) -> Vec<u8> {
        let sender = sent.chain % 2;
        // Index 0 says that there is no key yet.
        let pq_key = sent.pq.filter(|part| part.index > 0).map(|part| self.pq_key(sender, part));
        let keys = derive(
            pq_key.as_deref().unwrap_or_default(),
            &self.seed(sent.chain, sent.counter),
            b"WhisperMessageKeys",
            80,
        );
        let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&keys[..32], &keys[64..]).unwrap();
        let ciphertext = cipher.encrypt_padded_vec::<Pkcs7>(sent.plaintext);

        let mut message = vec![self.version_byte()];
        message.extend(field(1, &typed(&self.public(self.ratchet_key(sent.chain)))));
        message.extend([&[2 << 3][..], &varint(sent.counter.into())].concat());
        message.extend([&[3 << 3][..], &varint(sent.in_previous_chain.saturating_sub(1).into())].concat());
        message.extend(field(4, &ciphertext));
        if let Some(part) = sent.pq {
            message.extend(field(5, &self.pq_message(part)));
        }
        let [from, to] = [sender, 1 - sender].map(|side| typed(&self.public(&self.identities[side])));
        let mac = hmac(&keys[32..64], &[&from, &to, &message]);
        message.extend(&mac[..8]);
        message
    }

    /// The same wrapped for a responder that has not answered.
    pub fn prekey_message(&self, sent: &Sent<'_>, registration_id: u32, prekey_id: u32) -> Vec<u8> {
        let id = |number: u8, id: u32| [&[number << 3][..], &varint(id.into())].concat();
        let mut bytes = vec![self.version_byte()];
        if self.one_time_prekey.is_some() {
            bytes.extend(id(1, prekey_id));
        }
        bytes.extend(field(2, &typed(&self.public(&self.base))));
        bytes.extend(field(3, &typed(&self.public(&self.identities[INITIATOR]))));
        bytes.extend(field(4, &self.message(sent)));
        bytes.extend([id(5, registration_id), id(6, prekey_id)].concat());
        if let Some((_, _, ciphertext)) = &self.kem {
            bytes.extend(id(7, prekey_id));
            bytes.extend(field(8, &[&[8][..], ciphertext].concat()));
        }
        bytes
    }

    fn version_byte(&self) -> u8 {
        if self.is_post_quantum() { 0x44 } else { 0x33 }
    }
}

/// Kyber-1024 of the third round, section "CCA-secure KEM", given the ciphertext.
fn kyber_secret((public, coins, ciphertext): &(Vec<u8>, Key, Vec<u8>)) -> Key {
    let coins = Sha3_256::digest(coins);
    let both = Digest::chain_update(Digest::chain_update(Sha3_512::new(), coins), Sha3_256::digest(public))
        .finalize();
    let mut secret = [0; 32];
    let mut hash = Shake256::default();
    hash.update(&both[..32]);
    hash.update(&Sha3_256::digest(ciphertext));
    hash.finalize_xof().read(&mut secret);
    secret
}

/// Lagrange's formula, term by term.
fn chunk_of(stream: &[u8], index: u16) -> Vec<u8> {
    let chunks = stream.len() / 32;
    if usize::from(index) < chunks {
        return stream[usize::from(index) * 32..][..32].to_vec();
    }
    let mut value = [0u16; 16];
    for i in 0..chunks as u16 {
        let others = || (0..chunks as u16).filter(|j| *j != i);
        let (above, below) = (others().map(|j| index ^ j), others().map(|j| i ^ j));
        let basis = times(above.fold(1, times), inverse(below.fold(1, times)));
        for (lane, value) in value.iter_mut().enumerate() {
            let at = usize::from(i) * 32 + lane * 2;
            *value ^= times(basis, u16::from_be_bytes([stream[at], stream[at + 1]]));
        }
    }
    value.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn times(a: u16, b: u16) -> u16 {
    let mut product: u32 = 0;
    for bit in 0..16 {
        if b >> bit & 1 == 1 {
            product ^= u32::from(a) << bit;
        }
    }
    for bit in (16..31).rev() {
        if product >> bit & 1 == 1 {
            product ^= 0x1100b << (bit - 16);
        }
    }
    product as u16
}

fn inverse(a: u16) -> u16 {
    let (mut result, mut square) = (1, a);
    for _ in 1..16 {
        square = times(square, square);
        result = times(result, square);
    }
    result
}

fn derive(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mut output = vec![0; length];
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, &mut output).unwrap();
    output
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| Mac::update(&mut mac, part));
    mac.finalize().into_bytes().to_vec()
}

fn label(purpose: &[u8], epoch: u64) -> Vec<u8> {
    [PROTOCOL, purpose, &epoch.to_be_bytes()].concat()
}

fn typed(key: &Key) -> Vec<u8> {
    [&[5][..], key].concat()
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(content.len() as u64), content].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
