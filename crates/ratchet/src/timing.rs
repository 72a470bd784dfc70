//! Whether the time that something takes depends on a secret: a test in the manner of dudect
//! (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017).
//!
//! Two classes of input that must take the same time are measured in random order, and Welch's
//! t-test says whether they do. On a shared machine a short run finds gross leaks only: a branch
//! around a multiplication, an early exit (over the 8 bytes of a MAC it was planted, and gave |t| =
//! 100). It says nothing about a cycle here or there; for that, on a quiet machine:
//!
//! ```text
//! BLINDPOST_TIMING_SECONDS=300 cargo nextest run -p ratchet --no-capture timing
//! ```
//!
//! What is compared, and why:
//!
//! - a tag that is wrong in its first byte with one that is wrong in its last: if they differ, a
//!   forger finds a tag byte by byte;
//! - a KEM ciphertext that is genuine with one that is not: the rejection is implicit, so nobody may
//!   see which it was;
//! - one private key with all others: the time must not tell anything of the key.
//!
//! Padding is not among them. It is looked at only under a MAC that was found right, so that whoever
//! could vary it has the keys.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::chain::MessageSeed;
use crate::curve::{KeyPair, PublicKey};
use crate::identity::IdentityKey;
use crate::message::{Outgoing, RatchetMessage};
use crate::provider::{Backend, BraidKem, Kem, Key, Kyber1024, MlKem768, Native, Wire};
use crate::safety_number::{Identified, SafetyNumber};
use crate::suite::Version;

/// Beyond this, what a short run sees is a leak. dudect's own are 10 for a leak and 500 for one
/// beyond doubt; neighbours on the machine alone can give 5.
const SHORT: Run = Run { budget: Duration::from_millis(700), threshold: 25.0 };
const LONG_THRESHOLD: f64 = 10.0;

/// A run that finds a leak is repeated so often before it is believed.
const ATTEMPTS: u64 = 3;

/// Measurements that are never reached, to bound memory.
const MOST: usize = 4_000_000;

struct Run {
    budget: Duration,
    threshold: f64,
}

impl Run {
    fn wanted() -> Self {
        match std::env::var("BLINDPOST_TIMING_SECONDS") {
            Ok(seconds) => {
                Self { budget: Duration::from_secs(seconds.parse().unwrap()), threshold: LONG_THRESHOLD }
            }
            Err(_) => SHORT,
        }
    }
}

/// Which of the two classes a measurement is of.
type Class = bool;

/// Fails if the two classes take different times. `prepare` makes an input of a class, which is not
/// measured, and `act` takes it.
fn assert_constant_time<I, O>(
    what: &str,
    mut prepare: impl FnMut(Class, &mut ChaCha8Rng) -> I,
    mut act: impl FnMut(&I) -> O,
) {
    let run = Run::wanted();
    let mut found = Vec::new();
    for attempt in 0..ATTEMPTS {
        let t = measure(&run, attempt, &mut prepare, &mut act);
        println!("{what}: |t| = {t:.1}");
        if t < run.threshold {
            return;
        }
        found.push(t);
    }
    panic!("{what} takes a time that depends on its class: |t| = {found:.1?}");
}

fn measure<I, O>(
    run: &Run,
    attempt: u64,
    mut prepare: impl FnMut(Class, &mut ChaCha8Rng) -> I,
    mut act: impl FnMut(&I) -> O,
) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(attempt);
    let mut times: Vec<(Class, f64)> = Vec::new();
    let end = now() + run.budget;
    while now() < end && times.len() < MOST {
        for _ in 0..100 {
            let class = rng.next_u32() & 1 == 1;
            let input = black_box(prepare(class, &mut rng));
            let started = now();
            black_box(act(&input));
            times.push((class, started.elapsed().as_nanos() as f64));
        }
    }
    // What the caches and the clock do at first.
    times.drain(..times.len() / 10);
    largest_t(&times)
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// The largest of the statistics with all measurements and with the slowest left out, which are
/// interrupts and neighbours.
fn largest_t(times: &[(Class, f64)]) -> f64 {
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let cuts = [50, 75, 90, 95, 99, 100].map(|percent| sorted[(sorted.len() - 1) * percent / 100]);
    cuts.iter().map(|cut| welch(times.iter().filter(|(_, time)| time <= cut)).abs()).fold(0.0, f64::max)
}

/// Welch's t: the difference of the means in units of its standard error.
fn welch<'a>(times: impl Iterator<Item = &'a (Class, f64)>) -> f64 {
    let mut classes = [Moments::default(), Moments::default()];
    times.for_each(|(class, time)| classes[usize::from(*class)].push(*time));
    let [a, b] = classes;
    let error = (a.variance() / a.count + b.variance() / b.count).sqrt();
    if a.count < 2.0 || b.count < 2.0 || error == 0.0 { 0.0 } else { (a.mean - b.mean) / error }
}

/// Mean and variance as they go (Welford).
#[derive(Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn push(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }
}

