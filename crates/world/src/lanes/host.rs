//! A machine on a modelled computer: a processor that is busy, a disk that takes its time, a clock that may be wrong,
//! and power that may fail.

use crate::conditions::{Conditions, Disk};
use crate::processor::Processor;
use crate::record::Who;
use crate::violation::Violation;
use kernel::{Effects, Machine, Rng, Row, Seed, Time, Transaction};
use std::collections::VecDeque;
use std::time::Duration;
use store::Shadow;

/// One party's computer.
pub(crate) struct Host<M: Machine> {
    pub(crate) who: Who,
    config: M::Config,
    machine: Option<M>,
    /// `None` where nothing will ever be read from it.
    disk: Option<Shadow>,
    rng: Rng,
    processor: Processor,
    conditions: Conditions,
    in_flight: VecDeque<Commit<M::Output>>,
    /// Counts starts: what was meant for an earlier one is void.
    pub(crate) incarnation: u32,
    /// When the next alarm rings.
    alarm: Option<Time>,
    /// The last time at which the host is called because something is durable: once for all that is durable then.
    called: Option<Time>,
    /// Effects (a transaction, or an output) until the power fails; `None`: it doesn't.
    pub(crate) effects_left: Option<u64>,
    /// Outputs go out before what they promise is durable: a machine that must be caught.
    pub(crate) speaks_too_soon: bool,
}

struct Commit<O> {
    at: Time,
    /// Whether anything is written, even where nobody keeps it.
    writes: bool,
    transaction: Transaction,
    outputs: Vec<O>,
}

/// What a host is to be called for, at its own lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Something is durable.
    Durable(Time),
    /// The alarm rings.
    Wake(Time),
}

/// Why a host has no power any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The power failed between two effects.
    Power,
    /// The disk takes no more.
    DiskFull,
    /// A bug.
    Bug(Violation),
}

