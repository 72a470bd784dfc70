//! The fuzz targets of `fuzz/` in a bounded run: the corpus as it is, and mutations of it from a fixed
//! seed. A few seconds, without nightly; `BLINDPOST_FUZZ_ROUNDS` makes it longer.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use ratchet::{DecryptionErrorMessage, MessageKind, SessionRecord, Suite, Suites};

use crate::device::{Device, established_in};
use crate::official::{Conversation, unhex};
use crate::targets::{TARGETS, responder, safety_number, write_bundle};

/// Mutations per target; what is slow has fewer.
const ROUNDS: usize = 10_000;
const SLOW: [(&str, usize); 2] = [("bundle", 1_000), ("strange_keys", 120)];

/// Nothing of the protocol is longer.
const LONGEST: usize = 8_192;

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no corpus");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A few edits of a seed, such as lead into the corners of a decoder.
fn mutate(seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut below = |bound: usize| rng.next_u64() as usize % bound.max(1);
    let mut bytes = seeds[below(seeds.len())].clone();
    for _ in 0..=below(4) {
        let at = below(bytes.len());
        let length = below(bytes.len() - at).min(64);
        match below(9) {
            _ if bytes.is_empty() => bytes.push(below(256) as u8),
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
            // Lengths, counters and tags are mostly at the front.
            2 => {
                let at = below(bytes.len().min(48));
                bytes[at] = bytes[at].wrapping_add([1, 0xff, 8, 0xf8][below(4)]);
            }
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            6 => {
                let other = &seeds[below(seeds.len())];
                let from = below(other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            // A long number, and one that never ends.
            7 => drop(bytes.splice(at..at, [[0xff; 4], [0x80; 4]][below(2)])),
            _ => bytes[at..at + length].fill(below(256) as u8),
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn run(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let rounds = std::env::var("BLINDPOST_FUZZ_ROUNDS").map_or_else(
        |_| SLOW.into_iter().find(|(slow, _)| *slow == name).map_or(ROUNDS, |(_, rounds)| rounds),
        |rounds| rounds.parse().unwrap(),
    );
    let seeds = seeds(name);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mutations = (0..rounds).map(|_| mutate(&seeds, &mut rng));
    for input in seeds.iter().cloned().chain(mutations) {
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            let path = std::env::temp_dir().join(format!("blindpost-fuzz-{name}"));
            fs::write(&path, &input).unwrap();
            panic!("{name} panics on {}; put that into {}", path.display(), corpus(name).display());
        }
    }
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_is_run() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($name)),*]);
        }
    };
}

targets!(
    message,
    prekey_message,
    spqr_message,
    bundle,
    session_record,
    prekeys,
    keys,
    erasure,
    decryption_error,
    scannable,
    strange_keys,
);

#[test]
fn the_corpus_is_small() {
    let size = |target| seeds(target).iter().map(Vec::len).sum::<usize>();
    let sizes = TARGETS.map(|(target, _)| size(target));
    assert!(sizes.iter().sum::<usize>() <= 200 * 1024, "{sizes:?}");
}

/// A target that panics on one special input in a thousand million: mutation finds it.
#[test]
fn mutation_finds_a_planted_panic() {
    let planted = |bytes: &[u8]| bytes.len() > 40 && bytes[..2] == [0x44, 0x0a] && bytes[2] > 0x80;
    let seeds = seeds("message");
    assert!(!seeds.iter().any(|seed| planted(seed)));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert!((0..1_000).any(|_| planted(&mutate(&seeds, &mut rng))));
}

