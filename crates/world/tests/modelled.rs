//! Modelled cryptography gives the same metadata as real: every record, at the same time, of the same size, whatever
//! goes wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

use consumer::Reply;
use scenario::{Crypto, Scenario};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use world::{Audit, Cast, Keep, Metric, Observations, Options, Record, Rehearsal, Simulation, What, Who};

/// One of `scenarios/`, made smaller.
fn scenario(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.toml"));
    Scenario::read(&file).unwrap().with_all(changes.iter().copied()).unwrap()
}

fn run(scenario: &Scenario, crypto: &str, seed: u64, threads: usize) -> (Observations, [u8; 32]) {
    let scenario = scenario.clone().with("crypto", crypto).unwrap();
    let keep = Keep { records: true, ..Keep::default() };
    let options = Options { keep, threads: NonZeroUsize::new(threads).unwrap(), ..Options::default() };
    let mut run = Simulation::new(scenario, seed, &options).unwrap();
    let end = run.end();
    run.run_until(end, &AtomicBool::new(false));
    let seen = run.observe();
    assert_eq!(seen.violations, []);
    (seen, run.hashes().0)
}

/// Both modes with each of these seeds, and the modelled one on two threads, too.
fn both_are_equal(scenario: &Scenario, seeds: &[u64]) {
    for seed in seeds {
        let (real, hash) = run(scenario, "real", *seed, 1);
        let (modelled, modelled_hash) = run(scenario, "modelled", *seed, 1);
        let name = format!("{} with seed {seed}", scenario.name);
        assert!(real.records.len() > 1_000, "{name}: hardly anything happened");
        if let Some(difference) = difference(&real.records, &modelled.records) {
            panic!("{name}: {difference}");
        }
        assert_eq!(hash, modelled_hash, "{name}: the records are equal and the hashes are not");
        observations_are_equal(&name, &real, &modelled);
        assert_eq!(run(scenario, "modelled", *seed, 2).1, hash, "{name}: two threads");
    }
}

/// The first records that differ, side by side with what happened before.
fn difference(real: &[Record], modelled: &[Record]) -> Option<String> {
    let by_time = |records: &[Record]| {
        let mut records: Vec<Record> = records.to_vec();
        records.sort_by_key(|record| (record.at, record.party));
        records
    };
    let (real, modelled) = (by_time(real), by_time(modelled));
    let at = (0..real.len().max(modelled.len())).find(|at| real.get(*at) != modelled.get(*at))?;
    let line = |record: Option<&Record>| match record {
        Some(Record { at, party, peer, what, bytes }) => format!(
            "{:>18} {:<13} {:<15} {:<13} {bytes:>6}",
            at.as_micros(),
            party.to_string(),
            what.name(),
            peer.to_string()
        ),
        None => format!("{:>18}", "nothing"),
    };
    let mut text =
        format!("record {at} of {} and {} is the first that differs\n", real.len(), modelled.len());
    for place in at.saturating_sub(12)..at + 8 {
        let (real, modelled) = (real.get(place), modelled.get(place));
        let mark = if real == modelled { ' ' } else { '*' };
        text += &format!("{mark} {} | {}\n", line(real), line(modelled));
    }
    Some(text)
}

