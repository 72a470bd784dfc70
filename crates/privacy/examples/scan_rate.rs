//! How fast a scanner with 200 canaries goes through bytes of several kinds.
//! `cargo run --release -p privacy --example scan_rate`
#![allow(clippy::print_stdout, reason = "it prints its measurement")]
#![allow(clippy::disallowed_methods, reason = "it measures the time that passes")]

use std::time::Instant;

use privacy::{Canary, CanaryError, DataClass, Scanner};

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 4_000;

fn main() -> Result<(), CanaryError> {
    let mut random = Random(1);
    let canaries: Vec<_> = (0..200)
        .map(|index| {
            let value: Vec<u8> = (0..24).map(|_| random.byte()).collect();
            Canary::new(&format!("canary-{index}"), DataClass::Content, value)
        })
        .collect();
    let built = Instant::now();
    let scanner = Scanner::new(canaries)?;
    println!("200 canaries, built in {} ms", built.elapsed().as_millis());
    let hex = |byte: u8| char::from_digit(u32::from(byte & 15), 16).map_or(b'0', |digit| digit as u8);
    measure("random bytes", &scanner, || random.byte());
    measure("hexadecimal", &scanner, || hex(random.byte()));
    measure("text", &scanner, || random.byte() % 64 + 64);
    let mut percent = 0_u8;
    measure("percent-encoded", &scanner, || {
        percent = (percent + 1) % 3;
        if percent == 1 { b'%' } else { hex(random.byte()) }
    });
    Ok(())
}

fn measure(name: &str, scanner: &Scanner, mut byte: impl FnMut() -> u8) {
    let chunks: Vec<Vec<u8>> = (0..16).map(|_| (0..CHUNK).map(|_| byte()).collect()).collect();
    let mut stream = scanner.stream();
    let started = Instant::now();
    let found: usize = chunks.iter().cycle().take(CHUNKS).map(|chunk| stream.feed(chunk).len()).sum();
    let megabytes = stream.scanned() as f64 / 1e6;
    println!("{name:16} {:6.0} MB/s, {found} found", megabytes / started.elapsed().as_secs_f64());
}

/// xorshift64*: enough to have no pattern.
struct Random(u64);

impl Random {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let [.., high] = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes();
        high
    }
}
