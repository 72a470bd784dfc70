//! What the relay's and all machines' code costs: no socket, no disk. `cargo xtask benchmarks` runs this.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark may panic"
)]

#[path = "paths/path.rs"]
mod path;

use criterion::{Criterion, criterion_group, criterion_main};
use path::Path;
use ratchet::Backend;

/// As the program has it.
#[global_allocator]
static MEMORY: live::WipingAllocator = live::wiping_allocator();

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
    // The same with whoever else is built in: what the primitives' implementation is worth on the whole way.
    for provider in Backend::ALL.iter().skip(1) {
        provider.install();
        group.bench_function(format!("whole_path_one_way_{}", provider.name()), |b| {
            let mut path = Path::new();
            b.iter(|| path.business_to_consumer());
        });
    }
    group.finish();
}

criterion_group!(benches, paths);
criterion_main!(benches);
