//! What faults and adversaries must keep to: parties that there are, times within the run, settings that go together.

use super::Check;
use crate::check::one_of;
use crate::{Adversary, Duration, Fault, Party, Rate};

/// So many faults of one entry are more than any run needs.
const MAX_FAULTS: f64 = 1e6;

impl Check<'_> {
    pub(super) fn faults(&mut self) {
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            self.fault(&index.to_string(), fault);
        }
    }

    fn fault(&mut self, index: &str, fault: &Fault) {
        let path = |key| ["faults", index, key];
        match fault {
            Fault::Crash { party, at, every, .. } | Fault::Restore { party, at, every, .. } => {
                self.party(&path("party"), party);
                self.moments(index, *at, *every);
            }
            Fault::DeviceLoss { party, at, every, .. } => {
                self.party(&path("party"), party);
                if !party.is_consumers() {
                    self.add(&path("party"), format!("`{party}` has no device to lose"), CONSUMERS);
                }
                self.moments(index, *at, *every);
            }
            Fault::DiskFull { party, from, until }
            | Fault::SlowDisk { party, from, until, .. }
            | Fault::Partition { party, from, until } => {
                self.party(&path("party"), party);
                self.span(&path("from"), *from, &path("until"), *until);
            }
            Fault::ClockSkew { party, ahead, behind, from, until } => {
                self.party(&path("party"), party);
                if ahead.is_zero() == behind.is_zero() {
                    let hint = "give either `ahead` or `behind`, like `ahead = \"30s\"`";
                    self.add(&["faults", index], "this clock is not wrong in one direction", hint);
                }
                match until {
                    Some(until) => self.span(&path("from"), *from, &path("until"), *until),
                    None => self.within(&path("from"), *from),
                }
            }
            Fault::WebhookOutage { business, from, until } => {
                let known = self.all().filter(|population| population.are_businesses);
                let known: Vec<&str> = known.map(|population| population.name).collect();
                if !known.contains(&business.as_str()) {
                    let hint = one_of(business, known.into_iter());
                    self.add(&path("business"), format!("there are no businesses `{business}`"), hint);
                }
                self.span(&path("from"), *from, &path("until"), *until);
            }
            Fault::Random { rate, parties, kinds } => {
                for (place, party) in parties.iter().enumerate() {
                    self.party(&["faults", index, "parties", &place.to_string()], party);
                }
                if parties.is_empty() {
                    self.add(
                        &path("parties"),
                        "nobody is left for anything to happen to",
                        "leave `parties` out",
                    );
                }
                if kinds.is_empty() {
                    self.add(&path("kinds"), "nothing is left that could happen", "leave `kinds` out");
                }
                self.not_too_often(&path("rate"), *rate);
            }
        }
    }

    pub(super) fn adversaries(&mut self) {
        let adversaries = &self.scenario.adversaries;
        let is_recorded = adversaries.contains(&Adversary::NetworkRecorder);
        for (index, adversary) in adversaries.iter().enumerate() {
            let index = index.to_string();
            let path = |key| ["adversaries", index.as_str(), key];
            match adversary {
                Adversary::NetworkRecorder | Adversary::CuriousRelay => {}
                Adversary::SeizedNode { node, at } => {
                    self.party(&path("node"), &Party::Node(*node));
                    self.within(&path("at"), *at);
                }
                Adversary::StolenDevice { party, count, at } => {
                    match (party, count) {
                        (Some(party), None) => {
                            self.party(&path("party"), party);
                            if !party.is_consumers() {
                                self.add(
                                    &path("party"),
                                    format!("`{party}` has no device to steal"),
                                    CONSUMERS,
                                );
                            }
                        }
                        (None, Some(count)) => {
                            if *count == 0 || u64::from(*count) > self.consumers() {
                                let hint = format!("there are {} consumers", self.consumers());
                                self.add(&path("count"), format!("{count} devices can't be stolen"), hint);
                            }
                        }
                        (Some(_), Some(_)) => {
                            self.add(
                                &path("count"),
                                "this thief has a party and a count",
                                "keep one of them",
                            );
                        }
                        (None, None) => {
                            let hint = "add `party = \"consumer/0\"` or `count = 1`";
                            self.add(&["adversaries", &index], "whose device is stolen is not said", hint);
                        }
                    }
                    self.within(&path("at"), *at);
                }
                Adversary::QuantumComputer { at } => {
                    if !is_recorded {
                        let hint = "add `[[adversaries]]` with `kind = \"network-recorder\"`";
                        let problem = "a quantum computer has nothing to open: nobody keeps the envelopes";
                        self.add(&["adversaries", &index], problem, hint);
                    }
                    self.within(&path("at"), *at);
                }
            }
        }
    }

    /// Whether there is such a party.
    fn party(&mut self, path: &[&str], party: &Party) {
        let numbered = |kind: &str, count: u64| match count {
            1 => format!("there is one: `{kind}/0`"),
            count => format!("there are `{kind}/0` to `{kind}/{}`", count.saturating_sub(1)),
        };
        let nodes = u64::from(self.scenario.node.count);
        let (is_there, hint) = match party {
            Party::Relay | Party::Nodes | Party::Consumers => return,
            Party::Node(index) => (u64::from(*index) < nodes, numbered("node", nodes)),
            Party::Consumer(index) => {
                (u64::from(*index) < self.consumers(), numbered("consumer", self.consumers()))
            }
            Party::Population(name) => {
                let known: Vec<&str> = self.scenario.consumers.iter().map(|p| p.name.as_str()).collect();
                (known.contains(&name.as_str()), one_of(name, known.into_iter()))
            }
        };
        if !is_there {
            self.add(path, format!("there is no `{party}`"), hint);
        }
    }

    /// `at` or `every`.
    fn moments(&mut self, index: &str, at: Option<Duration>, every: Option<Rate>) {
        match (at, every) {
            (Some(at), None) => self.within(&["faults", index, "at"], at),
            (None, Some(every)) => self.not_too_often(&["faults", index, "every"], every),
            (Some(_), Some(_)) => {
                self.add(
                    &["faults", index, "every"],
                    "this fault has both `at` and `every`",
                    "keep one of them",
                );
            }
            (None, None) => {
                let hint = "add `at = \"5min\"`, or `every = \"2/h\"` for random times";
                self.add(&["faults", index], "this fault does not say when", hint);
            }
        }
    }

    fn not_too_often(&mut self, path: &[&str], rate: Rate) {
        let faults = rate.times_in(self.scenario.duration);
        if faults > MAX_FAULTS {
            self.add(path, format!("{faults:.0} faults are expected"), format!("at most {MAX_FAULTS:.0}"));
        }
    }

    fn consumers(&self) -> u64 {
        self.scenario.consumers.iter().map(|population| u64::from(population.count)).sum()
    }
}

const CONSUMERS: &str = "say \"consumers\", \"consumer/17\" or \"population/NAME\"";
