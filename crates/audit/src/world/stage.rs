//! The stage of every audit in virtual time: few parties of each kind, links without chance, computers that take no
//! time. Whatever then differs between two runs differs because of the secret.

use bytes::Bytes;
use kernel::{Row, Time};
use scenario::{Scenario, ScenarioError};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use wire::Number;
use world::{Audit, Costs, Credentials, Keep, Observations, Options, Simulation, Variation, Who};

/// Three businesses: 0 and 2 share the node 0, and 1 has the node 1 to itself, on its own premises. Consumers 0 to 3
/// talk with 0, 4 and 5 with 1, 6 and 7 with 2 and with each other; 8 and 9 talk with nobody.
const SCENE: &str = r#"
version = 1
name = "audit"
duration = "90s"
drain = "40s"

[[consumers]]
name = "regulars"
count = 4
country = "DE"
one_time_prekeys = 2
reply = { probability = 0.5, delay = "3s", size = "40B" }

[[consumers]]
name = "guests"
count = 2
country = "BR"
one_time_prekeys = 2
reply = { probability = 0.5, delay = "2s", size = "40B" }

[[consumers]]
name = "friends"
count = 2
country = "IN"
one_time_prekeys = 2

[[consumers]]
name = "bystanders"
count = 2
country = "US"
one_time_prekeys = 2

[[businesses]]
name = "shop"
count = 1

[[businesses]]
name = "premises"
count = 1

[[businesses]]
name = "rival"
count = 1

[[traffic]]
from = "shop"
to = "regulars"
rate = "12/min in total"
size = { kind = "uniform", min = "20B", max = "150B" }

[[traffic]]
from = "regulars"
to = "shop"
rate = "8/min in total"
size = { kind = "uniform", min = "20B", max = "150B" }

[[traffic]]
from = "premises"
to = "guests"
rate = "8/min in total"
size = { kind = "uniform", min = "20B", max = "150B" }

[[traffic]]
from = "rival"
to = "friends"
rate = "8/min in total"
size = { kind = "uniform", min = "20B", max = "150B" }

[[traffic]]
from = "friends"
to = "friends"
rate = "8/min in total"
size = { kind = "uniform", min = "20B", max = "150B" }

[node]
count = 2
commit = "0s"

[relay]
count = 1
commit = "0s"

[device]
commit = "0s"

[network]
consumer = { latency = "30ms" }
node = { latency = "3ms" }
business = { latency = "10ms" }

[measurements]
every = "30s"
"#;

/// How a scene is played.
#[derive(Debug, Clone, Default)]
pub(crate) struct Direction<'a> {
    /// Keys of the scenario that have other values.
    pub(crate) changes: Vec<(&'a str, &'a str)>,
    /// What the scenario has besides.
    pub(crate) addition: &'a str,
    /// The secret that is another.
    pub(crate) variation: Option<Variation>,
    /// When to look at the disks before the end: so long after the start.
    pub(crate) peek: Option<Duration>,
}

/// A run, and what everybody saw in it.
pub(crate) struct Performance {
    pub(crate) seen: Observations,
    /// The disks of relay and nodes at the end.
    pub(crate) disks: Vec<(Who, Vec<Row>)>,
    /// Those of consumers.
    pub(crate) devices: Vec<(Who, Vec<Row>)>,
    /// The disks of relay and nodes, when somebody looked at them before.
    pub(crate) peeked: Vec<(Who, Vec<Row>)>,
    pub(crate) start: Time,
    pub(crate) businesses: Vec<Actor>,
    pub(crate) consumers: Vec<Actor>,
}

/// A party that somebody could want to recognise.
pub(crate) struct Actor {
    pub(crate) who: Who,
    pub(crate) number: Number,
    pub(crate) credentials: Option<Credentials>,
    /// Its public identity key, as the directory has it.
    pub(crate) identity: Option<Bytes>,
}

