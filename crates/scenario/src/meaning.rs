//! What the schema can't say: references, orders of time, what goes together.

mod adversity;
mod amounts;
mod traffic;

use crate::document::Node;
use crate::problem::Problem;
use crate::{Duration, Online, Reply, Scenario};
use std::collections::BTreeMap;

/// A text has at most so many bytes: what the Cloud API takes.
pub(crate) const MAX_TEXT: u64 = 4096;

/// So many consumers fit into one run.
const MAX_CONSUMERS: u64 = 10_000_000;

/// So many points has a time series at most: each is a row of dozens of numbers.
const MAX_MEASUREMENTS: u64 = 1_000_000;

/// Shorter sessions and breaks are connections that are opened for nothing, by everybody, all the time.
const SHORTEST_SESSION_S: f64 = 1.0;

/// Everything that is wrong with a scenario that the schema allows, replays aside.
pub(crate) fn check(scenario: &Scenario, document: &Node) -> Vec<Problem> {
    let mut check = Check { scenario, document, problems: Vec::new() };
    check.head();
    check.populations();
    check.suites_of_businesses();
    check.amounts();
    check.traffic();
    check.faults();
    check.adversaries();
    check.problems
}

struct Check<'a> {
    scenario: &'a Scenario,
    document: &'a Node,
    problems: Vec<Problem>,
}

/// A population of either kind.
#[derive(Clone, Copy)]
struct Population<'a> {
    name: &'a str,
    count: u32,
    suite: crate::Suite,
    reply: &'a Reply,
    are_businesses: bool,
}

