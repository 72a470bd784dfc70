//! Draining a bundle server of one-time prekeys (arXiv 2504.07323), on the real relay and the real app.
//!
//! An attacker asks the relay for somebody's bundle again and again. Each answer takes a one-time prekey of each kind
//! with it. While their owner is offline, or faster than it can replace them, first messages go without.

mod siege;

use crate::{Band, Error, Figure, Lab, Outcome, Plot, Series};
use siege::{Siege, Terms};
use std::time::Duration;

/// `prekey-depletion`.
pub(crate) const FIGURE: Figure = Figure {
    id: "prekey-depletion",
    title: "First messages without a one-time prekey when a bundle server is drained",
    source: "arXiv 2504.07323",
    run,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY_H: u64 = 24;
const NIGHT_H: u64 = 8;
/// Attacker's requests in an hour.
const PER_HOUR: &[f64] = &[0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0];
const PER_HOUR_QUICK: &[f64] = &[0.0, 60.0];
/// Attacker's requests in a second.
const PER_SECOND: &[f64] = &[20.0, 50.0, 100.0, 200.0, 400.0];
const PER_SECOND_QUICK: &[f64] = &[20.0, 400.0];
/// Each way between relay and phone.
const DELAY: Duration = Duration::from_millis(50);
/// What the app makes at a time, and below how many the relay asks for more: the defaults of both.
const MADE: f64 = 20.0;
const LOW: f64 = 5.0;

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    let nights = nights(lab, &mut outcome)?;
    let rush = rush(lab, &mut outcome)?;
    let series = |name: &str, points: Vec<(f64, f64)>| Series { name: name.into(), points };
    outcome.plots.push(Plot {
        title: "First messages without a one-time prekey; the phone is offline 8 hours a day".into(),
        x: "attacker's requests per hour".into(),
        y: "share of first messages".into(),
        series: nights,
    });
    outcome.plots.push(Plot {
        title: "First messages without a one-time prekey; the phone is always online".into(),
        x: "attacker's requests per second".into(),
        y: "share of first messages".into(),
        series: vec![
            series("measured", rush.clone()),
            series("expected", rush.iter().map(|(rate, _)| (*rate, expected_online(*rate))).collect()),
        ],
    });
    outcome.note(
        "The relay does not limit requests for bundles: one connection may ask for the same one as often as it likes.",
    );
    Ok(outcome)
}

/// Somebody who sleeps offline.
fn nights(lab: &mut Lab, outcome: &mut Outcome) -> Result<Vec<Series>, Error> {
    let days = lab.quick_or(6, 20);
    let rates = lab.quick_or(PER_HOUR_QUICK, PER_HOUR);
    let terms = |rate: &f64| Terms {
        name: format!("nights/{rate}"),
        attacks_per_s: rate / HOUR.as_secs_f64(),
        first_messages_per_s: 0.5 / HOUR.as_secs_f64(),
        period: HOUR * u32::try_from(DAY_H).unwrap_or(1),
        offline: HOUR * u32::try_from(NIGHT_H).unwrap_or(1),
        periods: days,
        delay: DELAY,
    };
    let terms: Vec<Terms> = rates.iter().map(terms).collect();
    let seed = lab.seed;
    let sieges = lab.for_each("nights", &terms, |terms| Siege::run(seed, terms));
    let (mut asleep, mut all) = (Vec::new(), Vec::new());
    for (rate, siege) in rates.iter().zip(sieges) {
        let siege = siege?;
        asleep.push((*rate, siege.bare_share(|first| !first.online)));
        all.push((*rate, siege.bare_share(|_| true)));
        if *rate == 0.0 {
            let share = (siege.bare_share(|_| true), "of first messages");
            outcome.claimed("no attack", share, "almost none", Band::between(0.0, 0.05));
        } else if *rate == 60.0 {
            let share = (siege.bare_share(|first| !first.online), "of first messages");
            let expected = "all but those before the last prekey is gone";
            outcome.published(
                "60 requests an hour, phone offline",
                share,
                expected,
                Band::between(0.85, 1.0),
            );
            let share = (siege.bare_share(|first| first.online), "of first messages");
            outcome.claimed("60 requests an hour, phone online", share, "none", Band::exactly(0.0));
            let (bare, other) = siege.read_by_a_later_thief()?;
            let expected = "all: no more than the signed prekey protects them";
            outcome.published(
                "read later, without one-time prekey",
                (bare, "of them"),
                expected,
                Band::exactly(1.0),
            );
            outcome.published(
                "read later, with one-time prekey",
                (other, "of them"),
                "none",
                Band::exactly(0.0),
            );
        }
    }
    outcome.note(format!(
        "{days} days, a first message every two hours on average, {MADE} prekeys made at a time. The later thief has \
         every durable row of the phone, after all messages were read, and decrypts."
    ));
    Ok(vec![
        Series { name: "while offline".into(), points: asleep },
        Series { name: "of the whole day".into(), points: all },
    ])
}

/// A phone that answers at once, and an attacker in a hurry.
fn rush(lab: &mut Lab, outcome: &mut Outcome) -> Result<Vec<(f64, f64)>, Error> {
    let seconds = lab.quick_or(10, 30);
    let rates = lab.quick_or(PER_SECOND_QUICK, PER_SECOND);
    let terms = |rate: &f64| Terms {
        name: format!("rush/{rate}"),
        attacks_per_s: *rate,
        first_messages_per_s: 10.0,
        period: Duration::from_secs(1),
        offline: Duration::ZERO,
        periods: seconds,
        delay: DELAY,
    };
    let terms: Vec<Terms> = rates.iter().map(terms).collect();
    let seed = lab.seed;
    let sieges = lab.for_each("rush", &terms, |terms| Siege::run(seed, terms));
    let mut points = Vec::new();
    for (rate, siege) in rates.iter().zip(sieges) {
        let share = siege?.bare_share(|_| true);
        points.push((*rate, share));
        let expected = expected_online(*rate);
        let case = format!("phone online, {rate} requests a second");
        let band = Band::between((expected - 0.12).max(0.0), expected + 0.12);
        outcome.claimed(
            case,
            (share, "of first messages"),
            format!("{expected:.2}, by the round trip"),
            band,
        );
    }
    Ok(points)
}

/// What is left when the relay asks for more lasts for a part of the round trip; the rest of it there is nothing. What
/// then comes lasts until few are left again.
fn expected_online(rate: f64) -> f64 {
    let (round_trip, left) = (2.0 * DELAY.as_secs_f64(), LOW - 1.0);
    let empty = (round_trip - left / rate).max(0.0);
    empty / (round_trip + (MADE - left) / rate)
}
