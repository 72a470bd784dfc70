//! What goes wrong, when and where: all of it drawn before the run begins.

use crate::draws::{Draws, Purpose};
use crate::lanes::gives_up;
use crate::plan::Plan;
use crate::record::{Kind, Who};
use kernel::Time;
use scenario::{Distribution, Fault, Party, RandomFault, Sampler};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

type Span = Range<Time>;

/// Everything that goes wrong in a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calamities {
    /// When who loses power, and for how long.
    crashes: BTreeMap<Who, Vec<(Time, Duration)>>,
    /// When who loses power after how many more effects.
    interruptions: BTreeMap<Who, Vec<(Time, u32)>>,
    /// When a consumer loses the device, and how long it takes to get another.
    losses: BTreeMap<Who, Vec<(Time, Duration)>>,
    /// When whose links to the relay are cut; a relay's: all its links.
    cuts: BTreeMap<Who, Vec<Span>>,
    full: BTreeMap<Who, Vec<Span>>,
    slow: BTreeMap<Who, Vec<(Span, Sampler<scenario::Duration>)>>,
    skews: BTreeMap<Who, Vec<(Span, i64)>>,
    outages: BTreeMap<u32, Vec<Span>>,
    /// Everything above, one after the other.
    faults: Vec<Misfortune>,
    /// Of the faults only those with these numbers happen; `None`: all.
    only: Option<BTreeSet<usize>>,
    /// How many were drawn.
    drawn: usize,
    /// Whether disks matter beyond the faults above: somebody will look at them.
    watched: bool,
    /// Whether a quantum computer will know the keys that are drawn.
    tapped: bool,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfortune {
    /// Its number in the run, from 0.
    pub number: usize,
    /// When.
    pub at: Time,
    /// To whom; `None`: to all businesses.
    pub who: Option<Who>,
    /// What.
    pub what: &'static str,
}

impl fmt::Display for Misfortune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Some(who) => write!(f, "{who} {}", self.what),
            None => f.write_str(self.what),
        }
    }
}

/// What a host works under.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(crate) keeps_disk: bool,
    /// A quantum computer will know the keys that are drawn.
    pub(crate) tapped: bool,
    full: Vec<Span>,
    slow: Vec<(Span, Sampler<scenario::Duration>)>,
    /// Microseconds that the clock is ahead.
    skews: Vec<(Span, i64)>,
}

/// A disk that takes its time, and commits in groups: what is handed in during a commit goes into the next one.
pub(crate) struct Disk {
    /// How long a commit takes. The disks of a kind have it together.
    commit: Arc<Sampler<scenario::Duration>>,
    draws: Draws,
    /// When the commit under way is durable.
    running: Time,
    /// When the next one will be, if something waits for it.
    next: Option<Time>,
}

impl Disk {
    pub(crate) const fn new(commit: Arc<Sampler<scenario::Duration>>, draws: Draws) -> Self {
        Self { commit, draws, running: Time::EPOCH, next: None }
    }

    /// When a transaction is durable that is handed in at a time, not before others. A commit takes as long as usual, or
    /// as `slow` has it.
    pub(crate) fn commit(&mut self, at: Time, slow: Option<Sampler<scenario::Duration>>) -> Time {
        while let Some(next) = self.next
            && at >= self.running
        {
            self.running = next;
            self.next = None;
        }
        if let Some(next) = self.next {
            return next;
        }
        let takes = slow.as_ref().unwrap_or(&self.commit).sample(&mut || self.draws.next());
        if at >= self.running {
            self.running = at + takes;
            return self.running;
        }
        *self.next.insert(self.running + takes)
    }
}

impl Conditions {
    /// What the host's clock shows.
    pub(crate) fn clock(&self, now: Time) -> Time {
        shift(now, self.skew(now))
    }

    /// When to look whether the host's clock shows `clock`: then, if nobody sets it before, or when somebody does.
    pub(crate) fn look_at(&self, now: Time, clock: Time) -> Time {
        let at = now + clock.since(self.clock(now));
        let edges = self.skews.iter().flat_map(|(span, _)| [span.start, span.end]);
        edges.filter(|edge| *edge > now).min().map_or(at, |edge| at.min(edge))
    }