impl<M: Machine> Host<M>
where
    M::Config: Clone,
{
    pub(crate) fn new(seed: &Seed, who: Who, config: M::Config, drive: Disk, conditions: Conditions) -> Self {
        let mut rng = Rng::for_entity(seed, &who.to_string());
        if conditions.tapped {
            rng.tap();
        }
        Self {
            rng,
            who,
            config,
            machine: None,
            disk: conditions.keeps_disk.then(Shadow::default),
            processor: Processor::new(drive),
            conditions,
            in_flight: VecDeque::new(),
            incarnation: 0,
            alarm: None,
            called: None,
            effects_left: None,
            speaks_too_soon: false,
        }
    }

    /// Starts the machine from what is on the disk.
    pub(crate) fn start(&mut self, now: Time) -> Result<(), Violation> {
        let rows = match &mut self.disk {
            Some(disk) => disk.load(M::TABLES).map_err(|error| error.to_string()),
            None => Ok(Vec::new()),
        };
        let machine =
            rows.and_then(|rows| M::restore(self.config.clone(), rows).map_err(|error| error.to_string()));
        self.machine = Some(machine.map_err(|what| self.violation(now, what))?);
        self.incarnation += 1;
        self.processor.start(now);
        self.alarm = None;
        self.called = None;
        Ok(())
    }

    /// The power fails: what was not on the disk is gone, and what it would have allowed is never said.
    pub(crate) fn stop(&mut self, now: Time) -> Option<Violation> {
        let violation = self.settle(now).err();
        self.machine = None;
        self.in_flight.clear();
        self.effects_left = None;
        violation
    }

    /// A device that has no power is gone with its disk: another one takes its place.
    pub(crate) fn replace(&mut self, seed: &Seed, config: M::Config) {
        self.disk = self.disk.as_ref().map(|_| Shadow::default());
        self.rng = Rng::for_entity(seed, &format!("{}/{}", self.who, self.incarnation + 1));
        if self.conditions.tapped {
            self.rng.tap();
        }
        self.config = config;
    }

    /// The keys that the machine has drawn since this was last asked, if somebody wants to know.
    pub(crate) fn drawn(&mut self) -> Vec<[u8; 32]> {
        self.rng.tapped()
    }

    pub(crate) fn config(&self) -> &M::Config {
        &self.config
    }

    pub(crate) fn is_up(&self) -> bool {
        self.machine.is_some()
    }

    pub(crate) fn machine(&self) -> Option<&M> {
        self.machine.as_ref()
    }

    /// Something happens to the machine, and takes its processor so long.
    pub(crate) fn handle(
        &mut self,
        now: Time,
        input: M::Input,
        takes: Duration,
    ) -> impl Iterator<Item = Call> + use<M> {
        let clock = self.conditions.clock(now);
        let mut effects = self.no_effects();
        let rng = &mut self.rng;
        if let Some(machine) = &mut self.machine {
            effects.step(clock, rng, |step| machine.on_input(input, step));
        }
        self.follow(now, effects, takes)
    }

    /// The alarm rings: the machine may have something to do.
    pub(crate) fn wake(&mut self, now: Time) -> impl Iterator<Item = Call> + use<M> {
        self.alarm = None;
        let clock = self.conditions.clock(now);
        let due = |machine: &&mut M| machine.wake_at().is_some_and(|at| at <= clock);
        let mut effects = self.no_effects();
        let rng = &mut self.rng;
        if let Some(machine) = self.machine.as_mut().filter(due) {
            effects.step(clock, rng, |step| machine.on_wake(step));
        }
        self.follow(now, effects, Duration::ZERO)
    }

    /// The outputs that may be said by now, since what they promise is durable; and why there are no more, if the
    /// host breaks down in the middle.
    pub(crate) fn durable(&mut self, now: Time) -> (Vec<M::Output>, Option<Broken>) {
        let mut said = Vec::new();
        let broken = self.release(now, &mut said).err();
        if broken.is_some() {
            self.in_flight.clear();
        }
        (said, broken)
    }

    fn release(&mut self, now: Time, said: &mut Vec<M::Output>) -> Result<(), Broken> {
        self.called = self.called.filter(|called| *called > now);
        while let Some(commit) = self.in_flight.pop_front_if(|commit| commit.at <= now) {
            if commit.writes {
                if !self.spend() {
                    return Err(Broken::Power);
                }
                if self.conditions.disk_is_full(now) {
                    return Err(Broken::DiskFull);
                }
                self.apply(now, commit.transaction).map_err(Broken::Bug)?;
            }
            if self.effects_left.is_none() && said.is_empty() {
                *said = commit.outputs;
                continue;
            }
            for output in commit.outputs {
                if !self.spend() {
                    return Err(Broken::Power);
                }
                said.push(output);
            }
        }
        Ok(())
    }

    /// What became durable before `now` and allows nothing to be said is on the disk: nobody was called for it.
    fn settle(&mut self, now: Time) -> Result<(), Violation> {
        while let Some(commit) =
            self.in_flight.pop_front_if(|commit| commit.at < now && commit.outputs.is_empty())
        {
            self.apply(commit.at, commit.transaction)?;
        }
        Ok(())
    }

    fn apply(&mut self, now: Time, transaction: Transaction) -> Result<(), Violation> {
        let applied = self.disk.as_mut().map_or(Ok(()), |disk| disk.apply(transaction));
        applied.map_err(|error| self.violation(now, error.to_string()))
    }

    /// What is on the disk, and what was wrong with the last of it.
    pub(crate) fn rows(&mut self, now: Time) -> (Vec<Row>, Option<Violation>) {
        let violation = self.settle(now).err();
        let rows = self.disk.as_mut().and_then(|disk| disk.load(M::TABLES).ok()).unwrap_or_default();
        (rows, violation)
    }

    /// What a step begins with: where nobody will ever read the disk, rows are not made.
    fn no_effects(&self) -> Effects<M::Output> {
        let mut effects = Effects::none();
        if self.disk.is_none() {
            effects.transaction = Transaction::unread();
        }
        effects
    }

    fn follow(
        &mut self,
        now: Time,
        effects: Effects<M::Output>,
        takes: Duration,
    ) -> impl Iterator<Item = Call> + use<M> {
        let durable = self.write(now, effects, takes).map(Call::Durable);
        [durable, self.set_alarm(now).map(Call::Wake)].into_iter().flatten()
    }

    fn write(&mut self, now: Time, effects: Effects<M::Output>, takes: Duration) -> Option<Time> {
        self.processor.work(now, takes);
        if effects.is_empty() {
            return None;
        }
        let Effects { transaction, outputs } = effects;
        let writes = !transaction.is_empty();
        let before = self.processor.before();
        let durable = self.processor.write(!writes, || self.conditions.commit(now));
        if self.speaks_too_soon {
            let (at, nothing) = (before, Transaction::default());
            self.in_flight.push_back(Commit { at, writes: false, transaction: nothing, outputs });
            self.in_flight.push_back(Commit { at: durable, writes, transaction, outputs: Vec::new() });
            return Some(before);
        }
        // Nobody needs to be called for what allows nothing to be said, unless the host may break down at it.
        let matters = !outputs.is_empty() || self.effects_left.is_some() || self.conditions.disk_fills();
        self.in_flight.push_back(Commit { at: durable, writes, transaction, outputs });
        if !matters {
            return None;
        }
        (self.called.replace(durable) != Some(durable)).then_some(durable)
    }

    /// When the alarm must ring, if that is sooner than it does anyway.
    fn set_alarm(&mut self, now: Time) -> Option<Time> {
        let wants = self.machine.as_ref()?.wake_at()?;
        let at = self.conditions.look_at(now, wants);
        if self.alarm.is_some_and(|alarm| alarm <= at) {
            return None;
        }
        self.alarm = Some(at);
        Some(at)
    }

    fn spend(&mut self) -> bool {
        match &mut self.effects_left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    fn violation(&self, at: Time, what: String) -> Violation {
        Violation { at, who: self.who, invariant: "persist_before_promise", what }
    }
}
