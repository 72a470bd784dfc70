//! How many messages a number may have in a second, both ways and of all kinds together: 80, or 1,000 once it was raised.

use graph::PhoneNumberId;
use kernel::Time;
use std::collections::BTreeMap;

/// Messages of this second, of each number. Numbers are the tenants', so that there are no more of them than that.
#[derive(Default)]
pub(crate) struct Throughput {
    numbers: BTreeMap<PhoneNumberId, Second>,
}

/// A second that begins with a message.
#[derive(Clone, Copy)]
struct Second {
    began: Time,
    messages: u32,
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

impl Throughput {
    /// A message of a number that may have `rate_per_s`: false if it has had them in this second. What arrives is not
    /// refused, but counts: see [`counts`](Self::counts).
    pub(crate) fn admits(&mut self, number: PhoneNumberId, rate_per_s: u32, now: Time) -> bool {
        let second = self.second(number, now);
        let admitted = second.messages < rate_per_s;
        second.messages += u32::from(admitted);
        admitted
    }

    /// A message that has arrived for the number.
    pub(crate) fn counts(&mut self, number: PhoneNumberId, now: Time) {
        let second = self.second(number, now);
        second.messages = second.messages.saturating_add(1);
    }

    fn second(&mut self, number: PhoneNumberId, now: Time) -> &mut Second {
        let fresh = Second { began: now, messages: 0 };
        let second = self.numbers.entry(number).or_insert(fresh);
        if now.since(second.began) >= SECOND || now < second.began {
            *second = fresh;
        }
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_number_has_its_rate_in_each_second_and_others_are_not_concerned() {
        let (mut throughput, start) = (Throughput::default(), Time::from_secs(100));
        let (one, other) = (PhoneNumberId::from(1), PhoneNumberId::from(2));
        let admitted = (0..100).filter(|_| throughput.admits(one, 80, start)).count();
        assert_eq!(admitted, 80);
        assert!(throughput.admits(other, 80, start));
        assert!(!throughput.admits(one, 80, start + Duration::from_millis(999)));
        assert!(throughput.admits(one, 80, start + Duration::from_secs(1)));
        // A clock that was put back holds nobody up.
        assert!(throughput.admits(one, 80, start));
    }

    #[test]
    fn what_arrives_counts_and_is_never_refused() {
        let (mut throughput, start) = (Throughput::default(), Time::from_secs(100));
        let one = PhoneNumberId::from(1);
        (0..200).for_each(|_| throughput.counts(one, start));
        assert!(!throughput.admits(one, 80, start));
    }
}
