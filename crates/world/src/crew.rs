//! The parties of a run in their engine, real or modelled.

use crate::engine::{Engine, Outcome};
use crate::plan::Plan;
use crate::real::Event;
use crate::real::notes::Notes;
use crate::{modelled, real};
use kernel::Time;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All lanes of a run.
pub(crate) enum Crew {
    Real(Engine<real::PartyLane>),
    Modelled(Engine<modelled::PartyLane>),
}

/// The same for either engine.
macro_rules! either {
    ($crew:expr, $engine:ident => $do:expr) => {
        match $crew {
            Self::Real($engine) => $do,
            Self::Modelled($engine) => $do,
        }
    };
}

impl Crew {
    /// Events of a round that are worth sharing: they take about a millisecond.
    const GRAIN: u64 = 16;
    /// The same for events that take less.
    const MODELLED_GRAIN: u64 = 128;

    /// Real parties, with the first that happens to them.
    pub(crate) fn real(lanes: Vec<real::PartyLane>, plan: &Plan) -> Self {
        let mut engine = Engine::new(lanes, plan.lookahead(), plan.start()).with_grain(Self::GRAIN);
        for lane in 0..plan.lanes() {
            let mut first = Vec::new();
            engine.with_lane(lane, |lane| lane.begin(plan, |at, event| first.push((at, event))));
            first.into_iter().for_each(|(at, event)| engine.schedule(lane, at, event));
        }
        let calamities = plan.calamities();
        for (at, who) in calamities.crashes() {
            engine.schedule(plan.lane_of(who), at, Event::Stop(who));
        }
        for (at, who, effects) in calamities.interruptions() {
            engine.schedule(plan.lane_of(who), at, Event::StopAfter(who, effects));
        }
        for (at, who) in calamities.losses() {
            engine.schedule(plan.lane_of(who), at, Event::Lost(who.index()));
        }
        for (at, who) in calamities.time_outs(plan) {
            engine.schedule(plan.lane_of(who), at, Event::TimedOut(who));
        }
        Self::Real(engine)
    }

    /// Modelled parties, with the first that happens to them.
    pub(crate) fn modelled(lanes: Vec<modelled::PartyLane>, plan: &Plan) -> Self {
        let engine = Engine::new(lanes, plan.lookahead(), plan.start());
        let mut engine = engine.with_grain(Self::MODELLED_GRAIN);
        for lane in 0..plan.lanes() {
            let mut first = Vec::new();
            engine.with_lane(lane, |lane| lane.begin(|at, event| first.push((at, event))));
            first.into_iter().for_each(|(at, event)| engine.schedule(lane, at, event));
        }
        for (at, who) in plan.calamities().time_outs(plan) {
            engine.schedule(plan.lane_of(who), at, modelled::Event::TimedOut(who));
        }
        Self::Modelled(engine)
    }

    pub(crate) fn run_until(&mut self, until: Time, threads: NonZeroUsize, stop: &AtomicBool) -> Outcome {
        either!(self, engine => engine.run_until(until, threads, stop))
    }

    pub(crate) const fn now(&self) -> Time {
        either!(self, engine => engine.now())
    }

    pub(crate) fn handled(&self) -> u64 {
        either!(self, engine => engine.handled())
    }

    /// Looks into what a lane has noted.
    pub(crate) fn with_notes<T>(&mut self, lane: u32, look: impl FnOnce(&mut Notes) -> T) -> Option<T> {
        either!(self, engine => engine.with_lane(lane, |lane| look(lane.notes())))
    }

    /// Looks into a lane, if it has real parties.
    pub(crate) fn with_real<T>(
        &mut self,
        lane: u32,
        look: impl FnOnce(&mut real::PartyLane) -> T,
    ) -> Option<T> {
        match self {
            Self::Real(engine) => engine.with_lane(lane, look),
            Self::Modelled(_) => None,
        }
    }

    /// Something from outside happens to real parties.
    pub(crate) fn schedule(&mut self, lane: u32, at: Time, event: Event) {
        if let Self::Real(engine) = self {
            engine.schedule(lane, at, event);
        }
    }

    /// Goes on with another plan.
    pub(crate) fn fork(&mut self, plan: &Arc<Plan>) {
        either!(self, engine => {
            engine.set_lookahead(plan.lookahead());
            for lane in 0..plan.lanes() {
                engine.with_lane(lane, |lane| lane.fork(plan));
            }
        });
    }
}