    pub(crate) fn disk_is_full(&self, now: Time) -> bool {
        self.full.iter().any(|span| span.contains(&now))
    }

    /// Whether the disk is full at some time or other.
    pub(crate) const fn disk_fills(&self) -> bool {
        !self.full.is_empty()
    }

    /// How long commits take now, if not as usual.
    pub(crate) fn commit(&self, now: Time) -> Option<Sampler<scenario::Duration>> {
        self.slow.iter().find(|(span, _)| span.contains(&now)).map(|(_, commit)| *commit)
    }

    fn skew(&self, now: Time) -> i64 {
        self.skews.iter().find(|(span, _)| span.contains(&now)).map_or(0, |(_, micros)| *micros)
    }
}

fn shift(time: Time, micros: i64) -> Time {
    Time::from_micros(time.as_micros().saturating_add_signed(micros))
}

impl Calamities {
    /// The faults of the plan's scenario, those at random times drawn.
    pub(crate) fn draw(plan: &Plan, only: Option<BTreeSet<usize>>, watched: bool) -> Self {
        let watched = watched || !plan.scenario().adversaries.is_empty();
        let mut calamities = Self { watched, tapped: plan.is_tapped(), only, ..Self::default() };
        for (index, fault) in plan.scenario().faults.iter().enumerate() {
            let mut draws = plan.origin().draws(Purpose::Fault, index as u64);
            calamities.add(plan, fault, &mut draws);
        }
        calamities
    }

    /// Every loss of power: when, who.
    pub(crate) fn crashes(&self) -> impl Iterator<Item = (Time, Who)> {
        self.crashes.iter().flat_map(|(who, times)| times.iter().map(|(at, _)| (*at, *who)))
    }

    /// Every loss of a device.
    pub(crate) fn losses(&self) -> impl Iterator<Item = (Time, Who)> {
        self.losses.iter().flat_map(|(who, times)| times.iter().map(|(at, _)| (*at, *who)))
    }

    /// Every loss of power between two effects: from when, who, after how many effects.
    pub(crate) fn interruptions(&self) -> impl Iterator<Item = (Time, Who, u32)> {
        self.interruptions
            .iter()
            .flat_map(|(who, times)| times.iter().map(|(at, effects)| (*at, *who, *effects)))
    }

