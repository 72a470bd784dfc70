//! A provider that computes as another does, and counts: what a message costs, the same on every machine.

use std::cell::Cell;
use std::marker::PhantomData;

use ratchet::Provider;
use ratchet::erasure::Chunk;
use ratchet::generic::Spqr;
use ratchet::provider::{BraidKem, Curve, ErasureCode, Kem, SharedSecret, Symmetric};
use zeroize::Zeroizing;

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Counting<P: Provider>(PhantomData<P>);

/// What was computed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Cost {
    /// Diffie-Hellman, and checks that a public key is unique.
    pub agreements: u32,
    /// Decapsulations with a KEM prekey.
    pub kem: u32,
    /// Whatever the KEM of the post-quantum ratchet does.
    pub braid: u32,
    /// Messages that were put together from chunks.
    pub decoded: u32,
    /// Steps of chains, of either ratchet, and other derivations of keys.
    pub steps: u32,
    /// Bytes under a MAC.
    pub authenticated: usize,
    /// Bytes decrypted.
    pub decrypted: usize,
}

thread_local! {
    static COST: Cell<Cost> = const { Cell::new(Cost {
        agreements: 0, kem: 0, braid: 0, decoded: 0, steps: 0, authenticated: 0, decrypted: 0,
    }) };
}

/// What something costs on this thread.
pub fn cost_of<T>(act: impl FnOnce() -> T) -> (T, Cost) {
    COST.set(Cost::default());
    let done = act();
    (done, COST.get())
}

fn count(add: impl FnOnce(&mut Cost)) {
    let mut cost = COST.get();
    add(&mut cost);
    COST.set(cost);
}

impl<P: Provider> Provider for Counting<P> {
    type Curve = Counted<P>;
    type Kem = Counted<P>;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = Counted<P>;
    type ErasureCode = Counted<P>;
    type Symmetric = Counted<P>;

    const RECORD_FORMAT: u8 = P::RECORD_FORMAT;
}

pub struct Counted<P>(PhantomData<P>);

impl<P: Provider> Curve for Counted<P> {
    type PrivateKey = <P::Curve as Curve>::PrivateKey;
    type Prepared = <P::Curve as Curve>::Prepared;
    type Signature = <P::Curve as Curve>::Signature;

    fn prepare(private: &Self::PrivateKey) -> (Self::Prepared, [u8; 32]) {
        P::Curve::prepare(private)
    }

    fn agree(ours: &Self::Prepared, theirs: &[u8; 32]) -> Option<SharedSecret> {
        count(|cost| cost.agreements += 1);
        P::Curve::agree(ours, theirs)
    }

    fn is_unique(public: &[u8; 32]) -> bool {
        count(|cost| cost.agreements += 1);
        P::Curve::is_unique(public)
    }

    fn sign(private: &Self::PrivateKey, message: &[u8], random: &[u8; 64]) -> Self::Signature {
        P::Curve::sign(private, message, random)
    }

    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
        P::Curve::verify(public, signed)
    }
}

impl<P: Provider> Kem for Counted<P> {
    type Seed = <P::Kem as Kem>::Seed;
    type SecretKey = <P::Kem as Kem>::SecretKey;
    type Ciphertext = <P::Kem as Kem>::Ciphertext;

    fn secret_key(seed: &Self::Seed) -> Self::SecretKey {
        P::Kem::secret_key(seed)
    }

    fn public_key(secret: &Self::SecretKey) -> [u8; 1568] {
        P::Kem::public_key(secret)
    }

    fn encapsulate(public: &[u8; 1568], coins: &[u8; 32]) -> (Self::Ciphertext, SharedSecret) {
        P::Kem::encapsulate(public, coins)
    }

    fn decapsulate(secret: &Self::SecretKey, ciphertext: &Self::Ciphertext) -> SharedSecret {
        count(|cost| cost.kem += 1);
        P::Kem::decapsulate(secret, ciphertext)
    }
}

