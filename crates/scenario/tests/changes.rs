//! A change is checked as if it stood in the file; a digest is of what a file says, and not of how.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use scenario::{Bytes, Day, Distribution, DrawnTurns, Duration, Of, Probability, Scenario, Turns};

const FILE: &str = r#"
version = 1
name = "small"
duration = "10min"

[[consumers]]
name = "people"
count = 10

[[consumers]]
name = "others"
count = 5
online = { kind = "away", from = "1min", until = "2min" }

[[businesses]]
name = "shop"
count = 2

[[traffic]]
from = "people"
to = "shop"
profile = "support-chat"

[[traffic]]
from = "shop"
to = "people"
profile = "campaign"
"#;

fn read() -> Scenario {
    Scenario::parse("small.toml", FILE).unwrap()
}

fn said(key: &str, value: &str) -> String {
    read().with(key, value).map_or_else(|error| error.to_string(), |_| "fine".into())
}

#[test]
fn every_kind_of_value_can_be_set() {
    let set = |key, value| read().with(key, value).unwrap();
    assert_eq!(set("duration", "2h").duration, Duration::from_secs(7200));
    assert_eq!(set("consumers.people.count", "12").consumers[0].count, 12);
    assert_eq!(set("consumers.1.count", "12").consumers[1].count, 12);
    assert_eq!(set("node.retention", "7days").node.retention, Duration::from_days(7));
    assert_eq!(set("traffic.0.gap", "5s").traffic[0].gap, Distribution::Constant(Duration::from_secs(5)));
}

#[test]
fn a_default_can_be_changed_in_part() {
    let changed = read().with("network.consumer.loss", "3%").unwrap().network;
    assert_eq!(changed.consumer.loss, Probability::new(0.03).unwrap());
    assert_eq!(changed.consumer.latency, read().network.consumer.latency);
    assert_eq!(changed.node, read().network.node);

    let profile = read().with("traffic.0.gap.median", "5s").unwrap().traffic[0].gap;
    let (median, p99) = (Duration::from_secs(5), Duration::from_secs(600));
    assert_eq!(profile, Distribution::Lognormal { median, p99 }, "the profile's");
    let reply = read().with("businesses.shop.reply.delay", "5s").unwrap().businesses[0].reply.clone();
    assert_eq!(reply.probability, Probability::new(0.9).unwrap(), "the profile's");
}

#[test]
fn what_is_instead_of_something_takes_its_place() {
    let changed = read().with("traffic.1.rate", "3/s in total").unwrap();
    assert_eq!(changed.traffic[1].rate.unwrap().of, Of::Total);
    assert!(changed.traffic[1].burst.is_none());
    let back = changed.with("traffic.1.burst", "{ at = \"08:00\", within = \"5min\" }").unwrap();
    assert!(back.traffic[1].rate.is_none() && back.traffic[1].burst.is_some());
}

#[test]
fn changes_are_checked_when_all_are_in_place() {
    let changes = [("relay.count", "2"), ("node.count", "2")];
    assert_eq!(read().with_all(changes).unwrap().relay.count, 2);
    let error = read().with(changes[0].0, changes[0].1).unwrap_err();
    insta::assert_snapshot!(format!("{error:#}"));
}

