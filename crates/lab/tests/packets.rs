//! What is in the packets of a run: the same bytes on any number of threads, and no text.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lab::{Experiment, Watcher};
use report::{Format, RunDirectory};
use scenario::Scenario;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use world::{Keep, Options, Simulation};

const SEED: u64 = 5;
const SCENARIO: &str = r#"
version = 1
name = "packets"
duration = "30s"
[[consumers]]
name = "people"
count = 12
reply = { probability = "50%", delay = { kind = "exponential", mean = "3s" } }
[[businesses]]
name = "shop"
count = 2
[[traffic]]
from = "shop"
to = "people"
rate = "60/min in total"
[measurements]
packets = true
"#;

fn scenario(crypto: &str) -> Scenario {
    let text = SCENARIO.replace("duration", &format!("crypto = \"{crypto}\"\nduration"));
    Scenario::parse("packets.toml", &text).unwrap()
}

fn packets(crypto: &str, threads: usize) -> Vec<u8> {
    let mut experiment = Experiment::new(scenario(crypto), SEED);
    experiment.threads = NonZeroUsize::new(threads).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let facts = experiment.facts("", "", &[0; 32]);
    let out = RunDirectory::create(dir.path(), false, &[Format::Csv], facts).unwrap();
    let (stop, mut progress) = (AtomicBool::new(false), |_| {});
    experiment.run(Some(out), Watcher::silent(&stop, &mut progress)).unwrap();
    std::fs::read(dir.path().join("packets.pcapng")).unwrap()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_same_seed_leaves_the_same_packets_on_any_number_of_threads() {
    for crypto in ["real", "modelled"] {
        let one = packets(crypto, 1);
        assert!(one.len() > 10_000);
        assert!(one == packets(crypto, 3), "{crypto}");
    }
}

#[test]
fn packets_have_no_text_and_say_so_where_ciphertext_hides_nothing() {
    let keep = Keep { texts: true, ..Keep::default() };
    let mut run = Simulation::new(scenario("real"), SEED, &Options { keep, ..Options::default() }).unwrap();
    run.run_until(run.end(), &AtomicBool::new(false));
    let texts: Vec<String> = run.observe().texts.into_iter().map(|(_, _, text)| text).collect();
    assert!(texts.len() > 10 && texts.iter().any(|text| text.len() > 8));
    let (real, modelled) = (packets("real", 1), packets("modelled", 1));
    let long = || texts.iter().filter(|text| text.len() > 8);
    assert!(long().all(|text| !has(&real, text)));
    assert!(long().any(|text| has(&modelled, text)), "a search that finds nothing shows nothing");
    let warning = "what stands for ciphertext in them hides nothing";
    assert!(has(&modelled, warning) && !has(&real, warning));
    assert!(has(&real, "a network sees lengths, times and addresses only"));
}
