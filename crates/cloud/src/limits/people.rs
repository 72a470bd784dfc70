//! How many people a portfolio may write to first: those that it has written to outside of a window in the last 24 hours,
//! each counted once, whichever of its numbers wrote.

use graph::PortfolioId;
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Number;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The people that each portfolio has written to first, and when last.
#[derive(Default)]
pub(crate) struct People {
    portfolios: BTreeMap<PortfolioId, Written>,
}

#[derive(Default)]
struct Written {
    people: BTreeMap<Number, Time>,
    by_time: BTreeSet<(Time, Number)>,
}

impl People {
    /// True if the portfolio may write to this person first: it has, or has room for one more of `limit` (`None`: any number).
    pub(crate) fn admits(
        &mut self,
        portfolio: PortfolioId,
        person: Number,
        limit: Option<u32>,
        now: Time,
    ) -> bool {
        let Some(limit) = limit else { return true };
        let written = self.portfolios.entry(portfolio).or_default();
        written.forget(now);
        let count = u32::try_from(written.people.len()).unwrap_or(u32::MAX);
        written.people.contains_key(&person) || count < limit
    }

    /// It has written. Of a portfolio without limit this needn't be said.
    pub(crate) fn wrote(&mut self, portfolio: PortfolioId, person: Number, at: Time) {
        let written = self.portfolios.entry(portfolio).or_default();
        if let Some(before) = written.people.insert(person, at) {
            written.by_time.remove(&(before, person));
        }
        written.by_time.insert((at, person));
    }
}

impl Written {
    fn forget(&mut self, now: Time) {
        while let Some((_, person)) = self.by_time.first().filter(|(at, _)| now.since(*at) >= DAY).copied() {
            self.by_time.pop_first();
            self.people.remove(&person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_counts_once_in_a_day() {
        let (mut people, start) = (People::default(), Time::from_secs(1_000));
        let person = |number: u64| Number::from_integer(16_505_550_000 + number).unwrap();
        let (ours, theirs) = (PortfolioId::from(1), PortfolioId::from(2));
        for number in 0..3 {
            assert!(people.admits(ours, person(number), Some(3), start));
            people.wrote(ours, person(number), start);
        }
        let later = start + Duration::from_secs(23 * 3600);
        assert!(people.admits(ours, person(2), Some(3), later));
        assert!(!people.admits(ours, person(3), Some(3), later));
        assert!(
            people.admits(ours, person(3), None, later) && people.admits(theirs, person(3), Some(3), later)
        );
        people.wrote(ours, person(0), later);
        let next_day = start + DAY;
        assert!(people.admits(ours, person(3), Some(3), next_day));
        people.wrote(ours, person(3), next_day);
        // The one that was written to again is still one of three.
        people.wrote(ours, person(4), next_day);
        assert!(!people.admits(ours, person(5), Some(3), next_day));
    }
}