fn random<const N: usize>(rng: &mut ChaCha8Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// The place of the byte that is wrong: the first or the last.
fn place(class: Class, length: usize) -> usize {
    if class { length - 1 } else { 0 }
}

#[test]
fn the_statistic_is_welchs() {
    // Worked by hand: means 2 and 6, variances 1 and 4, three of each.
    let times = [(false, 1.0), (false, 2.0), (false, 3.0), (true, 4.0), (true, 6.0), (true, 8.0)];
    assert!((welch(times.iter()) - -4.0 / (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
}

/// The check can fail: it sees a comparison that stops at the first difference.
#[test]
fn a_comparison_with_an_early_exit_is_found() {
    let secret = [7; 4_096];
    let prepare = |class, _: &mut ChaCha8Rng| {
        let mut guess = secret;
        guess[place(class, secret.len())] ^= 1;
        guess
    };
    let leaky = |guess: &[u8; 4_096]| secret.iter().zip(guess).all(|(a, b)| black_box(a) == black_box(b));
    let t = measure(&SHORT, 0, prepare, leaky);
    assert!(t > 4.0 * SHORT.threshold, "|t| = {t:.1}");
}

#[test]
fn where_a_message_mac_is_wrong_does_not_show() {
    let identity = IdentityKey::from(PublicKey::from_raw([1; 32]));
    let keys = MessageSeed::<Native>::new(Key::new([2; 32])).message_keys(None);
    let genuine = Outgoing {
        version: Version::V4,
        ratchet_key: PublicKey::from_raw([9; 32]),
        counter: 0,
        previous_counter: 0,
        pq_ratchet: None,
        addresses: None,
        plaintext: b"hello",
    }
    .seal(&keys, &identity, &identity);
    let prepare = |class, _: &mut ChaCha8Rng| {
        let mut message = genuine.clone();
        let mac = message.len() - 8;
        message[mac + place(class, 8)] ^= 1;
        RatchetMessage::parse(&message).unwrap()
    };
    assert_constant_time("message MAC", prepare, |message| message.is_authentic(&keys, &identity, &identity));
}

#[test]
fn where_a_safety_number_differs_does_not_show() {
    let key = |byte| IdentityKey::from(PublicKey::from_raw([byte; 32]));
    let (a, b) = (Identified { id: &[1; 16], key: key(1) }, Identified { id: &[2; 16], key: key(2) });
    let (here, code) = (SafetyNumber::between(&a, &b), SafetyNumber::between(&b, &a).scannable());
    let prepare = |class, _: &mut ChaCha8Rng| {
        let mut code = code.clone();
        let half = 6 + place(class, 32);
        code[half] ^= 1;
        code
    };
    assert_constant_time("safety number", prepare, |code| here.matches(code).is_ok());
}

#[test]
fn whether_a_kyber_ciphertext_is_genuine_does_not_show() {
    let secret = Kyber1024::secret_key(&Wire::from_wire(&[5; 64]));
    let public = Kyber1024::public_key(&secret);
    let prepare = |class: Class, rng: &mut ChaCha8Rng| {
        let (mut ciphertext, _) = Kyber1024::encapsulate(&public, &random(rng));
        // In both classes the same is done; the same byte is written over itself in one of them.
        ciphertext[700] ^= u8::from(class);
        ciphertext
    };
    let decapsulate =
        |ciphertext: &<Kyber1024 as Kem>::Ciphertext| Kyber1024::decapsulate(&secret, ciphertext);
    assert_constant_time("Kyber decapsulation", prepare, decapsulate);
}

#[test]
fn whether_an_ml_kem_ciphertext_is_genuine_does_not_show() {
    let keys = MlKem768::key_pair(&[5; 64]);
    let prepare = |class: Class, rng: &mut ChaCha8Rng| {
        let (encapsulation, mut ct1, _) = MlKem768::begin(MlKem768::header(&keys), &random(rng));
        let ct2 = MlKem768::finish(&encapsulation, MlKem768::vector(&keys));
        ct1[700] ^= u8::from(class);
        (ct1, ct2)
    };
    assert_constant_time("ML-KEM decapsulation", prepare, |(ct1, ct2)| {
        MlKem768::decapsulate(&keys, ct1, ct2)
    });
}

#[test]
fn nothing_of_a_private_key_shows_in_agreement() {
    let theirs = KeyPair::<Native>::from_private_bytes(&[3; 32]).public;
    for backend in Backend::ALL {
        backend.install();
        let prepare = |class: Class, rng: &mut ChaCha8Rng| {
            // The key of class `false` has as few bits as a clamped one can have.
            let drawn: [u8; 32] = random(rng);
            KeyPair::<Native>::from_private_bytes(&drawn.map(|byte| if class { byte } else { 0 }))
        };
        let what = format!("X25519 of {backend}");
        assert_constant_time(&what, prepare, |private| private.agree(&theirs).ok());
    }
}
