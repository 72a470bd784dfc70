//! When a consumer is online: by the hours of the day where they live, and what a scenario says of their habits.

use crate::draws::Draws;
use crate::plan::Plan;
use crate::record::Who;
use kernel::Time;
use scenario::{Online, TimeOfDay};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY: u64 = 24 * 3600;

/// One consumer's comings and goings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Presence {
    who: u32,
    draws: Draws,
}

impl Presence {
    pub(crate) fn new(who: Who, draws: Draws) -> Self {
        Self { who: who.index(), draws }
    }

    /// Whether the consumer is online at first; `at` is told when that changes.
    pub(crate) fn begin(&mut self, plan: &Plan, now: Time, at: impl FnOnce(Time, bool)) -> bool {
        let online = match plan.online(self.who) {
            Online::Always => return true,
            Online::Sessions { online, offline } => {
                // As likely as the share of time that it is online.
                let share = online.mean() / (online.mean() + offline.mean());
                scenario::Probability::clamped(share).happens(self.draws.next())
            }
            Online::Daily { from, until } => {
                let local = plan.local_seconds(self.who, now) % DAY;
                let (from, until) = (seconds(*from), seconds(*until));
                if from <= until { (from..until).contains(&local) } else { local >= from || local < until }
            }
            Online::Away { .. } => true,
        };
        self.turn(plan, now, online, at);
        online
    }

    /// The consumer has gone online or offline: says when that changes again, if it does.
    pub(crate) fn turn(&mut self, plan: &Plan, now: Time, online: bool, at: impl FnOnce(Time, bool)) {
        let next = match plan.online(self.who) {
            Online::Always => None,
            Online::Sessions { online: stay, offline } => {
                let span = if online { stay } else { offline };
                Some(now + span.sample(&mut || self.draws.next()))
            }
            Online::Daily { from, until } => {
                let edge = if online { until } else { from };
                let local = plan.local_seconds(self.who, now) % DAY;
                let wait = (seconds(*edge) + DAY - local) % DAY;
                let wait = if wait == 0 { DAY } else { wait };
                // Not everybody in the same second.
                let spread = Duration::from_micros(u64::from(self.draws.below(600_000_000)));
                Some(now + Duration::from_secs(wait) + spread)
            }
            Online::Away { from, until } => {
                let edge = if online { *from } else { *until };
                Some(plan.start() + edge.to_std()).filter(|edge| *edge > now)
            }
        };
        if let Some(next) = next.filter(|next| *next < plan.end()) {
            at(next.max(now + Duration::from_micros(1)), !online);
        }
    }
}

fn seconds(time: TimeOfDay) -> u64 {
    u64::from(time.minutes()) * 60
}