/// Writes the corpus: `cargo test -p ratchet --test it write_the_corpus -- --ignored`. From recorded
/// messages of official clients and a conversation of our own.
#[test]
#[ignore = "writes files"]
fn write_the_corpus() {
    let write = |target: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(corpus(target)).unwrap();
        fs::write(corpus(target).join(name), bytes).unwrap();
    };
    for (name, json) in [
        ("v3", include_str!("../vectors/v3-072-pingpong12.json")),
        ("v4", include_str!("../vectors/v4-072-pingpong12.json")),
        ("spqr", include_str!("../vectors/spqr-103-pingpong12.json")),
    ] {
        let recorded = Conversation::load(json);
        for (number, message) in recorded.messages.iter().enumerate().take(2) {
            let bytes = unhex(&message.ciphertext);
            let target = if message.r#type == 3 { "prekey_message" } else { "message" };
            write(target, &format!("official-{name}-{number}"), &bytes);
            let kind = MessageKind::from_code(message.r#type).unwrap();
            let error = DecryptionErrorMessage::for_original(&bytes, kind, 1_700_000_000_000, 1).unwrap();
            write("decryption_error", &format!("official-{name}-{number}"), &error.to_bytes());
        }
    }
    for suite in Suite::ALL {
        // A message that is accepted, and one of a new chain after some were passed over.
        let (mut a, mut b) = established_in(suite);
        write("message", &format!("own-{suite}-next"), &a.send(b"next").bytes);
        for _ in 0..3 {
            a.send(b"passed over");
        }
        let later = a.send(b"later").bytes;
        write("message", &format!("own-{suite}-later"), &later);
        let archived = b.bundle();
        a.initiate(&archived);
        let first = a.send(b"first").bytes;
        write("session_record", &format!("{suite}-unanswered"), &a.record.to_bytes());
        b.receive(&ratchet::Ciphertext { kind: MessageKind::Ratchet, bytes: later }).unwrap();
        write("session_record", &format!("{suite}-skipped"), &b.record.to_bytes());
        write("decryption_error", &format!("original-{suite}"), &first);

        let mut responder = responder();
        let mut initiator: Device = Device::speaking(Suites::only(suite), 3);
        let mut bundle = Device::new(2).bundle();
        assert_eq!(bundle.identity, responder.local.key_pair.public());
        initiator.initiate(&bundle);
        let first = initiator.send(b"hello");
        write("prekey_message", &format!("own-{suite}"), &first.bytes);
        responder.receive(&first).unwrap();
        if suite == Suite::X3dh {
            bundle.kem_prekey = None;
        }
        write("bundle", &suite.to_string(), &write_bundle(&bundle));
    }
    // Every state of the post-quantum ratchet, as stored; and its messages.
    let (mut a, mut b) = established_in(Suite::Triple);
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..100 {
        for (from, to) in [(0, 1), (1, 0)] {
            let sides = [&mut a, &mut b];
            let message = sides[from].send(b"on").bytes;
            let state = sides[from].record.status().unwrap().post_quantum.unwrap().state;
            if states.insert(state) {
                write("session_record", &format!("triple-{state}"), &sides[from].record.to_bytes());
                let fields = crate::fields::fields(&message[1..message.len() - 8]);
                write("spqr_message", &state.to_string(), fields[&5]);
            }
            sides[to].receive(&ratchet::Ciphertext { kind: MessageKind::Ratchet, bytes: message }).unwrap();
        }
    }
    write("session_record", "empty", &SessionRecord::default().to_bytes());
    let mut device = Device::new(2);
    let bundle = device.bundle();
    write("prekeys", "signed", &device.prekeys.signed[&1].to_bytes());
    write("prekeys", "one-time", &device.prekeys.one_time[&1].to_bytes());
    write("prekeys", "kem", &device.prekeys.kem[&1].to_bytes());
    let signature = device.local.key_pair.sign(b"message", &mut device.rng).to_bytes();
    let signed = [&device.local.key_pair.public().to_bytes()[..], b"message", &signature].concat();
    write("keys", "signed", &signed);
    write("keys", "signature", &signature);
    write("keys", "kem", &bundle.kem_prekey.unwrap().key.to_bytes());
    for (name, chunks) in
        [("in-order", vec![0, 1, 2]), ("parity", vec![7, 65_535, 300]), ("twice", vec![1, 1, 9, 2])]
    {
        let chunks =
            chunks.iter().flat_map(|index: &u16| [index.to_be_bytes().as_slice(), &[*index as u8]].concat());
        write("erasure", name, &std::iter::once(3).chain(chunks).collect::<Vec<u8>>());
    }
    write("scannable", "genuine", &safety_number(1, 2).scannable());
    write("scannable", "own", &safety_number(2, 1).scannable());
    // Of all-zero, all-one and well-formed keys, over most of an epoch.
    write("strange_keys", "none", &[7]);
    write("strange_keys", "zero", &[&[7][..], &[0; 2_600]].concat());
    write("strange_keys", "ones", &[&[7][..], &[0xff; 2_600]].concat());
}
