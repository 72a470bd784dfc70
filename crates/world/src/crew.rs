//! The parties of a run in their engine, with real cryptography or modelled: the one place where that is chosen.

use crate::engine::{Engine, Outcome};
use crate::fate;
use crate::lanes::{Cryptography, Event, PartyLane, cast};
use crate::notes::Notes;
use crate::options::Options;
use crate::plan::Plan;
use crate::record::Who;
use cloud::ConfigError;
use endpoint::{Modelled, Native};
use kernel::{Row, Time};
use scenario::Crypto;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All lanes of a run.
pub(crate) enum Crew {
    Real(Engine<PartyLane<Native>>),
    Modelled(Engine<PartyLane<Modelled>>),
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
    /// All parties, with the first that happens to them.
    pub(crate) fn new(plan: &Arc<Plan>, options: &Options) -> Result<Self, ConfigError> {
        Ok(match plan.scenario().crypto {
            Crypto::Real => Self::Real(engine(plan, options)?),
            Crypto::Modelled => Self::Modelled(engine(plan, options)?),
        })
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

    /// The keys that the parties of a lane have drawn since this was last asked.
    pub(crate) fn drawn(&mut self, lane: u32) -> Vec<[u8; 32]> {
        either!(self, engine => engine.with_lane(lane, PartyLane::drawn)).unwrap_or_default()
    }

    /// Everything on a party's disk.
    pub(crate) fn disk(&mut self, lane: u32, who: Who) -> Vec<Row> {
        either!(self, engine => {
            let now = engine.now();
            engine.with_lane(lane, |lane| lane.disk(now, who))
        })
        .unwrap_or_default()
    }

    /// Makes a party's machine speak before what it promises is durable.
    pub(crate) fn sabotage(&mut self, lane: u32, who: Who) {
        either!(self, engine => engine.with_lane(lane, |lane| lane.sabotage(who)));
    }

    /// Something from outside happens now.
    pub(crate) fn schedule(&mut self, lane: u32, event: Event) {
        either!(self, engine => engine.schedule(lane, engine.now(), event));
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

fn engine<P: Cryptography>(plan: &Arc<Plan>, options: &Options) -> Result<Engine<PartyLane<P>>, ConfigError> {
    let mut engine = Engine::new(cast(plan, options)?, plan.lookahead(), plan.start()).with_grain(P::GRAIN);
    for lane in 0..plan.lanes() {
        let mut first = Vec::new();
        engine
            .with_lane(lane, |lane: &mut PartyLane<P>| lane.begin(plan, |at, event| first.push((at, event))));
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
    for (who, restore) in calamities.restores() {
        engine.schedule(plan.lane_of(who), restore.copied, Event::Copy(who));
        engine.schedule(plan.lane_of(who), restore.at, Event::PutBack(who, restore.copied));
    }
    for (at, who) in fate::time_outs(plan) {
        engine.schedule(plan.lane_of(who), at, Event::TimedOut(who));
    }
    Ok(engine)
}
