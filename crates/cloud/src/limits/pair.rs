//! How fast a number may write to one person: a message in six seconds on the average, and up to 45 at once, which borrow from
//! what comes after.
//!
//! How the platform counts is not published. Its example (a burst of 20 costs two minutes) is that of a debt: whatever was sent
//! within six seconds is paid for with six seconds each before the next message.

use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::Number;

/// What a message costs.
const PRICE: Duration = Duration::from_secs(6);

/// What may be borrowed within the time that one message costs.
const BURST: u32 = 45;

/// Pairs of a business's number and a person that are not out of debt.
#[derive(Default)]
pub(crate) struct Pairs {
    debts: BTreeMap<(Number, Number), Debt>,
    by_end: BTreeSet<(Time, (Number, Number))>,
}

#[derive(Clone, Copy)]
struct Debt {
    began: Time,
    messages: u32,
}

impl Pairs {
    /// A message from `pair.0` to `pair.1`: `Err` with the time that is left until one may be sent.
    pub(crate) fn admit(&mut self, pair: (Number, Number), now: Time) -> Result<(), Duration> {
        self.forget_paid(now);
        let debt = self.debts.get(&pair).copied().unwrap_or(Debt { began: now, messages: 0 });
        let is_burst = now.since(debt.began) < PRICE;
        if debt.messages >= BURST || (debt.messages > 0 && !is_burst) {
            return Err(debt.end().since(now));
        }
        let grown = Debt { messages: debt.messages + 1, ..debt };
        self.by_end.remove(&(debt.end(), pair));
        self.by_end.insert((grown.end(), pair));
        self.debts.insert(pair, grown);
        Ok(())
    }

    fn forget_paid(&mut self, now: Time) {
        while let Some(paid) = self.by_end.first().filter(|(end, _)| *end <= now).copied() {
            self.by_end.remove(&paid);
            self.debts.remove(&paid.1);
        }
    }
}

impl Debt {
    /// When it is paid.
    fn end(self) -> Time {
        self.began + PRICE * self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(person: u64) -> (Number, Number) {
        let number = |digits| Number::from_integer(digits).unwrap();
        (number(15_550_783_881), number(16_505_551_000 + person))
    }

    #[test]
    fn a_burst_of_twenty_costs_two_minutes() {
        let (mut pairs, start) = (Pairs::default(), Time::from_secs(1_000));
        assert!((0..20).all(|_| pairs.admit(pair(1), start).is_ok()));
        let later = start + Duration::from_secs(7);
        assert_eq!(pairs.admit(pair(1), later), Err(Duration::from_secs(113)));
        assert_eq!(pairs.admit(pair(2), later), Ok(()));
        assert_eq!(pairs.admit(pair(1), start + Duration::from_secs(120)), Ok(()));
    }

    #[test]
    fn more_than_a_burst_is_refused_at_once() {
        let (mut pairs, start) = (Pairs::default(), Time::from_secs(1_000));
        let sent = (0..100).filter(|_| pairs.admit(pair(1), start).is_ok()).count();
        assert_eq!(sent, 45);
    }

    proptest! {
        /// Whoever waits as long as they are told is admitted, and over a long time nobody gets more than their average.
        #[test]
        fn nobody_gets_more_than_a_message_in_six_seconds(pauses in prop::collection::vec(0..20_000_u64, 1..200)) {
            let (mut pairs, start) = (Pairs::default(), Time::from_secs(1_000));
            let (mut now, mut sent) = (start, 0_u32);
            for pause_ms in pauses {
                now = now + Duration::from_millis(pause_ms);
                match pairs.admit(pair(1), now) {
                    Ok(()) => sent += 1,
                    Err(left) => prop_assert!(left > Duration::ZERO && left <= PRICE * BURST),
                }
            }
            let earned = now.since(start).as_secs() / PRICE.as_secs();
            prop_assert!(u64::from(sent) <= earned + u64::from(BURST) + 1);
            if let Err(left) = pairs.admit(pair(1), now) {
                prop_assert_eq!(pairs.admit(pair(1), now + left), Ok(()));
                prop_assert_eq!(pairs.debts.len(), 1);
            }
        }
    }
}
