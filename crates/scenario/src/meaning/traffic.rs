//! What traffic must keep to: senders and recipients that there are and may write to each other, and not more of it than
//! any machine takes.

use super::{Check, Population};
use crate::check::one_of;
use crate::{Of, Probability, Suite, Traffic};

/// More expected messages than any machine takes.
const MAX_MESSAGES: f64 = 1e11;

impl<'a> Check<'a> {
    pub(super) fn traffic(&mut self) {
        for (index, traffic) in self.scenario.traffic.iter().enumerate() {
            let index = index.to_string();
            let from = self.population(&["traffic", &index, "from"], &traffic.from);
            let to = self.population(&["traffic", &index, "to"], &traffic.to);
            self.volume(&index, traffic);
            if let (Some(from), Some(to)) = (from, to) {
                self.pair(&index, traffic, from, to);
            }
        }
        let messages = self.scenario.estimate().messages;
        if messages > MAX_MESSAGES {
            let hint = "lower a `rate`, `turns` or `duration`";
            self.add(&["traffic"], format!("{messages:.0} messages are expected"), hint);
        }
    }

    fn population(&mut self, path: &[&str], name: &str) -> Option<Population<'a>> {
        let found = self.named(name);
        if found.is_none() {
            let known: Vec<&str> = self.all().map(|population| population.name).collect();
            let hint = one_of(name, known.into_iter());
            self.add(path, format!("there is no population `{name}`"), hint);
        }
        found
    }

    /// How much, and when.
    fn volume(&mut self, index: &str, traffic: &Traffic) {
        let path = |key| ["traffic", index, key];
        let given = [
            traffic.rate.map(|_| "rate"),
            traffic.burst.map(|_| "burst"),
            traffic.replay.as_ref().map(|_| "replay"),
        ];
        let given: Vec<&str> = given.into_iter().flatten().collect();
        match given.as_slice() {
            [_] => {}
            [] => {
                let hint = "add `rate`, `burst` or `replay`, or a `profile` that has one";
                self.add(&["traffic", index], "this traffic does not say how much there is", hint);
            }
            [.., last] => {
                let problem = format!("this traffic has {}", given.join(" and "));
                self.add(&path(last), problem, "keep one of them");
            }
        }
        if traffic.audience <= Probability::ZERO {
            self.add(
                &path("audience"),
                "nobody takes part",
                "an audience is above 0; or leave the traffic out",
            );
        }
        if let Some(burst) = traffic.burst {
            if burst.every.is_zero() {
                self.add(
                    &["traffic", index, "burst", "every"],
                    "bursts have no time between them",
                    "\"1d\" is usual",
                );
            } else if burst.within.is_zero() || burst.within > burst.every {
                let problem =
                    format!("a burst can't take {} when there is one every {}", burst.within, burst.every);
                self.add(&["traffic", index, "burst", "within"], problem, "from one to the next at most");
            }
        }
    }

    fn pair(&mut self, index: &str, traffic: &Traffic, from: Population<'_>, to: Population<'_>) {
        let path = |key| ["traffic", index, key];
        if from.are_businesses && to.are_businesses {
            let hint = "businesses write to consumers: the Cloud API has no other recipients";
            self.add(&path("to"), "a business can't write to a business", hint);
            return;
        }
        if from.name == to.name && from.count < 2 {
            let hint = format!("have at least two in `{}`", from.name);
            self.add(&path("to"), "nobody is there to write to", hint);
        }
        if (from.suite == Suite::X3dh) != (to.suite == Suite::X3dh) {
            let problem = format!("`{}` and `{}` have no suite that both speak", from.name, to.name);
            self.add(
                &path("to"),
                problem,
                "x3dh speaks with x3dh only: give both populations the same `suite`",
            );
        }
        if traffic.rate.is_some_and(|rate| rate.of == Of::Business)
            && !from.are_businesses
            && !to.are_businesses
        {
            let hint = "say \"per consumer\" or \"in total\"";
            self.add(&path("rate"), "this rate is per business, and no business takes part", hint);
        }
        // Answers are answered too.
        let endless = from.reply.probability >= Probability::ONE && to.reply.probability >= Probability::ONE;
        if endless {
            let problem = format!("`{}` and `{}` answer each other for ever", from.name, to.name);
            self.add(&path("to"), problem, "give one of them a `reply.probability` below 1");
        }
    }
}
