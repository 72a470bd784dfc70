//! What the protocol computes with, one trait per primitive. Types that implement them have no values:
//! all is in their functions.

use zeroize::Zeroizing;

use super::bytes::{FixedBytes, SharedSecret, Wire};
use crate::erasure::Chunk;

/// Key agreement and signatures with one kind of key: X25519 (RFC 7748) and XEdDSA as deployed.
pub trait Curve: 'static {
    /// A private key in the form that it is kept in; clamped where that means something.
    type PrivateKey: Wire<32>;
    /// The form of a private key that agreement computes with. It is made where a key agrees, and
    /// never stored.
    type Prepared: Clone + Send + Sync + 'static;
    /// A signature as it is kept.
    type Signature: Wire<64>;

    /// A private key ready to agree, and its public key.
    fn prepare(private: &Self::PrivateKey) -> (Self::Prepared, [u8; 32]);

    /// The secret that two keys share. `None` if it carries nothing of our private key.
    fn agree(ours: &Self::Prepared, theirs: &[u8; 32]) -> Option<SharedSecret>;

    /// Whether this is the only encoding of a public key, and of one whose agreements no other gives
    /// too: a responder demands it of the base key, which identifies the session.
    fn is_unique(public: &[u8; 32]) -> bool;

    /// Signs, with 64 random bytes.
    fn sign(private: &Self::PrivateKey, message: &[u8], random: &[u8; 64]) -> Self::Signature;

    /// Whether all signatures are this key's: message and signature of each.
    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool;
}

/// The KEM of the key agreement: Kyber-1024 of the third round.
pub trait Kem: 'static {
    /// What a secret key is made of, as it rests.
    type Seed: Wire<64>;
    /// A secret key to compute with.
    type SecretKey: FixedBytes;
    /// A ciphertext as it is kept.
    type Ciphertext: Wire<1568>;

    /// The secret key that a seed makes.
    fn secret_key(seed: &Self::Seed) -> Self::SecretKey;

    /// The public half.
    fn public_key(secret: &Self::SecretKey) -> [u8; 1568];

    /// Takes 32 random bytes.
    fn encapsulate(public: &[u8; 1568], coins: &[u8; 32]) -> (Self::Ciphertext, SharedSecret);

    /// Never fails: a wrong ciphertext yields an unrelated secret.
    fn decapsulate(secret: &Self::SecretKey, ciphertext: &Self::Ciphertext) -> SharedSecret;
}

/// The KEM of the post-quantum ratchet, in pieces (ML-KEM Braid, section "ML-KEM as an incremental
/// KEM"): the encapsulation key is a header and a vector, the ciphertext two parts, of which the first
/// needs only the header.
///
/// The pieces travel in chunks of the provider's [`ErasureCode`], which may need them to be as long as
/// deployed: 64, 1152, 960 and 128 bytes.
pub trait BraidKem: 'static {
    /// A key pair of one epoch.
    type KeyPair: FixedBytes;
    /// What identifies an encapsulation key, and begins an encapsulation.
    type Header: FixedBytes + Eq;
    /// The rest of an encapsulation key.
    type Vector: FixedBytes;
    /// First part of a ciphertext.
    type Ct1: FixedBytes;
    /// Second part of a ciphertext.
    type Ct2: FixedBytes;
    /// What the encapsulating side keeps between the two parts.
    type Encapsulation: FixedBytes;

    /// From 64 random bytes.
    fn key_pair(seed: &[u8; 64]) -> Self::KeyPair;

    /// The first piece of its encapsulation key.
    fn header(keys: &Self::KeyPair) -> &Self::Header;

    /// The second piece of its encapsulation key.
    fn vector(keys: &Self::KeyPair) -> &Self::Vector;

    /// The first part of the ciphertext, with 32 random bytes; the secret is known with it.
    fn begin(header: &Self::Header, coins: &[u8; 32]) -> (Self::Encapsulation, Self::Ct1, SharedSecret);

    /// Whether the vector is the one that the header promised, and well-formed.
    fn check(header: &Self::Header, vector: &Self::Vector) -> bool;

    /// The second part, from a checked vector.
    fn finish(encapsulation: &Self::Encapsulation, vector: &Self::Vector) -> Self::Ct2;

    /// Never fails: a wrong ciphertext yields an unrelated secret.
    fn decapsulate(keys: &Self::KeyPair, ct1: &Self::Ct1, ct2: &Self::Ct2) -> SharedSecret;
}

/// The code that turns a message of n chunks into a stream of 65,536, any n of which give it back.
pub trait ErasureCode: 'static {
    /// Collects chunks of one stream until they are enough.
    type Decoder: Clone + Send + Sync + 'static;

    /// The chunk at a place of the stream of `message`.
    fn chunk_at(message: &[u8], index: u16) -> Chunk;

    /// For a message of so many chunks as deployed.
    fn decoder(chunks: u16) -> Self::Decoder;

    /// Takes a chunk; one with the index of an earlier one replaces it. A chunk that is not of the
    /// message itself is dropped when there are enough.
    fn add(decoder: &mut Self::Decoder, chunk: Chunk);

    /// The start of the message, at least as long as it was, if this chunk would complete it.
    fn message_with(decoder: &Self::Decoder, chunk: Chunk) -> Option<Vec<u8>>;

    /// The length of what [`ErasureCode::write`] writes.
    fn stored_length(decoder: &Self::Decoder) -> usize;

    /// Stores what has been collected.
    fn write(decoder: &Self::Decoder, stored: &mut Vec<u8>);

    /// Takes what was stored of a message of so many chunks from the front of the bytes.
    fn read(chunks: u16, stored: &mut &[u8]) -> Option<Self::Decoder>;
}

/// Everything with symmetric keys: HMAC and HKDF (RFC 2104, RFC 5869) over SHA-256, AES-256-CBC.
pub trait Symmetric: 'static {
    /// 32 bytes of key material, as they are kept.
    type Key: Wire<32>;
    /// A MAC of 32 bytes, as it is kept: at least the first 8 of them.
    type Tag: FixedBytes;

    /// HMAC of the concatenated parts.
    fn mac(key: &Self::Key, parts: &[&[u8]]) -> Self::Tag;

    /// HMAC of the byte 1 and of the byte 2: what a chain gives at one step.
    fn step(key: &Self::Key) -> (Self::Key, Self::Key);

    /// HKDF of the concatenated parts: `KEYS` times 32 bytes. Without a salt it is 32 zero bytes, as the
    /// RFC says.
    fn derive<const KEYS: usize>(salt: Option<&Self::Key>, ikm: &[&[u8]], info: &[u8]) -> [Self::Key; KEYS];

    /// AES-256-CBC with PKCS#7 padding: always 1 to 16 bytes longer than the plaintext. The IV is the
    /// first half of `iv`.
    fn encrypt(key: &Self::Key, iv: &Self::Key, plaintext: &[u8]) -> Vec<u8>;

    /// `None` for a wrong length or padding; only ever called on authenticated ciphertext.
    fn decrypt(key: &Self::Key, iv: &Self::Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}
