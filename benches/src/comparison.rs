//! The rounds: every contestant and primitive takes its turn in each, and of all rounds the median counts.

use indicatif::{ProgressBar, ProgressStyle};
use ratchet::{Backend, Suite};
use std::collections::BTreeMap;

use crate::contestant::Contestant;
use crate::floor;
use crate::official::{NotBuilt, Official};
use crate::olm::Olm;
use crate::operation::Operation;
use crate::ours::Ours;
use crate::primitive::Primitive;
use crate::stopwatch::time;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often everything takes its turn.
    pub rounds: u32,
    /// Iterations of a round are divided by this.
    pub divisor: u32,
}

impl Effort {
    /// For numbers that are kept.
    pub const FULL: Self = Self { rounds: 25, divisor: 1 };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 5, divisor: 4 };
}

/// What came out: medians, in microseconds.
pub struct Comparison {
    /// In the order of reports.
    pub contestants: Vec<Summary>,
    /// Of each primitive, with each provider.
    pub primitives: BTreeMap<(Primitive, &'static str), f64>,
}

/// A contestant's results.
pub struct Summary {
    /// Its name in reports.
    pub name: String,
    /// What it is, if it is ours.
    pub ours: Option<(Suite, Backend)>,
    /// Microseconds of each operation.
    pub micros: BTreeMap<Operation, f64>,
    /// The size of a session.
    pub serialized_size: usize,
}

struct Lane {
    contestant: Box<dyn Contestant>,
    ours: Option<(Suite, Backend)>,
    samples: BTreeMap<Operation, Vec<f64>>,
}

struct PrimitiveLane {
    key: (Primitive, &'static str),
    work: Box<dyn FnMut()>,
    samples: Vec<f64>,
}

/// Runs all rounds.
///
/// # Errors
/// When the official code can't be built.
pub fn run(effort: Effort) -> Result<Comparison, NotBuilt> {
    let mut lanes = lanes()?;
    let mut primitives = primitive_lanes();
    let progress = ProgressBar::new(effort.rounds.into());
    progress.set_style(ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} rounds").unwrap());
    progress.set_message("measuring");
    // The first round warms up and is thrown away.
    for round in 0..=effort.rounds {
        for operation in Operation::ALL {
            let iterations = (operation.iterations() / effort.divisor).max(1);
            for lane in &mut lanes {
                let took = lane.contestant.run(operation, iterations);
                let micros = took.as_secs_f64() * 1e6 / f64::from(iterations);
                lane.samples.entry(operation).or_default().extend((round > 0).then_some(micros));
            }
        }
        for lane in &mut primitives {
            let iterations = (lane.key.0.iterations() / effort.divisor).max(1);
            let took = time(|| (0..iterations).for_each(|_| (lane.work)()));
            let micros = took.as_secs_f64() * 1e6 / f64::from(iterations);
            lane.samples.extend((round > 0).then_some(micros));
        }
        // Whoever begins is after another one's cache misses: everybody in turn.
        lanes.rotate_left(1);
        progress.inc(u64::from(round > 0));
    }
    progress.finish_and_clear();
    lanes.sort_by_key(|lane| (lane.ours.map_or(9, |(suite, _)| 2 - suite as u32), lane.contestant.name()));
    Ok(Comparison {
        contestants: lanes.into_iter().map(Lane::summary).collect(),
        primitives: primitives.into_iter().map(|lane| (lane.key, median(lane.samples))).collect(),
    })
}

impl Comparison {
    /// The official code's time.
    #[must_use]
    pub fn official(&self, operation: Operation) -> f64 {
        let official = self.contestants.iter().find(|contestant| contestant.name == "official");
        official.map_or(f64::NAN, |official| official.micros[&operation])
    }

    /// The sum of an operation's primitives.
    #[must_use]
    pub fn floor(&self, operation: Operation, suite: Suite, provider: Backend) -> Option<f64> {
        let parts = floor::of(operation, suite)?;
        let time = |primitive: Primitive| self.primitives[&key(primitive, provider)];
        Some(parts.into_iter().map(|(times, primitive)| times * time(primitive)).sum())
    }

    /// The one that the targets are about: suite `triple` with the default provider.
    #[must_use]
    pub fn judged(&self) -> &Summary {
        let judged = Some((Suite::Triple, Backend::ALL[0]));
        self.contestants.iter().find(|contestant| contestant.ours == judged).expect("takes part")
    }
}

impl Lane {
    fn summary(mut self) -> Summary {
        Summary {
            name: self.contestant.name(),
            ours: self.ours,
            serialized_size: self.contestant.serialized_size(),
            micros: self
                .samples
                .into_iter()
                .map(|(operation, samples)| (operation, median(samples)))
                .collect(),
        }
    }
}

fn lanes() -> Result<Vec<Lane>, NotBuilt> {
    let mut lanes = Vec::new();
    let mut add = |contestant: Box<dyn Contestant>, ours| {
        lanes.push(Lane { contestant, ours, samples: BTreeMap::new() });
    };
    add(Box::new(Official::build_and_start()?), None);
    add(Box::<Olm>::default(), None);
    for suite in [Suite::Triple, Suite::Pqxdh, Suite::X3dh] {
        for provider in Backend::ALL {
            add(Box::new(Ours::new(suite, *provider)), Some((suite, *provider)));
        }
    }
    Ok(lanes)
}

fn primitive_lanes() -> Vec<PrimitiveLane> {
    let mut lanes = Vec::new();
    for primitive in Primitive::ALL {
        for provider in Backend::ALL {
            let key = key(primitive, *provider);
            if lanes.iter().all(|lane: &PrimitiveLane| lane.key != key) {
                lanes.push(PrimitiveLane { key, work: primitive.prepare(*provider), samples: Vec::new() });
            }
        }
    }
    lanes
}

fn key(primitive: Primitive, provider: Backend) -> (Primitive, &'static str) {
    (primitive, if primitive.depends_on_provider() { provider.name() } else { "" })
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