/// Messages have other names in the two modes: they are compared by the order in which they were made.
fn observations_are_equal(name: &str, real: &Observations, modelled: &Observations) {
    let names = |seen: &Observations| -> BTreeMap<u64, usize> {
        seen.sent.iter().enumerate().map(|(number, sent)| (sent.message, number)).collect()
    };
    let (of_real, of_modelled) = (names(real), names(modelled));
    let sent = |seen: &Observations| -> Vec<_> {
        seen.sent.iter().map(|sent| (sent.from, sent.to, sent.bytes, sent.stream, sent.created)).collect()
    };
    same(name, "sent", sent(real), sent(modelled));
    let progress = |seen: &Observations, names: &BTreeMap<u64, usize>| -> Vec<_> {
        let progress = seen.progress.iter();
        progress
            .map(|progress| (progress.at, names.get(&progress.message).copied(), progress.stage))
            .collect()
    };
    same(name, "progress", progress(real, &of_real), progress(modelled, &of_modelled));
    let submitted = |seen: &Observations, names: &BTreeMap<u64, usize>| -> Vec<_> {
        let submitted = seen.submitted.iter();
        let sizes = submitted.map(|submitted| {
            let sizes = (submitted.padded_bytes, submitted.ciphertext_bytes, submitted.prekey);
            (submitted.at, names.get(&submitted.message).copied(), sizes)
        });
        sizes.collect()
    };
    same(name, "submitted", submitted(real, &of_real), submitted(modelled, &of_modelled));
    same(name, "epochs", real.epochs.clone(), modelled.epochs.clone());
    let metrics = |seen: &Observations| -> Vec<Metric> { seen.metrics.clone() };
    same(name, "metrics", metrics(real), metrics(modelled));
    assert_eq!((real.refused, modelled.refused), (0, 0), "{name}");
}

fn same<T: PartialEq + Debug>(name: &str, what: &str, real: Vec<T>, modelled: Vec<T>) {
    let at = (0..real.len().max(modelled.len())).find(|at| real.get(*at) != modelled.get(*at));
    if let Some(at) = at {
        panic!("{name}: {what} {at} differs\n{:?}\n{:?}", real.get(at), modelled.get(at));
    }
}

#[test]
fn one_business_and_one_consumer() {
    let scenario = Scenario::parse(
        "one.toml",
        r#"
version = 1
name = "one"
duration = "10min"
[[consumers]]
name = "people"
count = 1
[[businesses]]
name = "shop"
count = 1
[[traffic]]
from = "shop"
to = "people"
rate = "20/min in total"
"#,
    );
    both_are_equal(&scenario.unwrap(), &[1, 2]);
}

#[test]
fn quickstart() {
    both_are_equal(&scenario("quickstart", &[]), &[1, 2, 3]);
}

#[test]
fn the_comparison_finds_what_differs() {
    let scenario = scenario("quickstart", &[("duration", "1min")]);
    let (real, _) = run(&scenario, "real", 1, 1);
    let other = scenario.with("network.node.latency", "31ms").unwrap();
    let (modelled, _) = run(&other, "modelled", 1, 1);
    let difference = difference(&real.records, &modelled.records).unwrap();
    assert!(difference.contains("is the first that differs"), "{difference}");
}

#[test]
fn support_chat() {
    both_are_equal(
        &scenario("support-chat", &[("consumers.customers.count", "60"), ("duration", "5h")]),
        &[1, 2],
    );
}

#[test]
fn mixed_day() {
    let fewer = [
        ("consumers.germany.count", "60"),
        ("consumers.india.count", "60"),
        ("consumers.brazil.count", "40"),
        ("consumers.indonesia.count", "30"),
        ("consumers.america.count", "10"),
        ("traffic.0.rate", "4/day per consumer"),
        ("traffic.4.rate", "6/day per consumer"),
    ];
    both_are_equal(&scenario("mixed-day", &fewer), &[1, 2]);
}

#[test]
fn one_time_codes() {
    both_are_equal(&scenario("one-time-codes", &[("consumers.customers.count", "200")]), &[1, 2]);
}

#[test]
fn campaign() {
    both_are_equal(&scenario("campaign", &[("consumers.customers.count", "300")]), &[1, 2]);
}

#[test]
fn offline_week() {
    let fewer = [("consumers.travellers.count", "20"), ("consumers.neighbours.count", "20")];
    both_are_equal(&scenario("offline-week", &fewer), &[1, 2]);
}

#[test]
fn prekey_drain() {
    both_are_equal(&scenario("prekey-drain", &[]), &[1]);
}

#[test]
fn webhook_outage() {
    both_are_equal(&scenario("webhook-outage", &[("consumers.0.count", "60")]), &[1, 2]);
}