    /// When whose connections have been cut for so long that both ends give them up.
    pub(crate) fn time_outs<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (Time, Who)> + 'a {
        self.cuts.iter().flat_map(move |(who, spans)| {
            let ends = ends_at(plan, *who);
            spans
                .iter()
                .map(|span| (gives_up(span.start), span.end))
                .filter(|(gives_up, until)| gives_up < until)
                .flat_map(move |(gives_up, _)| ends.clone().into_iter().map(move |end| (gives_up, end)))
        })
    }

    /// Everything that goes wrong, in the order in which it was drawn.
    pub(crate) fn faults(&self) -> &[Misfortune] {
        &self.faults
    }

    /// Whether the next fault that is drawn happens; if so it is noted.
    fn happens(&mut self, at: Time, who: Option<Who>, what: &'static str) -> bool {
        let number = self.drawn;
        self.drawn += 1;
        let happens = self.only.as_ref().is_none_or(|only| only.contains(&number));
        if happens {
            self.faults.push(Misfortune { number, at, who, what });
        }
        happens
    }

    pub(crate) fn cut(&self, who: Who, now: Time) -> Option<Time> {
        if self.cuts.is_empty() {
            return None;
        }
        let spans = self.cuts.get(&who)?;
        spans.iter().filter(|span| span.contains(&now)).map(|span| span.end).max()
    }

    pub(crate) fn down_time(&self, who: Who, now: Time) -> Option<Duration> {
        let at = |times: &BTreeMap<Who, Vec<(Time, Duration)>>| {
            let times = times.get(&who)?;
            times.iter().find(|(at, _)| *at == now).map(|(_, down)| *down)
        };
        at(&self.losses).or_else(|| at(&self.crashes))
    }

    pub(crate) fn webhooks_are_down(&self, business: u32, now: Time) -> bool {
        self.outages.get(&business).is_some_and(|spans| spans.iter().any(|span| span.contains(&now)))
    }

    /// The conditions that a party's host works under.
    pub(crate) fn conditions(&self, who: Who) -> Conditions {
        let full = self.full.get(&who).cloned().unwrap_or_default();
        let restarts = self.crashes.contains_key(&who)
            || self.interruptions.contains_key(&who)
            || self.losses.contains_key(&who);
        Conditions {
            keeps_disk: self.watched || restarts || !full.is_empty(),
            tapped: self.tapped,
            full,
            slow: self.slow.get(&who).cloned().unwrap_or_default(),
            skews: self.skews.get(&who).cloned().unwrap_or_default(),
        }
    }

    fn add(&mut self, plan: &Plan, fault: &Fault, draws: &mut Draws) {
        let from_start = |after: &scenario::Duration| plan.traffic_begins() + after.to_std();
        let span =
            |from: &scenario::Duration, until: &scenario::Duration| from_start(from)..from_start(until);
        match fault {
            Fault::Crash { party, at, every, down } => {
                for who in everyone(plan, party) {
                    for at in times(plan, at.as_ref(), every.as_ref(), draws) {
                        if self.happens(at, Some(who), "loses power") {
                            push(&mut self.crashes, who, (at, down.to_std()));
                        }
                    }
                }
            }
            Fault::DeviceLoss { party, at, every, back_after } => {
                for who in everyone(plan, party) {
                    for at in times(plan, at.as_ref(), every.as_ref(), draws) {
                        if self.happens(at, Some(who), "loses the device") {
                            push(&mut self.losses, who, (at, back_after.to_std()));
                        }
                    }
                }
            }
            Fault::DiskFull { party, from, until } => {
                for who in everyone(plan, party) {
                    if self.happens(from_start(from), Some(who), "has a full disk") {
                        push(&mut self.full, who, span(from, until));
                    }
                }
            }
            Fault::SlowDisk { party, from, until, commit } => {
                for who in everyone(plan, party) {
                    if self.happens(from_start(from), Some(who), "has a slow disk") {
                        push(&mut self.slow, who, (span(from, until), commit.sampler()));
                    }
                }
            }
            Fault::ClockSkew { party, ahead, behind, from, until } => {
                let micros =
                    |time: &scenario::Duration| i64::try_from(time.as_nanos() / 1000).unwrap_or(i64::MAX);
                let skew = micros(ahead) - micros(behind);
                let span = from_start(from)..until.as_ref().map_or(plan.end(), from_start);
                for who in everyone(plan, party) {
                    if self.happens(span.start, Some(who), "has a wrong clock") {
                        push(&mut self.skews, who, (span.clone(), skew));
                    }
                }
            }
            Fault::WebhookOutage { business, from, until } => {
                let members = plan.members(business).map(|(_, range)| range);
                for business in members.into_iter().flatten() {
                    if self.happens(from_start(from), Some(Who::business(business)), "fails at webhooks") {
                        push(&mut self.outages, business, span(from, until));
                    }
                }
            }
            Fault::Partition { party, from, until } => {
                for who in everyone(plan, party) {
                    if self.happens(from_start(from), Some(who), "is cut off") {
                        push(&mut self.cuts, who, span(from, until));
                    }
                }
            }
            Fault::Random { rate, parties, kinds } => {
                let mut at = plan.traffic_begins();
                loop {
                    at = at + scenario::exponential(rate.per_second(), draws.next());
                    if at >= plan.traffic_ends() {
                        break;
                    }
                    // Its own draws: whether it happens changes nothing for those after it.
                    let mut own = plan.origin().draws(Purpose::Fault, draws.next());
                    self.add_random(plan, at, parties, kinds, &mut own);
                }
            }
        }
    }

    /// One fault of a kind, at one party, both drawn.
    fn add_random(
        &mut self,
        plan: &Plan,
        at: Time,
        parties: &[Party],
        kinds: &[RandomFault],
        draws: &mut Draws,
    ) {
        let mut pick = |count: usize| {
            usize::try_from(draws.below(u32::try_from(count).unwrap_or(u32::MAX))).unwrap_or(0)
        };
        let (Some(kind), Some(party)) = (kinds.get(pick(kinds.len())), parties.get(pick(parties.len())))
        else {
            return;
        };
        let members: Vec<Who> = everyone(plan, party).collect();
        let Some(who) = members.get(pick(members.len())).copied() else { return };
        let mut up_to = |seconds: u32| Duration::from_micros(u64::from(draws.below(seconds * 1_000_000)) + 1);
        let span = at..at + up_to(60);
        let whose = (*kind != RandomFault::WebhookOutage).then_some(who);
        let happens = self.happens(at, whose, named(*kind));
        match kind {
            _ if !happens => {}
            RandomFault::Crash => push(&mut self.crashes, who, (at, up_to(2))),
            RandomFault::CrashBetweenEffects => push(&mut self.interruptions, who, (at, draws.below(12))),
            RandomFault::DiskFull => push(&mut self.full, who, at..at + up_to(5)),
            RandomFault::SlowDisk => {
                let commit = scenario::Duration::from_nanos(u64::from(draws.below(1_000_000_000)));
                let span = at..at + Duration::from_secs(10);
                push(&mut self.slow, who, (span, Distribution::Constant(commit).sampler()));
            }
            RandomFault::ClockSkew => {
                let micros = i64::from(draws.below(120_000_000)) - 60_000_000;
                push(&mut self.skews, who, (span, micros));
            }
            RandomFault::WebhookOutage => {
                let until = at + up_to(20);
                (0..plan.businesses()).for_each(|business| push(&mut self.outages, business, at..until));
            }
            RandomFault::Partition => push(&mut self.cuts, who, span),
        }
    }
}

