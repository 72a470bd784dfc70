//! How many events a second are compared, of the kind that a relay sees.
//! `cargo run --release -p privacy --example equal_rate`
#![allow(clippy::print_stdout, reason = "it prints its measurement")]
#![allow(clippy::disallowed_methods, reason = "it measures the time that passes")]

use std::time::Instant;

use privacy::{
    DataClass,
    equal::{Event, Value, compare},
};

const EVENTS: u64 = 1_000_000;

fn main() {
    let (left, right) = (view(1), view(2));
    let started = Instant::now();
    let difference = compare(&left, &right);
    let rate = EVENTS as f64 / started.elapsed().as_secs_f64();
    println!("{EVENTS} events, equal: {}, {rate:.0} events/s", difference.is_none());
}

/// Envelopes between a thousand numbers, each with an identifier of the run's own and masked bytes.
fn view(run: u64) -> Vec<Event> {
    (0..EVENTS)
        .map(|index| {
            let id = [index.to_be_bytes(), (index ^ run).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()];
            Event::new(index * 17, "submit")
                .with("from", Some(DataClass::BusinessAddress), Value::Number((index % 50).into()))
                .with("to", Some(DataClass::ConsumerAddress), Value::Number((index % 1_000).into()))
                .with("id", Some(DataClass::Routing), Value::Fresh(id.concat()))
                .with("kind", None, Value::Text("envelope".to_owned()))
                .with("ciphertext", Some(DataClass::PaddedSize), Value::Masked { len: 256 })
        })
        .collect()
}