const EVERYBODY: &str = r#"
version = 1
name = "everybody"
duration = "6min"
drain = "20min"
[[consumers]]
name = "people"
count = 20
reply = { probability = 0.5, delay = { kind = "exponential", mean = "2s" } }
registers = { over = "2min" }
[[consumers]]
name = "others"
count = 10
country = "SG"
one_time_prekeys = 1
online = { kind = "sessions", online = { kind = "exponential", mean = "40s" }, offline = { kind = "exponential", mean = "20s" } }
[[businesses]]
name = "shop"
count = 5
reply = { probability = 0.3, delay = "1s" }
[[traffic]]
from = "shop"
to = "people"
rate = "0.5/s in total"
turns = 3
gap = "400ms"
[[traffic]]
from = "people"
to = "shop"
rate = "0.5/s in total"
[[traffic]]
from = "people"
to = "people"
rate = "0.5/s in total"
contacts = 12
turns = 2
gap = "1ms"
[[traffic]]
from = "shop"
to = "others"
rate = "0.5/s in total"
[[traffic]]
from = "others"
to = "people"
rate = "0.2/s in total"
[network.consumer]
latency = { kind = "lognormal", median = "40ms", p99 = "400ms" }
loss = "2%"
reorder = "5%"
bandwidth = "200kbit/s"
[relay]
count = 2
[node]
count = 2
"#;

fn everybody(changes: &[(&str, &str)]) -> Scenario {
    let scenario = Scenario::parse("everybody.toml", EVERYBODY).unwrap();
    scenario.with_all(changes.iter().copied()).unwrap()
}

#[test]
fn everybody_with_everybody() {
    both_are_equal(&everybody(&[]), &[1, 2, 3]);
}

#[test]
fn every_suite_and_padding() {
    for suite in ["x3dh", "pqxdh", "triple"] {
        let suites = [
            ("consumers.people.suite", suite),
            ("consumers.others.suite", suite),
            ("businesses.shop.suite", suite),
        ];
        both_are_equal(&everybody(&suites), &[4]);
    }
    for padding in ["none", "pow2"] {
        both_are_equal(&everybody(&[("node.padding", padding)]), &[5]);
    }
}

#[test]
fn suites_that_do_not_understand_each_other() {
    for (people, others, shop) in
        [("pqxdh", "triple", "triple"), ("triple", "pqxdh", "pqxdh"), ("triple", "pqxdh", "triple")]
    {
        let suites = [
            ("consumers.people.suite", people),
            ("consumers.others.suite", others),
            ("businesses.shop.suite", shop),
        ];
        both_are_equal(&everybody(&suites), &[6]);
    }
}

#[test]
fn a_node_with_two_suites() {
    let shops = r#"
[[businesses]]
name = "old"
count = 5
suite = "pqxdh"
[[traffic]]
from = "old"
to = "others"
rate = "0.5/s in total"
turns = 2
"#;
    for people in ["pqxdh", "triple"] {
        let scenario = Scenario::parse("two-suites.toml", &format!("{EVERYBODY}{shops}")).unwrap();
        both_are_equal(&scenario.with("consumers.people.suite", people).unwrap(), &[7]);
    }
}

fn everybody_with(faults: &str) -> Scenario {
    Scenario::parse("faults.toml", &format!("{EVERYBODY}{faults}")).unwrap()
}

#[test]
fn slow_disks_wrong_clocks_and_cut_links() {
    let faults = r#"
[[faults]]
kind = "random"
rate = "20/min"
kinds = ["slow-disk", "clock-skew", "webhook-outage", "partition"]
"#;
    both_are_equal(&everybody_with(faults), &[1, 2, 3]);
}

#[test]
fn power_that_fails_and_full_disks() {
    let faults = r#"
[[faults]]
kind = "crash"
party = "relay"
at = "1min"
[[faults]]
kind = "crash"
party = "nodes"
at = "2min"
down = "3s"
[[faults]]
kind = "crash"
party = "consumers"
every = "1/min"
[[faults]]
kind = "disk-full"
party = "node/1"
from = "3min"
until = "190s"
[[faults]]
kind = "disk-full"
party = "consumer/3"
from = "1min"
until = "2min"
"#;
    both_are_equal(&everybody_with(faults), &[1, 2]);
}

