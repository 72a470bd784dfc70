//! What will go wrong in a run: drawn from scenario and seed before it begins, and each misfortune by its number.

use crate::calamity::{Calamities, Restore};
use crate::draws::{Draws, Purpose};
use crate::link::gives_up;
use crate::options::Options;
use crate::plan::Plan;
use crate::record::{Kind, Who};
use kernel::Time;
use scenario::{Distribution, Fault, Party, RandomFault, Scenario};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The plan of a run, with all that goes wrong in it.
pub(crate) fn plan(scenario: Scenario, seed: u64, options: &Options) -> Plan {
    let plan = Plan::new(scenario, seed, options);
    let calamities = Calamities::draw(&plan, options.faults.clone(), options.disks);
    plan.suffering(calamities)
}

/// When whose connections have been cut for so long that both ends give them up.
pub(crate) fn time_outs(plan: &Plan) -> impl Iterator<Item = (Time, Who)> {
    plan.calamities().cuts.iter().flat_map(move |(who, spans)| {
        let ends = ends_at(plan, *who);
        spans
            .iter()
            .map(|span| (gives_up(span.start), span.end))
            .filter(|(gives_up, until)| gives_up < until)
            .flat_map(move |(gives_up, _)| ends.clone().into_iter().map(move |end| (gives_up, end)))
    })
}

impl Calamities {
    /// The faults of the plan's scenario, those at random times drawn.
    fn draw(plan: &Plan, only: Option<BTreeSet<usize>>, watched: bool) -> Self {
        let watched = watched || !plan.scenario().adversaries.is_empty();
        let mut calamities = Self::new(only, watched, plan.is_tapped());
        for (index, fault) in plan.scenario().faults.iter().enumerate() {
            let mut draws = plan.origin().draws(Purpose::Fault, index as u64);
            calamities.add(plan, fault, &mut draws);
        }
        calamities
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
            Fault::Restore { party, at, every, age, down } => {
                for who in everyone(plan, party) {
                    for at in times(plan, at.as_ref(), every.as_ref(), draws) {
                        let copied = (at - age.to_std()).max(plan.traffic_begins());
                        self.restore(who, Restore { copied, at, down: down.to_std() });
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
        if *kind == RandomFault::Restore {
            let copied = (at - up_to(60)).max(plan.traffic_begins());
            return self.restore_alone(who, Restore { copied, at, down: up_to(2) });
        }
        let whose = (*kind != RandomFault::WebhookOutage).then_some(who);
        let happens = self.happens(at, whose, named(*kind));
        match kind {
            _ if !happens => {}
            // Above.
            RandomFault::Restore => {}
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
        RandomFault::Restore => "is put back to a copy",
        RandomFault::WebhookOutage => "all webhooks fail",
        RandomFault::Partition => "is cut off",
    }
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

fn push<K: Ord, V>(map: &mut BTreeMap<K, Vec<V>>, key: K, value: V) {
    map.entry(key).or_default().push(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calamity::Misfortune;

    const TEXT: &str = r#"
version = 1
name = "unlucky"
duration = "1h"
[[consumers]]
name = "people"
count = 40
[[businesses]]
name = "shops"
count = 4
[[traffic]]
from = "shops"
to = "people"
rate = "1/min in total"
[node]
count = 2
"#;

    fn drawn(faults: &str, only: Option<BTreeSet<usize>>) -> Plan {
        let scenario = Scenario::parse("unlucky.toml", &format!("{TEXT}{faults}")).unwrap();
        plan(scenario, 7, &Options { faults: only, ..Options::default() })
    }

    const RANDOM: &str = "[[faults]]\nkind = \"random\"\nrate = \"20/h\"\n";

    #[test]
    fn leaving_misfortunes_out_changes_none_of_the_others() {
        let all: Vec<Misfortune> = drawn(RANDOM, None).calamities().faults().to_vec();
        assert!(all.len() > 8, "{}", all.len());
        let odd: BTreeSet<usize> =
            all.iter().map(|one| one.number).filter(|number| number % 2 == 1).collect();
        let kept = drawn(RANDOM, Some(odd));
        let expected: Vec<Misfortune> = all.into_iter().filter(|one| one.number % 2 == 1).collect();
        assert_eq!(kept.calamities().faults(), expected);
        assert!(drawn(RANDOM, Some(BTreeSet::new())).calamities().faults().is_empty());
    }

    #[test]
    fn a_party_that_starts_again_keeps_its_disk_and_the_others_need_none() {
        let crash = "[[faults]]\nkind = \"crash\"\nparty = \"node/1\"\nat = \"10min\"\ndown = \"5s\"\n";
        let plan = drawn(crash, None);
        let keeps = |who| plan.calamities().conditions(who).keeps_disk;
        assert_eq!([Who::node(0), Who::node(1), Who::relay(0)].map(keeps), [false, true, false]);
        let crashes: Vec<_> = plan.calamities().crashes().collect();
        assert_eq!(crashes, [(plan.traffic_begins() + Duration::from_secs(600), Who::node(1))]);
        assert_eq!(plan.down_time(Who::node(1), crashes[0].0), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_relay_and_another_party_are_not_put_back_to_one_moment() {
        let restores = "[[faults]]\nkind = \"random\"\nrate = \"2/min\"\nkinds = [\"restore\"]\n";
        let plan = drawn(restores, None);
        let all: Vec<_> = plan.calamities().restores().collect();
        let relays = all.iter().filter(|(who, _)| who.kind() == Kind::Relay);
        assert!(relays.clone().count() > 1 && all.len() > 10, "{all:?}");
        for (relay, restore) in relays {
            assert!(restore.copied <= restore.at && restore.copied >= plan.traffic_begins());
            let mut others = all.iter().filter(|(who, _)| who != relay);
            assert!(
                others.all(|(_, other)| other.at < restore.copied || restore.at < other.copied),
                "{all:?}"
            );
        }
        let keeps = |who| plan.calamities().conditions(who).keeps_disk;
        assert!(all.iter().all(|(who, _)| keeps(*who)));
    }

    #[test]
    fn both_ends_give_up_a_link_that_is_cut_for_longer_than_it_may_be_idle() {
        let cut = |until: &str| {
            let fault = format!(
                "[[faults]]\nkind = \"partition\"\nparty = \"relay\"\nfrom = \"1min\"\nuntil = \"{until}\"\n"
            );
            let plan = drawn(&fault, None);
            let who: Vec<_> =
                time_outs(&plan).map(|(at, who)| (at.since(plan.traffic_begins()), who)).collect();
            who
        };
        assert!(cut("80s").is_empty());
        let all = cut("2min");
        assert_eq!(all.len(), 42, "every endpoint of the relay");
        assert!(all.iter().all(|(at, _)| *at == Duration::from_secs(90)));
    }
}
