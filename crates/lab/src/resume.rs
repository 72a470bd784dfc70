//! From a run to its checkpoint, and from the checkpoint to the run again.

use crate::checkpoint::{Checkpoint, CheckpointError, FORMAT, SavedTurn, unsealed};
use crate::experiment::{Experiment, Turn};
use scenario::Scenario;
use std::num::NonZeroUsize;
use std::time::Duration;

impl Checkpoint {
    /// The run that it is a point of, which goes on with `changes` from there.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn resume(
        self,
        changes: &[(String, String)],
        threads: NonZeroUsize,
    ) -> Result<Experiment, CheckpointError> {
        let scenario =
            Scenario::parse(&self.scenario_file, &self.scenario)?.with_all(pairs(&self.changes))?;
        if hex::encode(scenario.digest()) != self.scenario_digest {
            return Err(CheckpointError::Changed);
        }
        let mut turns: Vec<Turn> = Vec::new();
        let mut latest = scenario.clone();
        let new = SavedTurn { at_us: self.at_us, changes: changes.to_vec() };
        for turn in self.turns.iter().chain([&new]).filter(|turn| !turn.changes.is_empty()) {
            latest = latest.with_all(pairs(&turn.changes))?;
            turns.push(Turn { at: Duration::from_micros(turn.at_us), scenario: latest.clone() });
        }
        Ok(Experiment {
            scenario,
            seed: self.seed,
            costs: self.costs.clone(),
            threads,
            faults: self.faults.clone().map(|faults| faults.into_iter().collect()),
            until: None,
            turns,
            checkpoints: Vec::new(),
            resumes: Some(self),
        })
    }
}

impl Experiment {
    /// The point of its run at `at`, after `events` events.
    pub(crate) fn checkpoint(
        &self,
        version: &str,
        at: Duration,
        events: u64,
        trace_hash: String,
    ) -> Checkpoint {
        let written = self.scenario.written();
        let mut known = written.changes.len();
        let turns = self.turns.iter().filter(|turn| turn.at < at).map(|turn| {
            // Each has all changes of those before it.
            let changes = turn.scenario.written().changes;
            let new = changes.get(known..).unwrap_or_default().to_vec();
            known = changes.len();
            SavedTurn { at_us: micros(turn.at), changes: new }
        });
        Checkpoint {
            sha256: unsealed(),
            format: FORMAT,
            version: version.into(),
            scenario_file: written.file.into(),
            scenario: written.text.into(),
            scenario_digest: hex::encode(self.scenario.digest()),
            changes: written.changes.to_vec(),
            turns: turns.collect(),
            seed: self.seed,
            costs: self.costs.clone(),
            faults: self.faults.as_ref().map(|faults| faults.iter().copied().collect()),
            at_us: micros(at),
            events,
            trace_hash,
        }
    }
}

fn pairs(changes: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    changes.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