impl<P: Provider> BraidKem for Counted<P> {
    type KeyPair = <P::BraidKem as BraidKem>::KeyPair;
    type Header = <P::BraidKem as BraidKem>::Header;
    type Vector = <P::BraidKem as BraidKem>::Vector;
    type Ct1 = <P::BraidKem as BraidKem>::Ct1;
    type Ct2 = <P::BraidKem as BraidKem>::Ct2;
    type Encapsulation = <P::BraidKem as BraidKem>::Encapsulation;

    fn key_pair(seed: &[u8; 64]) -> Self::KeyPair {
        count(|cost| cost.braid += 1);
        P::BraidKem::key_pair(seed)
    }

    fn header(keys: &Self::KeyPair) -> &Self::Header {
        P::BraidKem::header(keys)
    }

    fn vector(keys: &Self::KeyPair) -> &Self::Vector {
        P::BraidKem::vector(keys)
    }

    fn begin(header: &Self::Header, coins: &[u8; 32]) -> (Self::Encapsulation, Self::Ct1, SharedSecret) {
        count(|cost| cost.braid += 1);
        P::BraidKem::begin(header, coins)
    }

    fn check(header: &Self::Header, vector: &Self::Vector) -> bool {
        count(|cost| cost.braid += 1);
        P::BraidKem::check(header, vector)
    }

    fn finish(encapsulation: &Self::Encapsulation, vector: &Self::Vector) -> Self::Ct2 {
        count(|cost| cost.braid += 1);
        P::BraidKem::finish(encapsulation, vector)
    }

    fn decapsulate(keys: &Self::KeyPair, ct1: &Self::Ct1, ct2: &Self::Ct2) -> SharedSecret {
        count(|cost| cost.braid += 1);
        P::BraidKem::decapsulate(keys, ct1, ct2)
    }
}

impl<P: Provider> ErasureCode for Counted<P> {
    type Decoder = <P::ErasureCode as ErasureCode>::Decoder;

    fn chunk_at(message: &[u8], index: u16) -> Chunk {
        P::ErasureCode::chunk_at(message, index)
    }

    fn decoder(chunks: u16) -> Self::Decoder {
        P::ErasureCode::decoder(chunks)
    }

    fn add(decoder: &mut Self::Decoder, chunk: Chunk) {
        P::ErasureCode::add(decoder, chunk);
    }

    fn message_with(decoder: &Self::Decoder, chunk: Chunk) -> Option<Vec<u8>> {
        count(|cost| cost.decoded += 1);
        P::ErasureCode::message_with(decoder, chunk)
    }

    fn stored_length(decoder: &Self::Decoder) -> usize {
        P::ErasureCode::stored_length(decoder)
    }

    fn write(decoder: &Self::Decoder, stored: &mut Vec<u8>) {
        P::ErasureCode::write(decoder, stored);
    }

    fn read(chunks: u16, stored: &mut &[u8]) -> Option<Self::Decoder> {
        P::ErasureCode::read(chunks, stored)
    }
}

impl<P: Provider> Symmetric for Counted<P> {
    type Key = <P::Symmetric as Symmetric>::Key;
    type Tag = <P::Symmetric as Symmetric>::Tag;

    fn mac(key: &Self::Key, parts: &[&[u8]]) -> Self::Tag {
        count(|cost| cost.authenticated += parts.iter().map(|part| part.len()).sum::<usize>());
        P::Symmetric::mac(key, parts)
    }

    fn step(key: &Self::Key) -> (Self::Key, Self::Key) {
        count(|cost| cost.steps += 1);
        P::Symmetric::step(key)
    }

    fn derive<const KEYS: usize>(salt: Option<&Self::Key>, ikm: &[&[u8]], info: &[u8]) -> [Self::Key; KEYS] {
        count(|cost| cost.steps += 1);
        P::Symmetric::derive(salt, ikm, info)
    }

    fn encrypt(key: &Self::Key, iv: &Self::Key, plaintext: &[u8]) -> Vec<u8> {
        P::Symmetric::encrypt(key, iv, plaintext)
    }

    fn decrypt(key: &Self::Key, iv: &Self::Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        count(|cost| cost.decrypted += ciphertext.len());
        P::Symmetric::decrypt(key, iv, ciphertext)
    }
}
