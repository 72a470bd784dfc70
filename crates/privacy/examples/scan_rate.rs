//! How fast a scanner goes through bytes of several kinds, with 200 and with 10,000 canaries, beside the floor: counting
//! one byte in the same bytes, which is as fast as memory and vector instructions are.
//! `cargo run --release -p privacy --example scan_rate`
#![allow(clippy::print_stdout, reason = "it prints its measurement")]
#![allow(clippy::disallowed_methods, reason = "it measures the time that passes")]

use std::{hint::black_box, time::Instant};

use privacy::{Canary, CanaryError, DataClass, Scanner};

const CHUNK: usize = 64 * 1024;
/// 16 MiB: more than the caches close to a core.
const CHUNKS: usize = 256;
const ROUNDS: usize = 8;
const ATTEMPTS: usize = 5;

fn main() -> Result<(), CanaryError> {
    let mut random = Random(1);
    let kinds = kinds(&mut random);
    for count in [200, 10_000] {
        for (numbers, with) in [(false, "texts and keys"), (true, "texts, keys and phone numbers")] {
            let canaries: Vec<_> = (0..count).map(|index| random.canary(index, numbers)).collect();
            let built = Instant::now();
            let scanner = Scanner::new(canaries)?;
            println!("{count} canaries, {with}: built in {} ms", built.elapsed().as_millis());
            for (name, chunks) in &kinds {
                measure(name, &scanner, chunks);
            }
        }
    }
    Ok(())
}

fn kinds(random: &mut Random) -> [(&'static str, Vec<Vec<u8>>); 5] {
    let mut percent = 0_u8;
    [
        ("random bytes", filled(|| random.byte())),
        ("hexadecimal", filled(|| random.hex())),
        ("text", filled(|| random.byte() % 64 + 48)),
        ("digits", filled(|| random.byte() % 10 + b'0')),
        (
            "percent-encoded",
            filled(|| {
                percent = (percent + 1) % 3;
                if percent == 1 { b'%' } else { random.hex() }
            }),
        ),
    ]
}

fn filled(mut byte: impl FnMut() -> u8) -> Vec<Vec<u8>> {
    (0..CHUNKS).map(|_| (0..CHUNK).map(|_| byte()).collect()).collect()
}

/// The best of some attempts: the machine does other things too.
fn measure(name: &str, scanner: &Scanner, chunks: &[Vec<u8>]) {
    let mut found = 0;
    let scan = best(|| {
        let mut stream = scanner.stream();
        found = chunks.iter().cycle().take(CHUNKS * ROUNDS).map(|chunk| stream.feed(chunk).len()).sum();
    });
    let floor = best(|| {
        let count = |chunk: &Vec<u8>| chunk.iter().filter(|byte| **byte == 0x1f).count();
        black_box(chunks.iter().cycle().take(CHUNKS * ROUNDS).map(count).sum::<usize>());
    });
    let times = scan / floor;
    let rate = (CHUNKS * ROUNDS * CHUNK) as f64 / 1e6 / scan;
    println!("  {name:16} {rate:6.0} MB/s, {times:5.1} times the floor, {found} found");
}

fn best(mut work: impl FnMut()) -> f64 {
    let mut attempt = || {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    (0..ATTEMPTS).map(|_| attempt()).fold(f64::INFINITY, f64::min)
}

/// xorshift64*: enough to have no pattern.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn byte(&mut self) -> u8 {
        let [.., high] = self.next().to_le_bytes();
        high
    }

    fn hex(&mut self) -> u8 {
        b"0123456789abcdef".get(usize::from(self.byte() & 15)).copied().unwrap_or_default()
    }

    /// A text, a key or a number.
    fn canary(&mut self, index: u32, numbers: bool) -> Canary {
        let name = format!("canary-{index}");
        match index % 4 {
            0 if numbers => Canary::number(
                &name,
                DataClass::ConsumerAddress,
                491_500_000_000 + self.next() % 100_000_000_000,
            ),
            0 | 1 => Canary::new(&name, DataClass::Secret, (0..24).map(|_| self.byte()).collect::<Vec<_>>()),
            _ => {
                let text: String = (0..24).map(|_| char::from(b'a' + self.byte() % 26)).collect();
                Canary::new(&name, DataClass::Content, text)
            }
        }
    }
}
