//! A machine on a modelled computer: a processor that is busy, a disk that takes its time, a clock that may be wrong,
//! and power that may fail.

use crate::conditions::{Conditions, Disk};
use crate::processor::Processor;
use crate::record::Who;
use crate::violation::Violation;
use kernel::{Effects, Machine, Rng, Row, Seed, Time, Transaction};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use store::Shadow;

/// One party's computer.
pub(crate) struct Host<M: Machine> {
    pub(crate) who: Who,
    config: M::Config,
    machine: Option<M>,
    /// `None` where nothing will ever be read from it.
    disk: Option<Shadow>,
    /// The disk as it was at times, to which it will be put back.
    copies: BTreeMap<Time, Shadow>,
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
            copies: BTreeMap::new(),
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

    /// A copy of the disk is made, and kept.
    pub(crate) fn copy(&mut self, now: Time) -> Option<Violation> {
        let violation = self.settle(now).err();
        self.copies.extend(self.disk.clone().map(|disk| (now, disk)));
        violation
    }

    /// The disk of a party that has no power is lost, and the copy of that time takes its place.
    pub(crate) fn put_back(&mut self, copied: Time) {
        self.disk = self.copies.remove(&copied).or(self.disk.take());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::Span;
    use crate::draws::{Origin, Purpose};
    use kernel::{RestoreError, Step, Table};
    use scenario::Distribution;
    use std::sync::Arc;

    const TABLE: Table = Table::state("said");

    /// Writes what it hears and says it, unless it is silent; a step of nothing is not one.
    struct Parrot {
        revision: u64,
        heard: u64,
    }

    #[derive(Clone, Copy)]
    enum Hears {
        Word(u64),
        Secret(u64),
    }

    impl Machine for Parrot {
        const TABLES: &'static [Table] = &[TABLE];
        type Config = ();
        type Input = Hears;
        type Output = u64;

        fn restore((): (), rows: Vec<Row>) -> Result<Self, RestoreError> {
            let row = rows.first();
            let heard =
                row.map_or(0, |row| row.value.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
            Ok(Self { revision: row.map_or(0, |row| row.at), heard })
        }

        fn on_input(&mut self, input: Hears, step: &mut Step<'_, u64>) {
            let (Hears::Word(word) | Hears::Secret(word)) = input;
            self.heard = word;
            self.revision = step.transaction.swap(TABLE, "heard", self.revision, word.to_be_bytes().to_vec());
            if matches!(input, Hears::Word(_)) {
                step.say(word);
            }
        }

        fn on_wake(&mut self, _: &mut Step<'_, u64>) {}

        fn wake_at(&self) -> Option<Time> {
            None
        }
    }

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    /// Commits take ten milliseconds.
    fn host(conditions: Conditions) -> Host<Parrot> {
        let seed = Seed::from_number(1);
        let commit = Distribution::Constant(scenario::Duration::from_nanos(10_000_000)).sampler();
        let disk = Disk::new(Arc::new(commit), Origin::of(&seed).draws(Purpose::Disk, 0));
        let mut host =
            Host::new(&seed, Who::node(0), (), disk, Conditions { keeps_disk: true, ..conditions });
        host.start(at(0)).unwrap();
        host
    }

    fn hear(host: &mut Host<Parrot>, now: u64, input: Hears) -> Vec<Call> {
        host.handle(at(now), input, Duration::ZERO).collect()
    }

    #[test]
    fn a_host_is_called_once_for_all_that_is_durable_at_once() {
        let mut host = host(Conditions::default());
        assert_eq!(hear(&mut host, 0, Hears::Word(1)), [Call::Durable(at(10))]);
        assert_eq!(hear(&mut host, 1, Hears::Word(2)), [Call::Durable(at(20))]);
        assert_eq!(hear(&mut host, 2, Hears::Word(3)), []);
        assert_eq!(host.durable(at(10)), (vec![1], None));
        assert_eq!(host.durable(at(20)), (vec![2, 3], None));
        assert_eq!(hear(&mut host, 30, Hears::Word(4)), [Call::Durable(at(40))]);
    }

    #[test]
    fn what_allows_nothing_to_be_said_is_durable_without_a_call() {
        let mut host = host(Conditions::default());
        assert_eq!(hear(&mut host, 0, Hears::Secret(7)), []);
        let heard = |host: &mut Host<Parrot>, now| host.rows(at(now)).0.first().map(|row| row.value[7]);
        assert_eq!(heard(&mut host, 10), None, "not before it is");
        assert_eq!(heard(&mut host, 11), Some(7));
        hear(&mut host, 20, Hears::Secret(8));
        hear(&mut host, 31, Hears::Secret(9));
        assert_eq!(host.stop(at(35)), None);
        host.start(at(40)).unwrap();
        assert_eq!(host.machine().map(|machine| machine.heard), Some(8), "the last one was under way");
    }

    #[test]
    fn power_that_fails_between_effects_leaves_a_prefix_of_them() {
        let mut seen = Vec::new();
        for effects in 0..5 {
            let mut host = host(Conditions::default());
            host.effects_left = Some(effects);
            hear(&mut host, 0, Hears::Word(1));
            hear(&mut host, 1, Hears::Secret(2));
            let (mut said, mut broken) = host.durable(at(10));
            if broken.is_none() {
                let more = host.durable(at(20));
                said.extend(more.0);
                broken = more.1;
            }
            host.stop(at(25));
            host.start(at(30)).unwrap();
            let heard = host.machine().map(|machine| machine.heard);
            seen.push((said.len(), heard, broken == Some(Broken::Power)));
        }
        let expected = [(0, 0, true), (0, 1, true), (1, 1, true), (1, 2, false), (1, 2, false)]
            .map(|(n, h, b)| (n, Some(h), b));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_full_disk_stops_the_host_and_nothing_after_it_is_written() {
        let full: Vec<Span> = vec![at(15)..at(100)];
        let mut host = host(Conditions { full, ..Conditions::default() });
        hear(&mut host, 0, Hears::Word(1));
        assert_eq!(hear(&mut host, 1, Hears::Secret(2)), [Call::Durable(at(20))], "it may break down at it");
        assert_eq!(host.durable(at(10)), (vec![1], None));
        assert_eq!(host.durable(at(20)), (vec![], Some(Broken::DiskFull)));
        assert_eq!(host.stop(at(20)), None);
        host.start(at(21)).unwrap();
        assert_eq!(host.machine().map(|machine| machine.heard), Some(1));
    }
}
