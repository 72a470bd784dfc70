//! Handshakes that are going on: before webhooks go anywhere new, its owner must say that they want them.

use super::callbacks::{Setting, Slot};
use super::exchange::{Challenge, ChallengeId, ChallengeOutcome};
use crate::api::Asker;
use graph::subscriptions::Callback;
use graph::{GraphError, encode_component};
use kernel::{Rng, Time};
use std::collections::{BTreeMap, BTreeSet};

/// How many handshakes of one app may be going on.
const PER_APP: usize = 8;

/// All handshakes that wait for an answer. Not durable: a crash ends the request that waits, too.
#[derive(Default)]
pub(crate) struct Challenges {
    pending: BTreeMap<ChallengeId, Pending>,
    deadlines: BTreeSet<(Time, ChallengeId)>,
}

/// What to do when the receiver answers.
pub(crate) struct Pending {
    pub(crate) asker: Asker,
    pub(crate) slot: Slot,
    pub(crate) setting: Setting,
    expected: String,
    deadline: Time,
}

impl Challenges {
    /// Starts a handshake with `callback`, unless the app has too many going on.
    pub(crate) fn start(
        &mut self,
        deadline: Time,
        asker: Asker,
        (slot, setting): (Slot, Setting),
        callback: &Callback,
        rng: &mut Rng,
    ) -> Result<Challenge, GraphError> {
        let app = slot.app();
        if self.pending.values().filter(|pending| pending.slot.app() == app).count() >= PER_APP {
            return Err(GraphError::too_many_calls());
        }
        let challenge = ChallengeId(u64::from_be_bytes(rng.bytes()));
        let expected = (1_000_000_000 + u64::from(rng.below(u32::MAX))).to_string();
        let separator = if callback.url.contains('?') { '&' } else { '?' };
        let url = format!(
            "{}{separator}hub.mode=subscribe&hub.challenge={expected}&hub.verify_token={}",
            callback.url,
            encode_component(callback.verify_token.expose())
        );
        self.deadlines.insert((deadline, challenge));
        self.pending.insert(challenge, Pending { asker, slot, setting, expected, deadline });
        Ok(Challenge { challenge, url })
    }

    /// The answer to a handshake; `None` if nobody waits for it.
    pub(crate) fn answered(
        &mut self,
        id: ChallengeId,
        outcome: &ChallengeOutcome,
    ) -> Option<(Pending, Result<(), GraphError>)> {
        let pending = self.pending.remove(&id)?;
        self.deadlines.remove(&(pending.deadline, id));
        let verdict = match outcome {
            ChallengeOutcome::Answered { status: 200, body } if *body == pending.expected.as_bytes() => {
                Ok(())
            }
            ChallengeOutcome::Answered { status: 200, .. } => {
                Err(GraphError::callback_failed("HTTP Status Code = 200; the body is not hub.challenge"))
            }
            ChallengeOutcome::Answered { status, .. } => {
                Err(GraphError::callback_failed(&format!("HTTP Status Code = {status}")))
            }
            ChallengeOutcome::Failed(failure) => Err(GraphError::callback_failed(&failure.to_string())),
        };
        Some((pending, verdict))
    }

    /// When the next handshake is given up.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A handshake whose time is over.
    pub(crate) fn overdue(&self, now: Time) -> Option<ChallengeId> {
        self.deadlines.first().filter(|(deadline, _)| *deadline <= now).map(|(_, id)| *id)
    }
}
