//! Another primitive in the same protocol: ML-KEM-1024 of FIPS 203 where deployed clients have Kyber-1024 of the third
//! round. `cargo run -p ratchet --example ml_kem_1024`
//!
//! A provider is a type that names one implementation of each primitive. This one takes all but the KEM of the key
//! agreement from the real one. Keys and ciphertexts are as long as before, so the messages are too; what cannot tell the
//! two apart is their type byte, which stays that of Kyber, so such devices have to keep to themselves.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use libcrux_ml_kem::mlkem1024::{self, MlKem1024Ciphertext, MlKem1024PrivateKey, MlKem1024PublicKey};
use rand_chacha::ChaCha20Rng;
use ratchet::generic::{IdentityKeyPair, KemPrekey, LocalIdentity, SessionRecord, SignedPrekey, Spqr};
use ratchet::provider::{Kem, Secret, SharedSecret};
use ratchet::rand_core::SeedableRng;
use ratchet::{NamedPrekeys, Native, PrekeyBundle, Provider, Suites};

/// The real provider with another KEM.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Standard;

impl Provider for Standard {
    type Curve = <Native as Provider>::Curve;
    type Kem = MlKem1024;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = <Native as Provider>::BraidKem;
    type ErasureCode = <Native as Provider>::ErasureCode;
    type Symmetric = <Native as Provider>::Symmetric;

    /// What is stored is not for others to read.
    const RECORD_FORMAT: u8 = b'S';
}

enum MlKem1024 {}

impl Kem for MlKem1024 {
    type Seed = Secret<64>;
    type SecretKey = Box<Secret<3168>>;
    type Ciphertext = Box<[u8; 1568]>;

    fn secret_key(seed: &Self::Seed) -> Self::SecretKey {
        let pair = mlkem1024::generate_key_pair(**seed);
        Box::new(Secret::new(*pair.private_key().as_slice()))
    }

    /// A decapsulation key of FIPS 203 has the encapsulation key behind its own 1,536 bytes.
    fn public_key(secret: &Self::SecretKey) -> [u8; 1568] {
        let mut public = [0; 1568];
        for (to, from) in public.iter_mut().zip(secret.iter().skip(1536)) {
            *to = *from;
        }
        public
    }

    fn encapsulate(public: &[u8; 1568], coins: &[u8; 32]) -> (Self::Ciphertext, SharedSecret) {
        let (ciphertext, secret) = mlkem1024::encapsulate(&MlKem1024PublicKey::from(*public), *coins);
        (Box::new(*ciphertext.as_slice()), SharedSecret::new(secret))
    }

    fn decapsulate(secret: &Self::SecretKey, ciphertext: &Self::Ciphertext) -> SharedSecret {
        let (key, ciphertext) =
            (MlKem1024PrivateKey::from(***secret), MlKem1024Ciphertext::from(**ciphertext));
        SharedSecret::new(mlkem1024::decapsulate(&key, &ciphertext))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let device = |rng: &mut ChaCha20Rng| LocalIdentity::<Standard> {
        key_pair: IdentityKeyPair::generate(rng),
        registration_id: 1,
        suites: Suites::default(),
    };
    let (alice, bob) = (device(&mut rng), device(&mut rng));
    let signed = SignedPrekey::generate(1, &bob.key_pair, &mut rng);
    let kem = KemPrekey::generate(2, &bob.key_pair, &mut rng);
    let bundle = PrekeyBundle {
        registration_id: 1,
        device_id: 1,
        identity: bob.key_pair.public(),
        signed_prekey: signed.to_public(),
        one_time_prekey: None,
        kem_prekey: Some(kem.to_public()),
    };
    let prekeys = NamedPrekeys { signed: Some(signed), one_time: None, kem: Some(kem) };

    let (mut there, mut here) = (SessionRecord::<Standard>::default(), SessionRecord::default());
    there.initiate(&alice, &bundle, 0, &mut rng)?;
    let first = there.encrypt(b"Under ML-KEM-1024", 0, &mut rng)?;
    let read = here.decrypt(&bob, first.kind, &first.bytes, &prekeys, &mut rng)?;
    println!("{} bytes: {:?}", first.bytes.len(), String::from_utf8_lossy(&read.plaintext));

    // What Kyber-1024 encapsulates to the same key is another secret, so a deployed client can't read or write this.
    let coins = [7; 32];
    let public = MlKem1024::public_key(&MlKem1024::secret_key(&Secret::new([1; 64])));
    let (_, ours) = MlKem1024::encapsulate(&public, &coins);
    let (_, deployed) = <Native as Provider>::Kem::encapsulate(&public, &coins);
    assert_ne!(*ours, *deployed);
    Ok(())
}
