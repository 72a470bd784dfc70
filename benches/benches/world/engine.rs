//! The engine with entities that do nothing but wait.

use blindpost_benches::stopwatch;
use kernel::Time;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use world::engine::{Agenda, Engine, Lane};

const LANES: u32 = 64;
const LOOKAHEAD: Duration = Duration::from_millis(5);

/// Some of the entities; each has what the machine of a consumer has at least.
struct Crowd {
    states: Vec<[u64; 32]>,
}

impl Lane for Crowd {
    type Event = u32;

    /// The entity looks at its state, and waits again: up to a second.
    fn handle(&mut self, _: Time, entity: u32, agenda: &mut Agenda<'_, u32>) {
        let Some(state) = self.states.get_mut(usize::try_from(entity).unwrap_or(0)) else { return };
        let draw = state[0].wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state[0] = draw;
        state[31] = state[31].wrapping_add(draw);
        agenda.after(Duration::from_micros(1 + (draw >> 44)), entity);
    }
}

/// All entities, each with one event on its way.
pub(crate) struct Entities {
    engine: Engine<Crowd>,
    /// How much virtual time is taken at once.
    step: Duration,
}

impl Entities {
    pub(crate) fn new(count: u32) -> Self {
        let each = count / LANES;
        let states = |lane: u32| (0..each).map(move |entity| [u64::from(lane << 20 | entity); 32]).collect();
        let lanes = (0..LANES).map(|lane| Crowd { states: states(lane) });
        let start = Time::from_secs(1_790_000_000);
        let mut engine = Engine::new(lanes.collect(), LOOKAHEAD, start);
        for lane in 0..LANES {
            (0..each).for_each(|entity| {
                engine.schedule(lane, start + Duration::from_micros(u64::from(entity) * 60), entity);
            });
        }
        Self { engine, step: Duration::from_millis(50) }
    }

    /// How long so many events take, on one thread.
    pub(crate) fn handle(&mut self, events: u64) -> Duration {
        let (before, mut took) = (self.engine.handled(), Duration::ZERO);
        while self.engine.handled() < before + events {
            let until = self.engine.now() + self.step;
            took += stopwatch::time(|| {
                let _ = self.engine.run_until(until, NonZeroUsize::MIN, &AtomicBool::new(false));
            });
        }
        let handled = self.engine.handled() - before;
        took.mul_f64(events as f64 / handled as f64)
    }
}
