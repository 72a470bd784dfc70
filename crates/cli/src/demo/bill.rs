//! The bill at the end of a demonstration, and whether the relay has counted by then all that has arrived.

use super::tracker::Tracker;
use cloud::BillLine;
use wire::Direction;

/// What the relay has counted, and what it must have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bill {
    pub(crate) lines: Vec<BillLine>,
    due: [(Direction, u64); 2],
}

impl Bill {
    /// `lines`, beside what `tracker` saw arrive: texts one way, and texts and their read receipts the other.
    pub(crate) fn new(lines: Vec<BillLine>, tracker: &Tracker) -> Self {
        let (outbound, inbound) = tracker.envelopes();
        Self {
            lines,
            due: [(Direction::BusinessToConsumer, outbound), (Direction::ConsumerToBusiness, inbound)],
        }
    }

    /// True if nothing that arrived is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// What is missing, a sentence for each direction.
    pub(crate) fn missing(&self) -> Vec<String> {
        let short = self.due.iter().filter_map(|(way, due)| {
            let counted = self.counted(*way);
            (counted < *due).then(|| format!("{counted} of {due} envelopes {} are counted yet", name(*way)))
        });
        short.collect()
    }

    fn counted(&self, way: Direction) -> u64 {
        let lines = self.lines.iter().filter(|line| line.reading.direction == way);
        lines.map(|line| line.reading.envelopes).sum()
    }
}

/// A direction in words.
pub(crate) fn name(way: Direction) -> &'static str {
    match way {
        Direction::BusinessToConsumer => "business to consumer",
        Direction::ConsumerToBusiness => "consumer to business",
        Direction::Unspecified => "unspecified",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    use kernel::{Rng, Seed, Time};
    use wire::{BillingClass, MeterReading};

    fn line(direction: Direction, envelopes: u64) -> BillLine {
        let reading = MeterReading {
            business: "15550783881".parse().unwrap(),
            direction,
            country_calling_code: 49,
            billing_class: BillingClass::Service,
            envelopes,
            bytes: 100 * envelopes,
        };
        BillLine { account: "1".parse().unwrap(), phone_number: "2".parse().unwrap(), reading }
    }

    #[test]
    fn a_bill_is_complete_when_both_directions_are_counted() {
        let tracker = Tracker::new(1, 2, &mut Rng::for_entity(&Seed::from_number(1), "test"));
        for message in 0..2 {
            let text = tracker.text(message);
            tracker.shown(&text, Time::from_secs(1));
            let (id, from) = (format!("a{message}"), "49".into());
            tracker.webhook(crate::sink::Event::Message { id, from, text }, Time::from_secs(1));
            let (id, status) = (format!("w{message}"), "read".into());
            tracker.webhook(crate::sink::Event::Status { id, status }, Time::from_secs(1));
        }
        let bill = |outbound, inbound| {
            let (one, other) = (Direction::BusinessToConsumer, Direction::ConsumerToBusiness);
            Bill::new(vec![line(one, outbound), line(other, 1), line(other, inbound)], &tracker)
        };
        assert!(bill(2, 3).is_complete());
        assert_eq!(bill(2, 2).missing(), ["3 of 4 envelopes consumer to business are counted yet"]);
        assert_eq!(bill(1, 0).missing().len(), 2);
    }
}