#[test]
fn a_wrong_change_says_what_there_is() {
    let changes = [
        ("durtion", "1h"),
        ("consumers.peple.count", "1"),
        ("consumers.7.count", "1"),
        ("consumers.people.cuont", "1"),
        ("consumers.people.count", "0"),
        ("consumers.people.count", "many"),
        ("consumers.people.count.more", "1"),
        ("consumers.people", "1"),
        ("consumers.others.online.unti", "3min"),
        ("consumers.others.online.until", "30s"),
        ("node.retention", "7"),
        ("traffic.2.rate", "1/s in total"),
        ("traffic.0.rate", "1/s"),
        ("", ""),
        ("...", "=,"),
    ];
    let lines =
        changes.map(|(key, value)| format!("{key}={value}\n  {}", said(key, value).replace('\n', "\n  ")));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_profile_gives_what_the_entry_does_not() {
    let chat = &read().traffic[0];
    assert_eq!(chat.rate.unwrap().to_string(), "1/day per consumer");
    assert_eq!(chat.day, Day::Office);
    assert_eq!(chat.turns, Turns::Drawn(DrawnTurns::Geometric { mean: 4.0 }));
    assert_eq!(read().businesses[0].reply.probability, Probability::new(0.9).unwrap());
    let campaign = &read().traffic[1];
    assert!(campaign.rate.is_none());
    assert_eq!(campaign.burst.unwrap().within, Duration::from_secs(3600));

    let own = FILE
        .replace("\"support-chat\"", "\"support-chat\"\nrate = \"5/s in total\"\nturns = 2\nsize = \"9B\"");
    let own = Scenario::parse("small.toml", &own).unwrap();
    assert_eq!(own.traffic[0].rate.unwrap().of, Of::Total);
    assert_eq!(own.traffic[0].turns, Turns::Constant(2));
    assert_eq!(own.traffic[0].size, Distribution::Constant(Bytes::new(9)));
    assert_eq!(own.traffic[0].gap, chat.gap, "the rest is still the profile's");

    let other = read().with("traffic.0.profile", "one-time-codes").unwrap();
    assert_eq!(other.traffic[0].turns, Turns::Constant(1));
    assert_eq!(other.businesses[0].reply.probability, Probability::ZERO);
}

#[test]
fn the_digest_is_of_what_is_said() {
    let digest = |text: &str| Scenario::parse("other.toml", text).unwrap().digest();
    let before = read().digest();
    assert_eq!(digest(&FILE.replace("version", "# a comment\nversion")), before, "a comment");
    assert_eq!(digest(&FILE.replace("\"10min\"", "'600s'")), before, "another unit");
    assert_eq!(digest(&FILE.replace("duration", "drain = \"10min\"\nduration")), before, "a default");
    assert_eq!(
        digest(&FILE.replace("name = \"shop\"\ncount = 2", "count = 2\nname = \"shop\"")),
        before,
        "order"
    );
    assert_ne!(digest(&FILE.replace("10min", "11min")), before, "another duration");
    assert_ne!(read().with("traffic.0.turns", "3").unwrap().digest(), before, "another default");
    assert_eq!(read().with("duration", "10min").unwrap().digest(), before, "a change that is none");
}

#[test]
fn the_canonical_form_is_a_scenario_of_its_own() {
    let json = read().to_json();
    assert_eq!(serde_json::from_value::<Scenario>(json.clone()).unwrap(), read());
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn an_estimate_counts_answers_and_hours() {
    let text = |lines: &str| {
        format!(
            "version = 1\nname = 'small'\nduration = '24h'\n[[consumers]]\nname = 'people'\ncount = 100\n{lines}\n\
             [[businesses]]\nname = 'shop'\ncount = 2\n[[traffic]]\nfrom = 'shop'\nto = 'people'\n"
        )
    };
    let messages = |people: &str, traffic: &str| {
        Scenario::parse("small.toml", &format!("{}{traffic}", text(people))).unwrap().estimate().messages
    };
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-6, "{a} is not {b}");
    near(messages("", "rate = '2/day per consumer'"), 200.0);
    near(messages("", "rate = '2/day per business'"), 4.0);
    near(messages("", "rate = '2/day in total'\nturns = 5"), 10.0);
    near(messages("reply = { probability = 0.5 }", "rate = '2/day in total'"), 3.0);
    near(messages("", "rate = '1/h in total'\nday = 'evening'"), 24.0);
    near(messages("", "burst = { at = '10:00', within = '1h' }\naudience = 0.5"), 50.0);
    near(messages("", "burst = { at = '10:00', every = '1h', within = '1h' }"), 1500.0);
    // From midnight to two o'clock nobody is at the office.
    let night = format!("{}rate = '1/h in total'\nday = 'office'", text("country = 'GB'"));
    let night = Scenario::parse("small.toml", &night).unwrap().with("duration", "2h").unwrap();
    assert!(night.estimate().messages.abs() < 1e-9, "{}", night.estimate());
    insta::assert_snapshot!(read().with("duration", "30d").unwrap().estimate().to_string());
}
