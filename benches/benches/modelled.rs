//! What the one state machine costs with modelled cryptography: time of each operation, memory and stored size of
//! sessions.

#![allow(clippy::print_stdout, reason = "it talks to a person at a terminal")]
#![allow(clippy::cast_precision_loss, reason = "counts are small")]

use blindpost_benches::{contestant::Contestant as _, memory, operation::Operation, ours::Ours, sizes};
use ratchet::{Modelled, Suite};

const ROUNDS: u32 = 31;
const SESSIONS: u32 = 200_000;

fn main() {
    let bytes = memory::grow_by::<Modelled>(Suite::Triple, SESSIONS);
    println!("memory of a session at rest: {} B", bytes / u64::from(SESSIONS));
    println!("stored: {:?}", sizes::of::<Modelled>(Suite::Triple));
    let mut ours = Ours::modelled(Suite::Triple);
    for operation in Operation::ALL {
        let iterations = operation.iterations();
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| ours.run(operation, iterations).as_nanos() as f64 / f64::from(iterations))
            .collect();
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        println!("{}: {median:.0} ns", operation.title());
    }
}
