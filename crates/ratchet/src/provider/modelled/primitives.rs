//! The primitives: an agreement that commutes, KEMs whose ciphertext carries the secret, a signature that
//! names its key, a cipher that copies.

use zeroize::Zeroizing;

use super::start::{Start, absorb, absorb_ends, mix};
use crate::provider::bytes::{SharedSecret, Wire};
use crate::provider::primitives::{BraidKem, Curve, Kem, Symmetric};

const BLOCK: u8 = 16;

/// What numbers are mixed for, so that one is not taken for another.
mod purpose {
    pub(super) const PUBLIC: u64 = 1;
    pub(super) const AGREE: u64 = 2;
    pub(super) const SIGN: u64 = 3;
    pub(super) const KEM: u64 = 4;
    pub(super) const COINS: u64 = 5;
    pub(super) const SECOND_PART: u64 = 6;
    pub(super) const MAC: u64 = 7;
    pub(super) const DERIVE: u64 = 8;
}

/// A curve: the private key gives the public one, and two public ones give the secret.
#[derive(Debug)]
pub enum Agreed {}

impl Curve for Agreed {
    type PrivateKey = Start;
    /// The public key.
    type Prepared = Start;
    type Signature = Start;

    fn prepare(private: &Start) -> (Start, [u8; 32]) {
        // Odd, and so never zero.
        let public = Start::of(mix(private.number(), purpose::PUBLIC) | 1);
        (public, public.to_wire())
    }

    fn agree(ours: &Start, theirs: &[u8; 32]) -> Option<SharedSecret> {
        let theirs = point(theirs)?;
        Some(secret(mix(ours.number().wrapping_add(theirs), purpose::AGREE)))
    }

    fn is_unique(public: &[u8; 32]) -> bool {
        point(public).is_some()
    }

    fn sign(private: &Start, message: &[u8], _: &[u8; 64]) -> Start {
        let (public, _) = Self::prepare(private);
        signature(public.number(), message)
    }

    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
        point(public).is_some_and(|public| {
            signed.iter().all(|(message, found)| Start::exact(found) == Some(signature(public, message)))
        })
    }
}

/// The number of a public key, if it can be one.
fn point(public: &[u8; 32]) -> Option<u64> {
    Start::exact(public).map(Start::number).filter(|number| number & 1 == 1)
}

fn signature(public: u64, message: &[u8]) -> Start {
    Start::of(absorb_ends(mix(public, purpose::SIGN), message))
}

/// Never all zeros.
fn secret(number: u64) -> SharedSecret {
    let mut secret = SharedSecret::new(Start::of(number).to_wire());
    let [.., last] = secret.as_mut();
    *last = 1;
    secret
}

/// A KEM whose ciphertext is half of the secret; the key is the other half.
#[derive(Debug)]
pub enum Carried {}

impl Kem for Carried {
    type Seed = Start;
    /// The public key.
    type SecretKey = Start;
    type Ciphertext = Start;

    fn secret_key(seed: &Start) -> Start {
        Start::of(mix(seed.number(), purpose::PUBLIC))
    }

    fn public_key(secret: &Start) -> [u8; 1568] {
        secret.to_wire()
    }

    fn encapsulate(public: &[u8; 1568], coins: &[u8; 32]) -> (Start, SharedSecret) {
        let ciphertext = carrying(coins);
        (ciphertext, Self::decapsulate(&Wire::from_wire(public), &ciphertext))
    }

    fn decapsulate(secret_key: &Start, ciphertext: &Start) -> SharedSecret {
        secret(carried(secret_key, ciphertext))
    }
}

fn carrying(coins: &[u8; 32]) -> Start {
    let coins: Start = Wire::from_wire(coins);
    Start::of(mix(coins.number(), purpose::COINS))
}

fn carried(key: &Start, ciphertext: &Start) -> u64 {
    mix(mix(key.number(), purpose::KEM), ciphertext.number())
}

/// The same in pieces: all pieces of a key are the key, and the second part of a ciphertext follows from the
/// first.
#[derive(Debug)]
pub enum CarriedInParts {}

