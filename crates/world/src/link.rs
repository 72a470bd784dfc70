//! Modelled links: each way of a connection takes its time and keeps its order.

use crate::draws::Draws;
use kernel::Time;
use scenario::{Bandwidth, Probability, Sampler};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The links of one class.
#[derive(Debug, Clone)]
pub(crate) struct LinkModel {
    pub(crate) latency: Sampler<scenario::Duration>,
    pub(crate) bandwidth: Option<Bandwidth>,
    pub(crate) loss: Probability,
    pub(crate) reorder: Probability,
}

/// One way of a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Way {
    draws: Draws,
    /// When the last byte handed in so far is on the wire.
    sent: u64,
    /// When the last frame so far arrives: in a stream nothing overtakes.
    arrived: u64,
}

/// A packet is lost at most so often in a row: the connection would have broken.
const MOST_LOSSES: u32 = 8;

impl Way {
    pub(crate) const fn new(draws: Draws) -> Self {
        Self { draws, sent: 0, arrived: 0 }
    }

    /// When a frame of so many bytes arrives that is handed in now. A lost packet is sent again when its
    /// acknowledgement is overdue, a round trip later (RFC 9002, section 6); one that the network delays holds up
    /// those behind it.
    pub(crate) fn arrival(&mut self, now: Time, bytes: u32, model: &LinkModel) -> Time {
        let takes = model.bandwidth.map_or(0, |bandwidth| bandwidth.micros_for(u64::from(bytes)));
        self.sent = self.sent.max(now.as_micros()).saturating_add(takes);
        let mut delay = self.latency(model);
        if !model.loss.is_zero() {
            let mut losses = 0;
            while losses < MOST_LOSSES && model.loss.happens(self.draws.next()) {
                delay += self.latency(model) + self.latency(model);
                losses += 1;
            }
        }
        if !model.reorder.is_zero() && model.reorder.happens(self.draws.next()) {
            delay += self.latency(model);
        }
        let delay = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.arrived = self.arrived.max(self.sent.saturating_add(delay));
        Time::from_micros(self.arrived)
    }

    /// What is on its way stays so until `time`: the link is cut until then.
    pub(crate) fn hold(&mut self, time: Time) {
        self.sent = self.sent.max(time.as_micros());
    }

    fn latency(&mut self, model: &LinkModel) -> Duration {
        model.latency.sample(&mut || self.draws.next())
    }
}

/// When an end gives up a connection over which nothing has come since `from`: `max_idle_timeout` of the live links.
pub(crate) fn gives_up(from: Time) -> Time {
    from + Duration::from_secs(30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Origin, Purpose};
    use kernel::Seed;
    use scenario::Distribution;

    const LATENCY: Duration = Duration::from_millis(20);

    fn way() -> Way {
        Way::new(Origin::of(&Seed::from_number(1)).draws(Purpose::ToRelay, 0))
    }

    fn model() -> LinkModel {
        let latency = Distribution::Constant(scenario::Duration::from_nanos(20_000_000)).sampler();
        LinkModel {
            latency,
            bandwidth: None,
            loss: Probability::clamped(0.0),
            reorder: Probability::clamped(0.0),
        }
    }

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    #[test]
    fn bytes_take_their_time_one_after_the_other() {
        let slow = LinkModel { bandwidth: Some("8kbit/s".parse().unwrap()), ..model() };
        let mut way = way();
        let arrivals = [(0, 10), (0, 10), (100, 1)].map(|(now, bytes)| way.arrival(at(now), bytes, &slow));
        assert_eq!(arrivals, [30, 40, 121].map(at));
    }

    #[test]
    fn what_is_said_while_a_link_is_cut_arrives_after_it() {
        let mut way = way();
        way.hold(at(500));
        assert_eq!(way.arrival(at(100), 1, &model()), at(520));
        assert_eq!(way.arrival(at(900), 1, &model()), at(920));
    }

    #[test]
    fn a_lost_packet_comes_round_trips_later_and_nothing_overtakes_it() {
        let lossy =
            LinkModel { loss: Probability::clamped(0.5), reorder: Probability::clamped(0.3), ..model() };
        let mut way = way();
        let arrivals: Vec<Time> = (0..200).map(|now| way.arrival(at(now), 1, &lossy)).collect();
        assert!(arrivals.is_sorted());
        let late = arrivals.iter().zip(0..).map(|(arrival, now)| arrival.since(at(now)));
        let most = late.clone().max().unwrap();
        assert!(late.min().unwrap() >= LATENCY && most > LATENCY * 3, "{most:?}");
        assert!(most <= LATENCY * (2 + 2 * MOST_LOSSES));
    }
}
