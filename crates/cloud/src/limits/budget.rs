//! How many calls may be made in an hour, and how much of that is used: what answers say in `x-app-usage` and
//! `x-business-use-case-usage`.

use kernel::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// An hour is counted in so many pieces: a call is forgotten between an hour and a minute more after it was made.
const PIECE: Duration = Duration::from_secs(60);

/// Calls of the last hour, by who or what has the budget.
pub(crate) struct Budget<K> {
    calls: BTreeMap<K, Calls>,
}

#[derive(Default)]
struct Calls {
    pieces: VecDeque<(Time, u32)>,
    sum: u32,
}

/// How much of a budget is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Of the budget, in per cent, 100 at most.
    pub(crate) percent: u32,
    /// Until there is something of it again; zero if there is.
    pub(crate) regained_in: Duration,
}

impl<K> Default for Budget<K> {
    fn default() -> Self {
        Self { calls: BTreeMap::new() }
    }
}

impl<K: Ord> Budget<K> {
    /// A call of one that may make `limit` in an hour: how much is used with it. A call that is refused costs nothing.
    ///
    /// # Errors
    /// The budget is spent.
    pub(crate) fn spend(&mut self, who: K, limit: u32, now: Time) -> Result<Spent, Spent> {
        let calls = self.calls.entry(who).or_default();
        calls.forget(now);
        if calls.sum >= limit {
            let oldest = calls.pieces.front().map_or(now, |(began, _)| *began);
            return Err(Spent { percent: 100, regained_in: (oldest + HOUR + PIECE).since(now) });
        }
        match calls.pieces.back_mut().filter(|(began, _)| now.since(*began) < PIECE) {
            Some((_, made)) => *made += 1,
            None => calls.pieces.push_back((now, 1)),
        }
        calls.sum += 1;
        let percent = u64::from(calls.sum) * 100 / u64::from(limit.max(1));
        Ok(Spent { percent: u32::try_from(percent).unwrap_or(100).min(100), regained_in: Duration::ZERO })
    }
}

impl Calls {
    fn forget(&mut self, now: Time) {
        while let Some((_, made)) = self.pieces.pop_front_if(|(began, _)| now.since(*began) >= HOUR + PIECE) {
            self.sum -= made;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_spent_budget_comes_back_within_the_hour() {
        let (mut budget, start) = (Budget::default(), Time::from_secs(1_000));
        let spent = (0..200).map(|_| budget.spend("app", 200, start).unwrap().percent).last();
        assert_eq!(spent, Some(100));
        let refused = budget.spend("app", 200, start + PIECE).unwrap_err();
        assert_eq!(refused, Spent { percent: 100, regained_in: HOUR });
        assert!(budget.spend("another", 200, start).is_ok());
        assert_eq!(budget.spend("app", 200, start + PIECE + refused.regained_in).unwrap().percent, 0);
    }

    proptest! {
        /// Whatever comes when: an hour never has more calls than it may, and what is kept is bounded.
        #[test]
        fn no_hour_has_more_calls_than_it_may(pauses_s in prop::collection::vec(0..300_u64, 1..400)) {
            let (mut budget, mut now, mut made) = (Budget::default(), Time::from_secs(0), Vec::new());
            for pause in pauses_s {
                now = now + Duration::from_secs(pause);
                if budget.spend((), 20, now).is_ok() {
                    made.push(now);
                }
                let in_this_hour = made.iter().filter(|at| now.since(**at) < HOUR).count();
                prop_assert!(in_this_hour <= 20);
                prop_assert!(budget.calls[&()].pieces.len() <= 62);
            }
        }
    }
}
