//! A run in which everybody says what they are told and nothing else: for promises that are about certain texts, and
//! about power that fails at a certain effect.

use crate::keep::Keep;
use crate::lanes::business::{Hook, accepted};
use crate::options::Options;
use crate::record::{Kind, Who};
use crate::sight::{Seen, Sight};
use crate::simulation::{SetupError, Simulation};
use crate::violation::Violation;
use cloud::{ApiResponse, Wamid, WebhookPost};
use consumer::Reply;
use kernel::Time;
use scenario::{Crypto, Fault, Scenario, ScenarioError};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use wire::Envelope;

/// One relay, one node with one business, and consumers on mobile networks, for a day.
const STAGE: &str = r#"
version = 1
name = "rehearsal"
duration = "1day"
[[consumers]]
name = "people"
count = 1
[[businesses]]
name = "business"
count = 1
[network.consumer]
latency = { kind = "uniform", min = "15ms", max = "45ms" }
[network.node]
latency = { kind = "uniform", min = "15ms", max = "45ms" }
[network.business]
latency = "1ms"
[measurements]
every = "1day"
"#;

/// Who is in a rehearsal, and what it is a function of beside what they are told.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// All randomness comes from it.
    pub seed: u64,
    /// How many consumers.
    pub consumers: u32,
    /// What their apps answer by themselves.
    pub apps_answer: Reply,
    /// With which cryptography.
    pub crypto: Crypto,
    /// What goes wrong of itself; the population of the business is called `business`, that of the consumers `people`.
    pub faults: Vec<Fault>,
}

/// A rehearsal that can't begin.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// So many consumers can't be.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// See there.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// The run, and what came of it so far.
pub struct Rehearsal {
    run: Simulation,
    outages: Vec<(Time, Time)>,
    shown: BTreeMap<Who, Vec<String>>,
    heard: Vec<Heard>,
    accepted: Vec<String>,
    refused: Vec<(u16, String)>,
    submissions: Vec<Envelope>,
    violations: Vec<Violation>,
}

/// What a webhook told the business. What comes twice is here twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// What became of a message.
    Status {
        /// The `wamid`.
        id: String,
        /// `sent`, `delivered`, `read` or `failed`.
        status: String,
    },
    /// A message came in.
    Message {
        /// The `wamid`.
        id: String,
        /// Whose.
        from: Who,
        /// The text.
        text: String,
    },
}

impl Rehearsal {
    /// Everybody has registered, and nobody has said anything.
    ///
    /// # Errors
    /// [`RehearsalError`].
    pub fn new(cast: Cast) -> Result<Self, RehearsalError> {
        let count = cast.consumers.to_string();
        let mut scenario =
            Scenario::parse("rehearsal.toml", STAGE)?.with("consumers.people.count", &count)?;
        scenario.faults = cast.faults;
        scenario.crypto = cast.crypto;
        let keep = Keep { sights: true, submissions: true, ..Keep::default() };
        let options = Options { keep, disks: true, apps_answer: cast.apps_answer, ..Options::default() };
        let outages = outages(&scenario);
        let run = Simulation::new(scenario, cast.seed, &options)?;
        let begins = run.traffic_begins();
        let mut rehearsal = Self {
            outages: outages.into_iter().map(|(from, until)| (begins + from, begins + until)).collect(),
            run,
            shown: BTreeMap::new(),
            heard: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            submissions: Vec::new(),
            violations: Vec::new(),
        };
        rehearsal.run_until(begins);
        Ok(rehearsal)
    }

    /// A consumer, or the business, sends a text.
    pub fn says(&mut self, from: Who, to: Who, text: &str) {
        self.run.say(from, to, text);
    }

    /// Somebody loses power now, and has it back half a second later.
    pub fn loses_power(&mut self, who: Who) {
        self.run.lose_power(who);
    }

    /// Somebody loses power after so many more of its effects: transactions and outputs count alike.
    pub fn loses_power_after(&mut self, who: Who, effects: u32) {
        self.run.lose_power_after(who, effects);
    }

    /// Lets `time` pass.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.run.now() + time);
    }

    /// What a consumer's screen has shown, in order.
    #[must_use]
    pub fn shown(&self, consumer: Who) -> &[String] {
        self.shown.get(&consumer).map_or(&[], Vec::as_slice)
    }

    /// What webhooks have told the business that it answered with 200, in order.
    #[must_use]
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// The ids that the API gave the business's messages, in the order of the answers.
    #[must_use]
    pub fn accepted(&self) -> &[String] {
        &self.accepted
    }

    /// The API's answers that were not 200.
    #[must_use]
    pub fn refused(&self) -> &[(u16, String)] {
        &self.refused
    }

    /// Every envelope that left an endpoint, as often as it did, whether it arrived or not.
    #[must_use]
    pub fn submissions(&self) -> &[Envelope] {
        &self.submissions
    }

    /// What must never happen and did.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// A hash of everything that happened, and how many events that was.
    pub fn trace(&mut self) -> ([u8; 32], u64) {
        (self.run.hashes().1, self.run.events())
    }

    /// The hash of the metadata: the same with either cryptography.
    pub fn metadata_hash(&mut self) -> [u8; 32] {
        self.run.hashes().0
    }

    fn run_until(&mut self, until: Time) {
        self.run.run_until(until, &AtomicBool::new(false));
        let mut seen = self.run.observe();
        seen.seen.sort_by_key(|seen| seen.at);
        seen.seen.into_iter().for_each(|seen| self.look_at(seen));
        self.submissions.extend(seen.submissions);
        self.violations.extend(seen.violations);
    }

    fn look_at(&mut self, seen: Seen) {
        match seen.sight {
            Sight::Text(text) if seen.party.kind() == Kind::Consumer => {
                self.shown.entry(seen.party).or_default().push(text);
            }
            Sight::Response(response) => self.answered(&response),
            Sight::Webhook(post) => {
                let failed = self.outages.iter().any(|(from, until)| (*from..*until).contains(&seen.at));
                if !failed {
                    self.told(&post);
                }
            }
            _ => {}
        }
    }

    fn answered(&mut self, response: &ApiResponse) {
        match accepted(response) {
            Some(id) => self.accepted.push(id),
            None => {
                self.refused.push((response.status, String::from_utf8_lossy(&response.body).into_owned()))
            }
        }
    }

    fn told(&mut self, post: &WebhookPost) {
        // One that can't be read, or is not signed, is a violation.
        let Some(hook) = Hook::parse(&post.body) else { return };
        self.heard.extend(hook.statuses().map(|status| Heard::Status {
            id: status.id.clone().into_owned(),
            status: status.status.clone().into_owned(),
        }));
        self.heard.extend(hook.messages().filter_map(|message| {
            Some(Heard::Message {
                from: self.run.who(Wamid::parse(&message.id)?.consumer)?,
                id: message.id.clone().into_owned(),
                text: message.text.body.clone().into_owned(),
            })
        }));
    }
}

/// From when to when the business's server fails at webhooks, after the start of traffic.
fn outages(scenario: &Scenario) -> Vec<(Duration, Duration)> {
    let outage = |fault: &Fault| match fault {
        Fault::WebhookOutage { from, until, .. } => Some((from.to_std(), until.to_std())),
        _ => None,
    };
    scenario.faults.iter().filter_map(outage).collect()
}
