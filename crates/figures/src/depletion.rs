//! Draining a bundle server of one-time prekeys (arXiv 2504.07323), on the real relay and the real app.
//!
//! An attacker asks the relay for somebody's bundle again and again. Each answer takes a one-time prekey of each kind
//! with it. While their owner is offline, or slower to replace them than they are taken, first messages go without.
//! The app makes 812 at a time and when 10 are left, as the paper's did. Phones differ in how long that takes them.

mod siege;

use crate::{Band, Error, Figure, Lab, Outcome, Plot, Series};
use endpoint::{Modelled, Native};
use siege::{DELAY, LEFT, MADE, Siege, Terms};
use std::time::Duration;

/// `prekey-depletion`.
pub(crate) const FIGURE: Figure = Figure {
    id: "prekey-depletion",
    title: "First messages without a one-time prekey when a bundle server is drained",
    source: "arXiv 2504.07323",
    run,
};

/// `prekey-pogo`.
pub(crate) const POGO: Figure = Figure {
    id: "prekey-pogo",
    title: "Attempts that find no one-time prekey of a phone that is online, by phone",
    source: "arXiv 2504.07323, table 3",
    run: run_pogo,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY_H: u32 = 24;
const NIGHT_H: u32 = 8;
/// Attacker's requests in an hour.
const PER_HOUR: &[f64] = &[0.0, 50.0, 100.0, 125.0, 150.0, 200.0, 400.0, 1000.0];
const PER_HOUR_QUICK: &[f64] = &[0.0, 1000.0];
/// The most of them.
const BUSY_HOUR: f64 = 1000.0;
/// An attacker's requests in a second: on one connection, and on several, where 812 took 10 seconds.
const ONE_CONNECTION: f64 = 20.0;
const SEVERAL: f64 = 81.2;
/// How many seconds a phone takes to make more prekeys.
const REFILLS_AFTER_S: &[f64] = &[0.1, 1.0, 2.2, 5.0, 10.0, 30.0, 60.0, 120.0, 231.0, 600.0];
const REFILLS_AFTER_S_QUICK: &[f64] = &[0.1, 5.0, 60.0];
/// From a full store to the next, so often.
const CYCLES: f64 = 3.0;

/// The paper's table: phone, and of 100 attempts those without one-time prekey, per condition.
const TABLE: &[(&str, [f64; 4])] = &[
    ("iPhone SE", [85.0, 94.0, 90.0, 93.0]),
    ("iPhone 8", [90.0, 88.0, 89.0, 88.0]),
    ("iPhone 11", [80.0, 96.0, 74.0, 80.0]),
    ("Poco X3", [76.0, 55.0, 18.0, 17.0]),
    ("Galaxy A54", [10.0, 9.0, 18.0, 4.0]),
    ("Redmi", [15.0, 72.0, 13.0, 19.0]),
];
const CONDITIONS: [&str; 4] = ["standby, WiFi", "standby, 4G", "screen on, WiFi", "screen on, 4G"];

fn run(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = FIGURE.outcome();
    drained(lab, &mut outcome)?;
    let nights = nights(lab, &mut outcome)?;
    thief(lab, &mut outcome)?;
    let rush = rush(lab, &mut outcome)?;
    outcome.plots.push(Plot {
        title: "First messages without a one-time prekey; the phone is offline 8 hours a day".into(),
        x: "attacker's requests per hour".into(),
        y: "share of first messages".into(),
        series: nights,
    });
    outcome.plots.push(Plot {
        title: "First messages without a one-time prekey; the phone is always online".into(),
        x: "seconds that the phone takes to make more".into(),
        y: "share of first messages".into(),
        series: rush,
    });
    outcome.note(format!(
        "{MADE} prekeys at a time, more when {LEFT} are left. The relay does not limit requests for bundles: one \
         connection may ask for the same one as often as it likes. How long the signed prekey lives decides for how long \
         what is bare stays readable."
    ));
    Ok(outcome)
}

/// How long it takes until nothing is left of a phone that is offline.
fn drained(lab: &mut Lab, outcome: &mut Outcome) -> Result<(), Error> {
    for (case, rate, expected) in
        [("one connection", ONE_CONNECTION, "40.6 s"), ("several connections", SEVERAL, "812 in 10 s")]
    {
        let period = Duration::from_secs(60);
        let siege = Siege::run::<Modelled>(
            lab.seed,
            &Terms {
                name: format!("drained/{rate}"),
                attacks_per_s: rate,
                first_messages_per_s: 0.1,
                period,
                offline: period,
                periods: 1,
                refills_after: Duration::ZERO,
                recorded: false,
            },
        )?;
        let seconds = siege.taken_before_none() / rate;
        let band = Band::around(f64::from(MADE) / rate, 0.02);
        outcome.published(
            format!("offline, {case}: time until none is left"),
            (seconds, "s"),
            expected,
            band,
        );
    }
    Ok(())
}

fn night_terms(name: String, per_hour: f64, days: u32) -> Terms {
    Terms {
        name,
        attacks_per_s: per_hour / HOUR.as_secs_f64(),
        first_messages_per_s: 4.0 / HOUR.as_secs_f64(),
        period: HOUR * DAY_H,
        offline: HOUR * NIGHT_H,
        periods: days,
        refills_after: Duration::ZERO,
        recorded: false,
    }
}

/// Somebody who sleeps offline.
fn nights(lab: &mut Lab, outcome: &mut Outcome) -> Result<Vec<Series>, Error> {
    let days = lab.quick_or(2, 10);
    let rates = lab.quick_or(PER_HOUR_QUICK, PER_HOUR);
    let terms: Vec<Terms> =
        rates.iter().map(|rate| night_terms(format!("nights/{rate}"), *rate, days)).collect();
    let seed = lab.seed;
    let sieges = lab.for_each("nights", &terms, |terms| Siege::run::<Modelled>(seed, terms));
    let (mut asleep, mut all) = (Vec::new(), Vec::new());
    for (rate, siege) in rates.iter().zip(sieges) {
        let siege = siege?;
        let offline = siege.bare_share(|first| !first.online);
        asleep.push((*rate, offline));
        all.push((*rate, siege.bare_share(|_| true)));
        if *rate == 0.0 {
            let share = (siege.bare_share(|_| true), "of first messages");
            outcome.claimed("no attack", share, "almost none", Band::between(0.0, 0.05));
        } else if *rate == BUSY_HOUR {
            outcome.published(
                "1000 requests an hour, phone offline",
                (offline, "of first messages"),
                "all but those before the last prekey is gone",
                Band::between(0.85, 1.0),
            );
            let share = (siege.bare_share(|first| first.online), "of first messages");
            outcome.claimed("1000 requests an hour, phone online", share, "none", Band::exactly(0.0));
        }
    }
    outcome.note(format!("Nights: {days} days with four first messages an hour on average."));
    Ok(vec![
        Series { name: "while offline".into(), points: asleep },
        Series { name: "of the whole day".into(), points: all },
    ])
}

/// Somebody who recorded all first messages of a day and then gets the phone.
fn thief(lab: &mut Lab, outcome: &mut Outcome) -> Result<(), Error> {
    let terms = Terms { recorded: true, ..night_terms("thief".into(), BUSY_HOUR, 1) };
    let (bare, other) = Siege::run::<Native>(lab.seed, &terms)?.read_by_a_later_thief()?;
    let expected = "all: no more than the signed prekey protects them";
    outcome.published("read later, without one-time prekey", (bare, "of them"), expected, Band::exactly(1.0));
    outcome.published("read later, with one-time prekey", (other, "of them"), "none", Band::exactly(0.0));
    outcome.note(
        "The later thief has every durable row of the phone, after all messages were read, and decrypts; \
         these are real keys. Where prekeys are only counted, cryptography is modelled.",
    );
    Ok(())
}

/// A phone that is online, and an attacker in a hurry.
fn rush(lab: &mut Lab, outcome: &mut Outcome) -> Result<Vec<Series>, Error> {
    let first_messages = lab.quick_or(400.0, 1600.0);
    let delays = lab.quick_or(REFILLS_AFTER_S_QUICK, REFILLS_AFTER_S);
    let mut series = Vec::new();
    for rate in [ONE_CONNECTION, SEVERAL] {
        let terms = |delay: &f64| {
            let cycles = cycles(*delay, rate);
            // First messages take prekeys, too.
            (online_terms(format!("rush/{rate}/{delay}"), *delay, rate, first_messages / cycles), *delay)
        };
        let terms: Vec<_> = delays.iter().map(terms).collect();
        let seed = lab.seed;
        let sieges = lab.for_each("rush", &terms, |(terms, _)| Siege::run::<Modelled>(seed, terms));
        let (mut measured, mut expected) = (Vec::new(), Vec::new());
        for ((terms, delay), siege) in terms.iter().zip(sieges) {
            let share = siege?.bare_share(|_| true);
            let model = model(*delay, rate + terms.first_messages_per_s);
            measured.push((*delay, share));
            expected.push((*delay, model));
            outcome.claimed(
                format!("online, {rate} requests a second, more after {delay} s"),
                (share, "of first messages"),
                format!("{model:.2}, by the model"),
                Band::between((model - 0.08).max(0.0), model + 0.08),
            );
        }
        series.push(Series { name: format!("{rate} requests a second"), points: measured });
        series.push(Series { name: format!("{rate} requests a second, by the model"), points: expected });
    }
    Ok(series)
}

fn run_pogo(lab: &mut Lab) -> Result<Outcome, Error> {
    let mut outcome = POGO.outcome();
    let mut phones = Vec::new();
    for (phone, shares) in TABLE {
        for (condition, percent) in CONDITIONS.iter().zip(shares) {
            phones.push((format!("{phone}, {condition}"), percent / 100.0));
        }
    }
    let seed = lab.seed;
    let sieges = lab.for_each("phones", &phones, |(case, share)| {
        Siege::run::<Modelled>(seed, &online_terms(case.clone(), delay_of(*share), ONE_CONNECTION, 0.0))
    });
    let mut refills = Vec::new();
    for (at, ((case, share), siege)) in phones.iter().zip(sieges).enumerate() {
        refills.push((at as f64, delay_of(*share)));
        outcome.published(
            case.clone(),
            (siege?.attacker_success(), "of attempts"),
            format!("{share:.2}"),
            Band::between(share - 0.02, share + 0.02),
        );
    }
    outcome.plots.push(Plot {
        title: "How long each phone takes to make more prekeys".into(),
        x: "phone and condition, in the order of the rows".into(),
        y: "seconds".into(),
        series: vec![Series { name: "from the published share".into(), points: refills }],
    });
    outcome.note(format!(
        "{ONE_CONNECTION} attempts a second on one connection against phones that are online, make {MADE} prekeys when \
         {LEFT} are left, and take a while to. The paper gives the shares, not the whiles: each is what the published share \
         implies, D = ({LEFT} + {} s) / (r (1 - s)), and the machines are run with it. So the rows show that the \
         protocol's parameters and one number per phone explain the table, not what that number is made of.",
        f64::from(MADE) - LEFT as f64
    ));
    Ok(outcome)
}

/// A phone that never goes offline, from a full store to the next some times.
fn online_terms(name: String, delay_s: f64, rate: f64, first_messages_per_s: f64) -> Terms {
    let period = Duration::from_secs_f64(cycles(delay_s, rate + first_messages_per_s));
    // Part of the while is the way there and back.
    let refills_after = Duration::from_secs_f64(delay_s).saturating_sub(DELAY * 2);
    Terms {
        name,
        attacks_per_s: rate,
        first_messages_per_s,
        period,
        offline: Duration::ZERO,
        periods: 1,
        refills_after,
        recorded: false,
    }
}

/// How many seconds it is from a full store to the next, [`CYCLES`] times.
fn cycles(delay_s: f64, rate: f64) -> f64 {
    CYCLES * (delay_s + taken(rate))
}

/// How many seconds go by until few are left.
fn taken(rate: f64) -> f64 {
    (f64::from(MADE) - LEFT as f64) / rate
}

/// What is left when the phone is asked for more lasts for a part of the time that it takes; the rest of it there is
/// nothing. What then comes lasts until few are left again.
fn model(delay_s: f64, rate: f64) -> f64 {
    let empty = (delay_s - LEFT as f64 / rate).max(0.0);
    empty / (delay_s + taken(rate))
}

/// The time that a phone must take so that [`model`] is this share on one connection.
fn delay_of(share: f64) -> f64 {
    (LEFT as f64 / ONE_CONNECTION + share * taken(ONE_CONNECTION)) / (1.0 - share)
}
