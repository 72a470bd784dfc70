//! What a simulated message costs by number of consumers, in both crypto modes, and what the bare engine does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark may panic"
)]

#[path = "world/engine.rs"]
mod engine;
#[path = "world/messages.rs"]
mod messages;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::Entities;
use messages::Messages;
use std::time::Duration;

/// As the program has it.
#[global_allocator]
static MEMORY: live::WipingAllocator = live::wiping_allocator();

/// Who waits in the bare engine's queue.
const ENTITIES: u32 = 1_000_000;

fn bare_engine(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(5));
    let mut entities = None;
    group.bench_function("event", |b| {
        let entities = entities.get_or_insert_with(|| Entities::new(ENTITIES));
        b.iter_custom(|events| entities.handle(events));
    });
    group.finish();
}

fn message(c: &mut Criterion) {
    for (crypto, consumers) in
        [("modelled", &[1_000, 10_000, 100_000, 1_000_000][..]), ("real", &[1_000, 10_000])]
    {
        let mut group = c.benchmark_group(crypto);
        group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(8));
        for count in consumers {
            // Criterion calls this for each sample; they are of one run.
            let mut run = None;
            group.bench_function(BenchmarkId::from_parameter(count), |b| {
                let messages = run.get_or_insert_with(|| Messages::new(crypto, *count));
                b.iter_custom(|count| messages.make(count));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bare_engine, message);
criterion_main!(benches);