impl BraidKem for CarriedInParts {
    type KeyPair = Start;
    type Header = Start;
    type Vector = Start;
    type Ct1 = Start;
    type Ct2 = Start;
    /// The secret.
    type Encapsulation = Start;

    fn key_pair(seed: &[u8; 64]) -> Start {
        Carried::secret_key(&Wire::from_wire(seed))
    }

    fn header(keys: &Start) -> &Start {
        keys
    }

    fn vector(keys: &Start) -> &Start {
        keys
    }

    fn begin(header: &Start, coins: &[u8; 32]) -> (Start, Start, SharedSecret) {
        let ct1 = carrying(coins);
        let number = carried(header, &ct1);
        (Start::of(number), ct1, secret(number))
    }

    fn check(header: &Start, vector: &Start) -> bool {
        header == vector
    }

    fn finish(encapsulation: &Start, _: &Start) -> Start {
        Start::of(mix(encapsulation.number(), purpose::SECOND_PART))
    }

    fn decapsulate(keys: &Start, ct1: &Start, ct2: &Start) -> SharedSecret {
        let number = carried(keys, ct1);
        if Self::finish(&Start::of(number), keys) == *ct2 {
            secret(number)
        } else {
            secret(mix(number, ct2.number()))
        }
    }
}

/// KDFs of a few multiplications, a MAC of the key alone, a cipher that copies.
#[derive(Debug)]
pub enum Mixed {}

impl Symmetric for Mixed {
    type Key = Start;
    type Tag = Start;

    fn mac(key: &Start, _: &[&[u8]]) -> Start {
        Start::of(mix(key.number(), purpose::MAC))
    }

    fn step(key: &Start) -> (Start, Start) {
        let of = |word| Start::of(mix(mix(key.number(), purpose::DERIVE), word));
        (of(1), of(2))
    }

    fn derive<const KEYS: usize>(salt: Option<&Start>, ikm: &[&[u8]], info: &[u8]) -> [Start; KEYS] {
        let salt = mix(salt.map_or(0, |salt| salt.number()), purpose::DERIVE);
        let extracted = ikm.iter().fold(salt, |state, part| absorb(state, part));
        let extracted = absorb_ends(extracted, info);
        let mut counter = 0;
        std::array::from_fn(|_| {
            counter += 1;
            Start::of(mix(extracted, counter))
        })
    }

    fn encrypt(_: &Start, _: &Start, plaintext: &[u8]) -> Vec<u8> {
        let beyond = u8::try_from(plaintext.len() % usize::from(BLOCK)).unwrap_or(0);
        let padding = BLOCK - beyond;
        let length = plaintext.len() + usize::from(padding);
        let mut ciphertext = Vec::with_capacity(length);
        ciphertext.extend_from_slice(plaintext);
        ciphertext.resize(length, padding);
        ciphertext
    }