/// What a fault that comes at random does to whom it comes to.
const fn named(kind: RandomFault) -> &'static str {
    match kind {
        RandomFault::Crash => "loses power",
        RandomFault::CrashBetweenEffects => "loses power between two effects",
        RandomFault::DiskFull => "has a full disk",
        RandomFault::SlowDisk => "has a slow disk",
        RandomFault::ClockSkew => "has a wrong clock",
        RandomFault::WebhookOutage => "all webhooks fail",
        RandomFault::Partition => "is cut off",
    }
}

fn push<K: Ord, V>(map: &mut BTreeMap<K, Vec<V>>, key: K, value: V) {
    map.entry(key).or_default().push(value);
}

/// When something happens that is at a time or at a rate.
fn times(
    plan: &Plan,
    at: Option<&scenario::Duration>,
    every: Option<&scenario::Rate>,
    draws: &mut Draws,
) -> Vec<Time> {
    let mut times: Vec<Time> = at.map(|at| plan.traffic_begins() + at.to_std()).into_iter().collect();
    if let Some(rate) = every.filter(|rate| !rate.is_zero()) {
        let mut at = plan.traffic_begins();
        loop {
            at = at + scenario::exponential(rate.per_second(), draws.next());
            if at >= plan.traffic_ends() {
                break;
            }
            times.push(at);
        }
    }
    times
}

/// Whom a scenario means.
pub(crate) fn everyone<'a>(plan: &'a Plan, party: &Party) -> Box<dyn Iterator<Item = Who> + 'a> {
    match party {
        Party::Relay => Box::new((0..plan.relays()).map(Who::relay)),
        Party::Nodes => Box::new((0..plan.nodes()).map(Who::node)),
        Party::Node(index) => {
            Box::new([*index].into_iter().filter(|index| *index < plan.nodes()).map(Who::node))
        }
        Party::Consumers => Box::new((0..plan.consumers()).map(Who::consumer)),
        Party::Consumer(index) => {
            Box::new([*index].into_iter().filter(|index| *index < plan.consumers()).map(Who::consumer))
        }
        Party::Population(name) => {
            let members = plan.members(name).filter(|(kind, _)| *kind == Kind::Consumer);
            Box::new(members.into_iter().flat_map(|(_, range)| range).map(Who::consumer))
        }
    }
}

/// The endpoints whose links are cut when a party's are.
fn ends_at(plan: &Plan, who: Who) -> Vec<Who> {
    if who.kind() != Kind::Relay {
        return vec![who];
    }
    let endpoints = (0..plan.nodes()).map(Who::node).chain((0..plan.consumers()).map(Who::consumer));
    endpoints.filter(|endpoint| plan.relay_of(*endpoint) == who).collect()
}
