//! Who asks: a passive attacker, what it was given (records, snapshots, a broken primitive), and what it reads with
//! that.

use super::closure::Closure;
use super::knowledge::Knowledge;
use super::oracle::{BrokenCurve, BrokenKem};
use super::reading::Reading;
use super::recording::Recording;
use super::snapshot::Snapshot;

/// A passive attacker: it reads along, and uses what it was given and nothing else.
///
/// It has the secrets of its snapshots, asks its oracles, and goes on from there as far as the
/// recording lets it. Every plaintext that it returns was decrypted with keys that it derived, under
/// a message authentication code that it verified.
#[derive(Clone, Default, Debug)]
pub struct Attacker<'a> {
    snapshots: Vec<&'a Snapshot>,
    curves: Vec<&'a BrokenCurve>,
    kems: Vec<&'a BrokenKem>,
}

impl<'a> Attacker<'a> {
    /// Gives it a snapshot of a device; it can have several, of either side and of different times.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: &'a Snapshot) -> Self {
        self.snapshots.push(snapshot);
        self
    }

    /// Gives it a broken X25519.
    #[must_use]
    pub fn with_broken_curve(mut self, oracle: &'a BrokenCurve) -> Self {
        self.curves.push(oracle);
        self
    }

    /// Gives it a broken KEM.
    #[must_use]
    pub fn with_broken_kem(mut self, oracle: &'a BrokenKem) -> Self {
        self.kems.push(oracle);
        self
    }

    /// What it reads of a recording: one for each of [`Recording::messages`], in their order.
    #[must_use]
    pub fn reads(&self, recording: &Recording) -> Vec<Reading> {
        let knowledge = Knowledge::new(&self.snapshots, &self.curves, &self.kems, recording.bundles());
        Closure::over(&knowledge, recording.messages()).complete()
    }
}