#[test]
fn lost_devices() {
    let faults = r#"
[[faults]]
kind = "device-loss"
party = "population/people"
every = "0.5/min"
back_after = "20s"
"#;
    both_are_equal(&everybody_with(faults), &[1, 2]);
}

/// Everything that may go wrong, at random, between any two effects too.
#[test]
fn chaos() {
    let scenario = scenario("chaos", &[]);
    let mut crashed = 0;
    for seed in 1..=4 {
        both_are_equal(&scenario, &[seed]);
        crashed +=
            run(&scenario, "modelled", seed, 1).0.records.iter().filter(|r| r.what == What::Stop).count();
    }
    assert!(crashed > 10, "only {crashed} crashes");
}

/// Apps that answer by themselves, power that fails at a certain effect, and certain texts.
#[test]
fn a_rehearsal_at_every_effect() {
    for party in [Who::relay(0), Who::node(0), Who::consumer(0)] {
        for effects in (0..60).step_by(19) {
            let run = |crypto: Crypto| {
                let cast =
                    Cast { seed: 3, consumers: 2, apps_answer: Reply::Echo, crypto, ..Cast::default() };
                let mut rehearsal = Rehearsal::new(cast).unwrap();
                rehearsal.loses_power_after(party, effects);
                for message in 0..4 {
                    rehearsal.says(Who::business(0), Who::consumer(0), &format!("message {message}"));
                    rehearsal.says(Who::consumer(0), Who::consumer(1), &format!("question {message}"));
                    rehearsal.run_for(Duration::from_millis(90));
                }
                rehearsal.run_for(Duration::from_secs(60));
                assert_eq!(rehearsal.violations(), [], "{party} after {effects}");
                let shown = [0, 1].map(|index| rehearsal.shown(Who::consumer(index)).to_vec());
                (rehearsal.metadata_hash(), shown)
            };
            assert_eq!(run(Crypto::Real), run(Crypto::Modelled), "{party} after {effects}");
        }
    }
}

#[test]
fn both_go_on_as_another_scenario() {
    let before = everybody(&[]);
    let after = everybody(&[
        ("network.consumer.loss", "20%"),
        ("network.node.latency", "9ms"),
        ("consumers.people.reply.probability", "90%"),
        ("traffic.0.rate", "2/s in total"),
    ]);
    let run = |crypto: &str| {
        let keep = Keep { records: true, ..Keep::default() };
        let options = Options { keep, ..Options::default() };
        let with = |scenario: &Scenario| scenario.clone().with("crypto", crypto).unwrap();
        let mut run = Simulation::new(with(&before), 8, &options).unwrap();
        let halfway = run.traffic_begins() + Duration::from_secs(180);
        run.run_until(halfway, &AtomicBool::new(false));
        run.fork(with(&after)).unwrap();
        let end = run.end();
        run.run_until(end, &AtomicBool::new(false));
        (run.observe(), run.hashes().0)
    };
    let ((real, hash), (modelled, modelled_hash)) = (run("real"), run("modelled"));
    if let Some(difference) = difference(&real.records, &modelled.records) {
        panic!("{difference}");
    }
    assert_eq!(hash, modelled_hash);
    assert_ne!(hash, self::run(&before, "modelled", 8, 1).1, "the fork made a difference");
}

#[test]
fn what_needs_keys_is_refused_by_its_key() {
    let scenario = everybody_with("[[adversaries]]\nkind = \"network-recorder\"");
    let real = Simulation::new(scenario.clone(), 1, &Options::default());
    assert!(real.is_ok(), "it can be had with real keys");
    let refused = |scenario: &Scenario, options: &Options| {
        let scenario = scenario.clone().with("crypto", "modelled").unwrap();
        let Err(world::SetupError::Refused(refusal)) = Simulation::new(scenario, 1, options) else {
            panic!("not refused");
        };
        assert!(refusal.to_string().contains("run it with crypto = \"real\""), "{refusal}");
        refusal.key
    };
    assert_eq!(refused(&scenario, &Options::default()), "adversaries");
    let audit = Options { audit: Some(Audit::default()), ..Options::default() };
    assert_eq!(refused(&everybody(&[]), &audit), "crypto");
}