/// The scene can't be played, which no choice of the user's can bring about.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The scenario is not accepted.
    #[error("the audit's own scenario is refused: {0:#}")]
    Scene(#[from] ScenarioError),
    /// The parties are not accepted.
    #[error("the audit's own parties are refused: {0}")]
    Parties(String),
    /// What must never happen has happened, and whatever the views show proves nothing.
    #[error("a run broke a promise before anybody looked: {0}")]
    Broken(String),
}

/// Plays the scene once.
///
/// # Errors
/// [`StageError`].
pub(crate) fn play(direction: &Direction<'_>, seed: u64) -> Result<Performance, StageError> {
    let scene = Scenario::parse("audit.toml", &format!("{SCENE}{}", direction.addition))?;
    let scene = scene.with_all(direction.changes.iter().copied())?;
    let options = Options {
        costs: no_time(),
        keep: Keep { envelopes: true, texts: true, sights: true, ..Keep::default() },
        disks: true,
        audit: Some(Audit { variation: direction.variation }),
        ..Options::default()
    };
    let run = Simulation::new(scene, seed, &options);
    let mut run = run.map_err(|error| StageError::Parties(error.to_string()))?;
    let servers: Vec<Who> = run.servers().collect();
    let mut peeked = Vec::new();
    if let Some(peek) = direction.peek {
        run.run_until(run.start() + peek, &AtomicBool::new(false));
        peeked = servers.iter().map(|who| (*who, run.disk(*who))).collect();
    }
    run.run_until(run.end(), &AtomicBool::new(false));
    let seen = run.observe();
    if let Some(violation) = seen.violations.first() {
        return Err(StageError::Broken(violation.to_string()));
    }
    let devices = run.consumers().collect::<Vec<_>>();
    let devices = devices.into_iter().map(|who| (who, run.disk(who))).collect();
    let disks = servers.into_iter().map(|who| (who, run.disk(who))).collect();
    let identity = |number: Number| {
        seen.public_keys.iter().find_map(|(_, keys)| match keys {
            world::PublicKeys::Identity(address, key) if address.number == number => Some(key.clone()),
            _ => None,
        })
    };
    let actor = |who: Who| {
        let number = run.number(who)?;
        let credentials = (who.kind() == world::Kind::Business).then(|| run.credentials(who));
        Some(Actor { who, number, credentials, identity: identity(number) })
    };
    let businesses = (0..BUSINESSES).map(Who::business).filter_map(actor).collect();
    let consumers = run.consumers().filter_map(actor).collect();
    let start = run.start();
    Ok(Performance { seen, disks, devices, peeked, start, businesses, consumers })
}

const BUSINESSES: u32 = 3;

/// A computer that took its time would be slower for one tenant when another has something to do. How much that gives
/// away is measured (`blindpost audit leak`); here it would hide everything else.
fn no_time() -> Costs {
    let zero = Duration::ZERO;
    Costs {
        api_request: zero,
        encrypt: zero,
        decrypt: zero,
        initiate: zero,
        respond: zero,
        relay_frame: zero,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use world::{Secret, Sight};

    #[test]
    fn the_scene_can_be_played() {
        let played = play(&Direction::default(), 1).unwrap();
        let texts = played.seen.texts.len();
        let of = |who: Who| played.seen.texts.iter().filter(|(reader, ..)| *reader == who).count();
        eprintln!(
            "{texts} texts, {} sights, notices {:?}",
            played.seen.seen.len(),
            played
                .seen
                .seen
                .iter()
                .filter_map(|s| match &s.sight {
                    Sight::Notice(n) => Some(n.clone()),
                    _ => None,
                })
                .collect::<std::collections::BTreeSet<_>>()
        );
        for business in 0..3 {
            assert!(of(Who::business(business)) > 0 || business == 2, "business {business}");
        }
        let again = play(&Direction::default(), 1).unwrap();
        assert_eq!(played.seen.seen, again.seen.seen);
        let variation = Some(Variation { secret: Secret::Text, who: Who::business(0), salt: 3 });
        let other = play(&Direction { variation, ..Direction::default() }, 1).unwrap();
        assert_ne!(played.seen.seen, other.seen.seen);
    }
}
