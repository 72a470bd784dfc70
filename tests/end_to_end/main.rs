//! One script, two shells: what the people see is the same over real sockets and in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;
mod live;
mod official;
mod stage;

use live::LiveStage;
use stage::{Outcome, Stage, Step};
use std::time::Duration;
use world::{Cast, Heard, Rehearsal, Who};

const CONSUMERS: u32 = 3;

/// What happens: the business greets everybody, one answers twice, one asks.
fn script() -> Vec<Step> {
    let mut steps: Vec<_> =
        (0..CONSUMERS as usize).map(|to| Step::BusinessSends { to, text: format!("hello {to}") }).collect();
    steps.push(Step::Settle);
    steps.push(Step::ConsumerSays { from: 0, text: "thank you".into() });
    steps.push(Step::ConsumerSays { from: 0, text: "good bye ünïcödé 👋".into() });
    steps.push(Step::ConsumerSays { from: 2, text: "are you open?".into() });
    steps.push(Step::Settle);
    steps.push(Step::BusinessSends { to: 2, text: "until six".into() });
    steps.push(Step::Settle);
    steps
}

fn expected() -> Outcome {
    let mut outcome = Outcome::default();
    for (consumer, text) in [(0, "hello 0"), (1, "hello 1"), (2, "hello 2"), (2, "until six")] {
        outcome.shown.insert((consumer, text.into()), 1);
    }
    for (consumer, text) in [(0, "thank you"), (0, "good bye ünïcödé 👋"), (2, "are you open?")] {
        outcome.received.insert((consumer, text.into()), 1);
    }
    for status in ["sent", "delivered", "read"] {
        outcome.statuses.insert(status.into(), 4);
    }
    outcome
}

#[test]
fn end_to_end_in_virtual_time() {
    let mut rehearsal = Rehearsal::new(Cast { seed: 5, consumers: CONSUMERS, ..Cast::default() }).unwrap();
    assert_eq!(play(&mut rehearsal), expected());
    assert_eq!(rehearsal.violations(), []);
    assert_eq!(rehearsal.refused(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_to_end_over_real_sockets() {
    let outcome = tokio::task::spawn_blocking(|| play(&mut LiveStage::start(CONSUMERS))).await.unwrap();
    assert_eq!(outcome, expected());
}

fn play(stage: &mut impl Stage) -> Outcome {
    for step in script() {
        match step {
            Step::BusinessSends { to, text } => stage.business_sends(to, &text),
            Step::ConsumerSays { from, text } => stage.consumer_says(from, &text),
            Step::Settle => stage.settle(),
        }
    }
    stage.outcome()
}

impl Stage for Rehearsal {
    fn business_sends(&mut self, to: usize, text: &str) {
        self.says(Who::business(0), Who::consumer(to as u32), text);
    }

    fn consumer_says(&mut self, from: usize, text: &str) {
        self.says(Who::consumer(from as u32), Who::business(0), text);
        self.run_for(Duration::from_millis(10));
    }

    fn settle(&mut self) {
        self.run_for(Duration::from_secs(5));
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for consumer in 0..CONSUMERS {
            for text in self.shown(Who::consumer(consumer)) {
                *outcome.shown.entry((consumer as usize, text.clone())).or_default() += 1;
            }
        }
        for heard in self.heard() {
            match heard {
                Heard::Status { status, .. } => *outcome.statuses.entry(status.clone()).or_default() += 1,
                Heard::Message { from, text, .. } => {
                    *outcome.received.entry((from.index() as usize, text.clone())).or_default() += 1;
                }
            }
        }
        outcome
    }
}
