//! A machine on a modelled computer: a disk that takes its time, and power that may fail.

use kernel::{Effects, Machine, Rng, Row, Seed, Time, Transaction};
use std::collections::VecDeque;
use std::time::Duration;
use store::Shadow;

/// A machine that doesn't start, or a disk that refuses a transaction: a bug that the world has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose machine.
    pub place: String,
    /// What happened.
    pub what: String,
}

/// One party's computer.
pub(crate) struct Host<M: Machine> {
    pub(crate) name: String,
    config: M::Config,
    machine: Option<M>,
    disk: Shadow,
    rng: Rng,
    commit_takes: Duration,
    in_flight: VecDeque<(Time, Transaction, Vec<M::Output>)>,
    /// Counts starts: what was meant for an earlier one is void.
    pub(crate) incarnation: u64,
    /// Effects (a transaction, or an output) until the power fails; `None`: it doesn't.
    pub(crate) effects_left: Option<u64>,
}

impl<M: Machine> Host<M>
where
    M::Config: Clone,
{
    pub(crate) fn new(seed: &Seed, name: String, config: M::Config, commit_takes: Duration) -> Self {
        Self {
            rng: Rng::for_entity(seed, &name),
            name,
            config,
            machine: None,
            disk: Shadow::default(),
            commit_takes,
            in_flight: VecDeque::new(),
            incarnation: 0,
            effects_left: None,
        }
    }

    /// Starts the machine from what is on the disk.
    pub(crate) fn start(&mut self) -> Result<(), Fault> {
        let rows = self.disk.load(M::TABLES).map_err(|error| self.fault(error))?;
        let machine = M::restore(self.config.clone(), rows).map_err(|error| self.fault(error))?;
        self.machine = Some(machine);
        self.incarnation += 1;
        Ok(())
    }

    /// The power fails: what was not on the disk is gone, and what it would have allowed is never said.
    pub(crate) fn stop(&mut self) {
        self.machine = None;
        self.in_flight.clear();
        self.effects_left = None;
    }

    pub(crate) fn is_up(&self) -> bool {
        self.machine.is_some()
    }

    pub(crate) fn machine(&self) -> Option<&M> {
        self.machine.as_ref()
    }

    /// Something happens to the machine. Returns when what follows from it will be durable.
    pub(crate) fn handle(&mut self, now: Time, input: M::Input) -> Option<Time> {
        let effects = self.machine.as_mut()?.handle(now, input, &mut self.rng);
        self.write(now, effects)
    }

    /// The machine's alarm, if it is due.
    pub(crate) fn wake(&mut self, now: Time) -> Option<Time> {
        let machine = self.machine.as_mut()?;
        if machine.wake_at().is_none_or(|at| at > now) {
            return None;
        }
        let effects = machine.wake(now, &mut self.rng);
        self.write(now, effects)
    }

    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.machine.as_ref()?.wake_at()
    }

    /// The transactions that are durable by now, and what may be said since they are. `false` beside it:
    /// the power failed in the middle, after the outputs given.
    pub(crate) fn durable(&mut self, now: Time) -> Result<(Vec<M::Output>, bool), Fault> {
        let mut said = Vec::new();
        while let Some((_, transaction, outputs)) = self.in_flight.pop_front_if(|(at, ..)| *at <= now) {
            if !transaction.is_empty() {
                if !self.spend() {
                    return Ok((said, false));
                }
                self.disk.apply(transaction).map_err(|error| self.fault(error))?;
            }
            for output in outputs {
                if !self.spend() {
                    return Ok((said, false));
                }
                said.push(output);
            }
        }
        Ok((said, true))
    }

    /// What is on the disk.
    pub(crate) fn rows(&mut self) -> Vec<Row> {
        self.disk.load(M::TABLES).unwrap_or_default()
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

    fn write(&mut self, now: Time, effects: Effects<M::Output>) -> Option<Time> {
        if effects.is_empty() {
            return None;
        }
        // A disk writes in order: nothing is durable before what was handed in earlier.
        let takes = if effects.transaction.is_empty() { Duration::ZERO } else { self.commit_takes };
        let at = self.in_flight.back().map_or(now, |(at, ..)| (*at).max(now)) + takes;
        self.in_flight.push_back((at, effects.transaction, effects.outputs));
        Some(at)
    }

    fn fault(&self, error: impl ToString) -> Fault {
        Fault { place: self.name.clone(), what: error.to_string() }
    }
}
