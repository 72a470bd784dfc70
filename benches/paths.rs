//! First numbers: what the ratchet, the relay and a whole path cost, beside the primitives that they can't do
//! without. `cargo xtask benchmarks` runs this and writes `docs/benchmarks.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

mod parties;

use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use curve25519_dalek::montgomery::MontgomeryPoint;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::{Rng, Seed};
use libcrux_ml_kem::kyber1024;
use parties::{Pair, Path, Responder};
use sha2::Sha256;
use std::hint::black_box;

const BODY: usize = 256;

fn rng() -> Rng {
    Rng::for_entity(&Seed::from_number(1), "bench")
}

/// The primitives, from the same crates that the product uses.
fn floor(c: &mut Criterion) {
    let mut rng = rng();
    let mut group = c.benchmark_group("floor");
    let (secret, point) = (rng.bytes::<32>(), MontgomeryPoint::mul_base_clamped(rng.bytes::<32>()));
    group.bench_function("x25519_dh", |b| b.iter(|| black_box(point).mul_clamped(black_box(secret))));
    group.bench_function("x25519_public_key", |b| {
        b.iter(|| MontgomeryPoint::mul_base_clamped(black_box(secret)))
    });
    let identity = ratchet::IdentityKeyPair::generate(&mut rng);
    let signature = identity.sign(b"message", &mut rng);
    group.bench_function("xeddsa_verify", |b| {
        b.iter(|| identity.public().verify(black_box(b"message"), &signature))
    });
    let pair = kyber1024::generate_key_pair(rng.bytes::<64>());
    group.bench_function("kyber1024_encapsulate", |b| {
        b.iter(|| kyber1024::encapsulate(pair.public_key(), black_box([7; 32])))
    });
    let (ciphertext, _) = kyber1024::encapsulate(pair.public_key(), [7; 32]);
    group.bench_function("kyber1024_decapsulate", |b| {
        b.iter(|| kyber1024::decapsulate(pair.private_key(), black_box(&ciphertext)))
    });
    group.bench_function("hmac_sha256_32", |b| {
        b.iter(|| {
            Hmac::<Sha256>::new_from_slice(black_box(&secret)).unwrap().chain_update(secret).finalize()
        });
    });
    group.bench_function("hmac_sha256_384", |b| {
        let message = [5; 384];
        b.iter(|| {
            Hmac::<Sha256>::new_from_slice(black_box(&secret)).unwrap().chain_update(message).finalize()
        });
    });
    group.bench_function("aes256_cbc_encrypt_256", |b| {
        let body = [3; BODY];
        b.iter(|| {
            let cipher = cbc::Encryptor::<aes::Aes256>::new(black_box(&secret).into(), &[1; 16].into());
            cipher.encrypt_padded_vec::<Pkcs7>(&body)
        });
    });
    group.bench_function("aes256_cbc_decrypt_256", |b| {
        let cipher = cbc::Encryptor::<aes::Aes256>::new(&secret.into(), &[1; 16].into());
        let body = cipher.encrypt_padded_vec::<Pkcs7>(&[3; BODY]);
        b.iter(|| {
            let cipher = cbc::Decryptor::<aes::Aes256>::new(black_box(&secret).into(), &[1; 16].into());
            cipher.decrypt_padded_vec::<Pkcs7>(&body)
        });
    });
    group.finish();
}

/// Suite B: PQXDH and the Double Ratchet.
fn ratchet(c: &mut Criterion) {
    let mut group = c.benchmark_group("ratchet");
    group.bench_function("initiate", |b| {
        let responder = Responder::new(&mut rng());
        b.iter_batched(|| Pair::strangers(&responder), |mut pair| pair.initiate(), BatchSize::SmallInput);
    });
    group.bench_function("first_decrypt", |b| {
        let responder = Responder::new(&mut rng());
        b.iter_batched(
            || {
                let mut pair = Pair::strangers(&responder);
                pair.initiate();
                let first = pair.initiator_says(&[1; BODY]);
                (pair, first)
            },
            |(mut pair, first)| pair.responder_hears(&first),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("encrypt_256", |b| {
        let mut pair = Pair::acquainted(&Responder::new(&mut rng()));
        b.iter(|| pair.initiator_says(black_box(&[1; BODY])));
    });
    group.bench_function("decrypt_256", |b| {
        let mut pair = Pair::acquainted(&Responder::new(&mut rng()));
        b.iter_custom(|iterations| {
            // A fresh ciphertext for each: the same one again would measure the duplicate check.
            let messages: Vec<_> = (0..iterations).map(|_| pair.initiator_says(&[1; BODY])).collect();
            let watch = parties::Stopwatch::start();
            messages.iter().for_each(|message| pair.responder_hears(message));
            watch.elapsed()
        });
    });
    group.bench_function("ping_pong", |b| {
        let mut pair = Pair::acquainted(&Responder::new(&mut rng()));
        b.iter(|| pair.ping_pong(black_box(&[1; BODY])));
    });
    group.finish();
}

/// Machines only: no socket, no disk. What the code costs, not what the machine that it runs on does.
fn paths(c: &mut Criterion) {
    let mut group = c.benchmark_group("path");
    group.bench_function("envelope_through_relay", |b| {
        let mut path = Path::new();
        b.iter(|| path.envelope_through_relay());
    });
    group.bench_function("whole_path_one_way", |b| {
        let mut path = Path::new();
        b.iter(|| path.business_to_consumer());
    });
    group.finish();
}

criterion_group!(benches, floor, ratchet, paths);
criterion_main!(benches);