    fn decrypt(_: &Start, _: &Start, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let padding = *ciphertext.last().filter(|padding| (1..=BLOCK).contains(padding))?;
        let length = ciphertext.len().checked_sub(padding.into())?;
        let (plaintext, rest) = ciphertext.split_at_checked(length)?;
        let proper =
            ciphertext.len().is_multiple_of(BLOCK.into()) && rest.iter().all(|byte| *byte == padding);
        proper.then(|| Zeroizing::new(plaintext.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(at: u64) -> Start {
        Start::of(mix(at, 99))
    }

    #[test]
    fn agreement_commutes_and_depends_on_both() {
        let secrets: Vec<[u8; 32]> = (0..20u64)
            .flat_map(|a| (a..20).map(move |b| (number(a), number(b))))
            .map(|(a, b)| {
                let (prepared_a, public_a) = Agreed::prepare(&a);
                let (prepared_b, public_b) = Agreed::prepare(&b);
                let secret = Agreed::agree(&prepared_a, &public_b).unwrap();
                assert_eq!(*secret, *Agreed::agree(&prepared_b, &public_a).unwrap());
                assert_ne!(*secret, [0; 32]);
                *secret
            })
            .collect();
        let distinct: std::collections::BTreeSet<_> = secrets.iter().collect();
        assert_eq!(distinct.len(), 210);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (ours, public) = Agreed::prepare(&number(1));
        let with = |at: usize, bit: u8| {
            let mut other = public;
            other[at] ^= bit;
            other
        };
        for other in [[0; 32], [0xff; 32], with(31, 0x80), with(0, 1)] {
            assert!(!Agreed::is_unique(&other));
            assert!(Agreed::agree(&ours, &other).is_none());
        }
        assert!(Agreed::is_unique(&public));
    }

    #[test]
    fn a_signature_is_of_one_key_and_one_message() {
        let signed = |key: u64, message: &[u8]| Agreed::sign(&number(key), message, &[0; 64]).to_wire();
        let (_, public) = Agreed::prepare(&number(1));
        let message = [7; 1569];
        assert!(Agreed::verify(&public, &[(&message, &signed(1, &message)), (b"b", &signed(1, b"b"))]));
        assert!(!Agreed::verify(&public, &[(&message, &signed(2, &message))]));
        assert!(!Agreed::verify(&public, &[(&message, &signed(1, b"other"))]));
    }

    #[test]
    fn kems_give_other_keys_other_secrets() {
        let (key, other) = (Carried::secret_key(&number(1)), Carried::secret_key(&number(2)));
        let public = Carried::public_key(&key);
        assert!(public[8..].iter().all(|byte| *byte == 0), "what follows need not be kept");
        let (ciphertext, shared) = Carried::encapsulate(&public, &[3; 32]);
        assert_eq!(*Carried::decapsulate(&key, &ciphertext), *shared);
        assert_ne!(*Carried::decapsulate(&other, &ciphertext), *shared);

        let (keys, other) = (CarriedInParts::key_pair(&[1; 64]), CarriedInParts::key_pair(&[2; 64]));
        let (state, ct1, shared) = CarriedInParts::begin(CarriedInParts::header(&keys), &[3; 32]);
        let ct2 = CarriedInParts::finish(&state, CarriedInParts::vector(&keys));
        assert_eq!(*CarriedInParts::decapsulate(&keys, &ct1, &ct2), *shared);
        assert_ne!(*CarriedInParts::decapsulate(&keys, &ct1, &number(5)), *shared);
        assert_ne!(*CarriedInParts::decapsulate(&other, &ct1, &ct2), *shared);
        assert!(!CarriedInParts::check(CarriedInParts::header(&keys), CarriedInParts::vector(&other)));
    }

    #[test]
    fn keys_depend_on_all_that_they_are_derived_from() {
        let base = Mixed::derive::<3>(None, &[&[1; 32], &[2; 8]], b"WhisperRatchet");
        for other in [
            Mixed::derive::<3>(Some(&number(1)), &[&[1; 32], &[2; 8]], b"WhisperRatchet"),
            Mixed::derive::<3>(None, &[&[1; 32], &[3; 8]], b"WhisperRatchet"),
            Mixed::derive::<3>(None, &[&[1; 32], &[2; 8]], b"WhisperRatcheT"),
            Mixed::derive::<3>(None, &[&[1; 32], &[2; 8]], b"Whisper"),
        ] {
            assert!(base.iter().all(|key| !other.contains(key)));
        }
        assert!(base[0] != base[1] && base[1] != base[2]);
    }

    #[test]
    fn the_cipher_has_the_lengths_of_cbc_and_knows_its_padding() {
        let key = number(1);
        for length in 0..70 {
            let plaintext = vec![9; length];
            let ciphertext = Mixed::encrypt(&key, &key, &plaintext);
            assert_eq!(ciphertext.len(), (length / 16 + 1) * 16);
            assert_eq!(Mixed::decrypt(&key, &key, &ciphertext).unwrap().as_slice(), plaintext);
            assert!(Mixed::decrypt(&key, &key, &ciphertext[1..]).is_none());
        }
        assert!(Mixed::decrypt(&key, &key, &[]).is_none());
        assert!(Mixed::decrypt(&key, &key, &[17; 32]).is_none());
        assert!(Mixed::decrypt(&key, &key, &[0; 16]).is_none());
    }
}
