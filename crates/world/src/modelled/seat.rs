//! Where a modelled machine runs: what it says waits for its disk, and an alarm wakes it.

use super::Event;
use crate::engine::Agenda;
use crate::plan::{Conditions, Plan};
use crate::processor::Processor;
use crate::record::Who;
use kernel::Time;
use smallvec::SmallVec;
use std::hint::black_box;
use std::time::Duration;

/// One party's computer, without the machine. [`crate::real::host::Host`] is the same with one.
pub(crate) struct Seat<O> {
    pub(crate) who: Who,
    processor: Processor,
    conditions: Option<Box<Conditions>>,
    /// What may be said when.
    in_flight: SmallVec<[(Time, O); 2]>,
    /// When the last that was handed in is durable.
    last: Option<Mark>,
    /// Two things happened in the same microsecond whose order only real machines show.
    pub(crate) is_doubtful: bool,
    /// Counts starts: what was meant for an earlier one is void.
    pub(crate) incarnation: u32,
    /// When the next alarm rings.
    alarm: Option<Time>,
    pub(crate) is_up: bool,
}

/// A moment at which something is durable. A machine looks once for each step that is durable then, and says everything
/// the first time; here it looks once, in the place of the first, and not at all if there is nothing to say.
#[derive(Clone, Copy)]
struct Mark {
    at: Time,
    /// The places of the first and of the last look.
    first: u64,
    last: u64,
    /// There is something to say.
    is_scheduled: bool,
}

impl<O> Seat<O> {
    pub(crate) fn new(plan: &Plan, who: Who) -> Self {
        let conditions = plan.calamities().conditions(who);
        Self {
            who,
            processor: Processor::new(plan.disk(who)),
            conditions: conditions.matter().then(|| Box::new(conditions)),
            in_flight: SmallVec::new(),
            last: None,
            is_doubtful: false,
            incarnation: 0,
            alarm: None,
            is_up: false,
        }
    }

    /// Reads a bit of everything.
    pub(crate) fn touch(&self) {
        let Self { processor, in_flight, last, alarm, is_up, .. } = self;
        black_box((processor.before(), in_flight.is_empty(), last.is_some(), alarm.is_some(), *is_up));
    }

    /// The power is there.
    pub(crate) fn start(&mut self, now: Time) {
        self.is_up = true;
        self.incarnation += 1;
        self.processor.start(now);
        self.alarm = None;
    }

    /// What the party's clock shows.
    pub(crate) fn clock(&self, now: Time) -> Time {
        self.conditions.as_ref().map_or(now, |conditions| conditions.clock(now))
    }

    /// The alarm has rung.
    pub(crate) const fn silence(&mut self) {
        self.alarm = None;
    }

    /// A step took so long: its outputs wait until what it writes is durable.
    pub(crate) fn follow(
        &mut self,
        now: Time,
        takes: Duration,
        (writes, outputs): (bool, &mut Vec<O>),
        wake_at: Option<Time>,
        agenda: &mut Agenda<'_, Event>,
    ) {
        self.processor.work(now, takes);
        if writes || !outputs.is_empty() {
            let conditions = &self.conditions;
            let slow = || conditions.as_ref().and_then(|conditions| conditions.commit(now));
            let at = self.processor.write(!writes, slow);
            self.mark(now, at, !outputs.is_empty(), agenda);
            outputs.drain(..).for_each(|output| self.in_flight.push((at, output)));
        }
        let Some(wants) = wake_at else { return };
        let at = match &self.conditions {
            None => wants.max(now),
            Some(conditions) => conditions.look_at(now, wants),
        };
        if self.alarm.is_none_or(|alarm| alarm > at) {
            self.alarm = Some(at);
            agenda.at(at, Event::Wake(self.who, self.incarnation));
        }
    }

    /// Something is durable at a time: the seat is called then, if there is something to say.
    fn mark(&mut self, now: Time, at: Time, says: bool, agenda: &mut Agenda<'_, Event>) {
        let place = agenda.reserve();
        let fresh = Mark { at, first: place, last: place, is_scheduled: false };
        let known = self.last.filter(|mark| mark.at == at);
        let mut mark = match known {
            // The first look is still to come, and finds this.
            Some(mark) if at > now || !agenda.has_come(mark.first) => Mark { last: place, ..mark },
            Some(mark) => {
                // One of those that are left out here would.
                self.is_doubtful |= says && !agenda.has_come(mark.last);
                fresh
            }
            None => fresh,
        };
        if says && !mark.is_scheduled {
            mark.is_scheduled = true;
            agenda.at_reserved(at, mark.first, Event::Durable(self.who, self.incarnation));
        }
        self.last = Some(mark);
    }

    /// Hands over what may be said by now.
    pub(crate) fn durable(&mut self, now: Time, said: &mut Vec<O>) {
        let count = self.in_flight.iter().take_while(|(at, _)| *at <= now).count();
        said.extend(self.in_flight.drain(..count).map(|(_, output)| output));
    }
}
