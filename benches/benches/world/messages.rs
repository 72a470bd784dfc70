//! Messages of businesses to consumers in virtual time, in sessions that are established.

use blindpost_benches::stopwatch;
use scenario::Scenario;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use world::{Options, Simulation};

/// However many consumers there are, businesses send so many messages in a second: what is measured differs in nothing
/// but how many states there are.
const PER_SECOND: f64 = 5_000.0;

/// Virtual time that is taken at once.
const STEP: Duration = Duration::from_millis(200);

/// A run under way.
pub(crate) struct Messages {
    scenario: Scenario,
    run: Simulation,
    /// How long it takes until everybody has heard once.
    round: Duration,
}

impl Messages {
    pub(crate) fn new(crypto: &str, consumers: u32) -> Self {
        let round = Duration::from_secs_f64((f64::from(consumers) / PER_SECOND).max(0.2));
        let micros = round.as_micros();
        let text = format!(
            r#"
version = 1
name = "benchmark"
duration = "7d"
crypto = "{crypto}"
[[consumers]]
name = "people"
count = {consumers}
country = "GB"
read_receipts = false
[[businesses]]
name = "shops"
count = 40
[[traffic]]
from = "shops"
to = "people"
burst = {{ every = "{micros}us", at = "00:00", within = "{micros}us" }}
size = "60B"
[relay]
count = 2
[node]
count = 4
[network.consumer]
latency = {{ kind = "uniform", min = "20ms", max = "60ms" }}
[network.node]
latency = "5ms"
"#
        );
        let scenario = Scenario::parse("benchmark.toml", &text).unwrap();
        let mut messages = Self { run: begin(&scenario), scenario, round };
        messages.warm_up();
        messages
    }

    /// How long so many messages take, from the request to the receipts, on one thread.
    pub(crate) fn make(&mut self, count: u64) -> Duration {
        let (mut made, mut took) = (0, Duration::ZERO);
        while made < count {
            if self.run.now() >= self.run.end() {
                self.run = begin(&self.scenario);
                self.warm_up();
            }
            let until = self.run.now() + STEP;
            took += stopwatch::time(|| {
                let _ = self.run.run_until(until, &AtomicBool::new(false));
            });
            made += self.run.observe().sent.len() as u64;
        }
        took.mul_f64(count as f64 / made as f64)
    }

    /// Everybody registers and hears once: sessions begin.
    fn warm_up(&mut self) {
        let until = self.run.traffic_begins() + self.round.mul_f64(2.2) + Duration::from_secs(1);
        let _ = self.run.run_until(until, &AtomicBool::new(false));
        let seen = self.run.observe();
        assert!(!seen.sent.is_empty() && seen.violations.is_empty(), "messages are sent");
    }
}

fn begin(scenario: &Scenario) -> Simulation {
    Simulation::new(scenario.clone(), 1, &Options::default()).unwrap()
}