impl<'a> Check<'a> {
    fn add(&mut self, path: &[&str], problem: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::new(self.document.find(path).clone(), problem, hint));
    }

    fn all(&self) -> impl Iterator<Item = Population<'a>> + use<'a> {
        let consumers = self.scenario.consumers.iter().map(|population| Population {
            name: &population.name,
            count: population.count,
            suite: population.suite,
            reply: &population.reply,
            are_businesses: false,
        });
        let businesses = self.scenario.businesses.iter().map(|population| Population {
            name: &population.name,
            count: population.count,
            suite: population.suite,
            reply: &population.reply,
            are_businesses: true,
        });
        consumers.chain(businesses)
    }

    fn named(&self, name: &str) -> Option<Population<'a>> {
        self.all().find(|population| population.name == name)
    }

    /// When the run is over, counted from the start of traffic.
    const fn end(&self) -> Duration {
        let scenario = self.scenario;
        Duration::from_nanos(scenario.duration.as_nanos().saturating_add(scenario.drain.as_nanos()))
    }

    fn head(&mut self) {
        let name = &self.scenario.name;
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_fit) {
            let hint = "a name has lower-case letters, digits and hyphens: it names files";
            self.add(&["name"], format!("`{name}` can't be the name"), hint);
        }
        if self.scenario.duration.is_zero() {
            self.add(
                &["duration"],
                "the scenario takes no time",
                "give it some, like `duration = \"10min\"`",
            );
        }
        if self.scenario.measurements.every.is_zero() {
            self.add(&["measurements", "every"], "no time is between two measurements", "\"1min\" is usual");
        }
        let (end, every) = (self.end().as_nanos(), self.scenario.measurements.every.as_nanos());
        if every > 0 && end / every > MAX_MEASUREMENTS {
            let problem = format!("{} measurements of everything are too many", end / every);
            let hint = format!("at most {MAX_MEASUREMENTS} in a run; \"1min\" is usual");
            self.add(&["measurements", "every"], problem, hint);
        }
        for (party, period) in
            [("node", self.scenario.node.key_rotation), ("device", self.scenario.device.key_rotation)]
        {
            if period < Duration::from_secs(60) {
                let hint = "at least \"1min\": each change is told to the relay; \"2d\" is usual";
                self.add(&[party, "key_rotation"], "the keys change too often", hint);
            }
        }
        if self.scenario.relay.count > self.scenario.node.count {
            let problem =
                format!("{} relays for {} nodes", self.scenario.relay.count, self.scenario.node.count);
            let hint = "each relay has at least one node: nobody could write over the others";
            self.add(&["relay", "count"], problem, hint);
        }
    }

    fn populations(&mut self) {
        if self.scenario.consumers.is_empty() {
            self.add(
                &["consumers"],
                "there are no consumers",
                "add a `[[consumers]]` with `name` and `count`",
            );
        }
        let mut names = BTreeMap::new();
        let consumers = self.scenario.consumers.len();
        for (place, population) in self.all().enumerate() {
            let (kind, index) = match place.checked_sub(consumers) {
                None => ("consumers", place.to_string()),
                Some(index) => ("businesses", index.to_string()),
            };
            let (path, name) = ([kind, &index, "name"], population.name);
            let is_fit = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(is_fit) {
                self.add(
                    &path,
                    format!("`{name}` can't be a name"),
                    "a name has letters, digits, `-` and `_`",
                );
            }
            if names.insert(name, kind).is_some() {
                self.add(
                    &path,
                    format!("two populations are called `{name}`"),
                    "give each a name of its own",
                );
            }
        }
        let mut before = 0_u64;
        for (index, population) in self.scenario.consumers.iter().enumerate() {
            let index = index.to_string();
            before += u64::from(population.count);
            let path = ["consumers", &index, "count"];
            if before > MAX_CONSUMERS {
                let problem = format!("with these there are {before} consumers");
                self.add(&path, problem, format!("a run has at most {MAX_CONSUMERS}"));
            }
            // A number is given by the place among all consumers.
            if before > population.country.numbers() {
                let (country, numbers) = (population.country, population.country.numbers());
                let problem =
                    format!("{country} has only {numbers} numbers, and these are consumers up to {before}");
                self.add(&path, problem, "take fewer, or put this population first");
            }
            self.online(&index, &population.online);
        }
    }

    fn online(&mut self, index: &str, online: &Online) {
        let path = |key| ["consumers", index, "online", key];
        match online {
            Online::Always => {}
            Online::Sessions { online, offline } => {
                let mean = online.mean() + offline.mean();
                if mean <= 0.0 {
                    self.add(&path("online"), "sessions take no time", "give `online` and `offline` some");
                } else if mean < SHORTEST_SESSION_S {
                    let problem = "people come and go more than once a second";
                    self.add(&path("online"), problem, "give `online` and `offline` a second together");
                }
            }
            Online::Daily { from, until } => {
                if from == until {
                    self.add(
                        &path("until"),
                        "`from` and `until` are the same time",
                        "for all day, leave `online` out",
                    );
                }
            }
            Online::Away { from, until } => {
                self.span(&path("from"), *from, &path("until"), *until);
            }
        }
    }

    /// A node speaks one suite or several with prekeys; X3DH only has no use for those of the others.
    fn suites_of_businesses(&mut self) {
        let x3dh = |population: &&crate::Businesses| population.suite == crate::Suite::X3dh;
        let businesses = &self.scenario.businesses;
        let old = businesses.iter().filter(x3dh).count();
        if old == 0 || old == businesses.len() {
            return;
        }
        let index = businesses.iter().position(|population| x3dh(&population)).unwrap_or(0).to_string();
        let hint = "nodes are dealt to all businesses: either all of them have `suite = \"x3dh\"` or none";
        self.add(&["businesses", &index, "suite"], "some businesses speak x3dh and others don't", hint);
    }

    /// Something that is from one time to another, both counted from the start of traffic.
    fn span(&mut self, from_path: &[&str], from: Duration, until_path: &[&str], until: Duration) {
        if until <= from {
            let problem = format!("`until` ({until}) is not after `from` ({from})");
            self.add(until_path, problem, "both are counted from the start of traffic");
        }
        self.within(from_path, from);
    }

    /// Something that happens at a time.
    fn within(&mut self, path: &[&str], at: Duration) {
        if at >= self.end() {
            let problem = format!("{at} is after the end");
            let hint = format!(
                "traffic takes {} and what is under way another {}; times are counted from the start of traffic",
                self.scenario.duration, self.scenario.drain
            );
            self.add(path, problem, hint);
        }
    }
}
