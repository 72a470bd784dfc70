//! The two prekeys that every first message may use: the signed one, and the KEM prekey of last resort. They are made anew
//! by the clock, and the ones before stay until no first message to them can be under way any more.

use crate::{Policy, proto};
use kernel::{Rng, Time};
use ratchet::Provider;
use ratchet::generic::{IdentityKeyPair, KemPrekey, SignedPrekey};
use std::time::Duration;
use wire::SignedKey;

/// The keys in use, those before them, and when they change.
pub(crate) struct Lasting<P: Provider> {
    now: Pair<P>,
    /// Oldest first.
    former: Vec<Former<P>>,
    /// When the next ones are due. A fixed time, whatever the endpoint did in between: the relay sees when keys are
    /// published, and must not learn from it when somebody spoke.
    rotates: Time,
}

struct Pair<P: Provider> {
    signed: SignedPrekey<P>,
    last_resort: KemPrekey<P>,
}

struct Former<P: Provider> {
    keys: Pair<P>,
    /// Since when the relay has had the next ones; `None` if that is not known yet.
    replaced: Option<Time>,
}

impl<P: Provider> Lasting<P> {
    pub(crate) fn create(
        ids: [u32; 2],
        identity: &IdentityKeyPair<P>,
        policy: &Policy,
        now: Time,
        rng: &mut Rng,
    ) -> Self {
        let half = policy.key_rotation / 2;
        let phase = rng.below(u32::try_from(half.as_secs()).unwrap_or(u32::MAX).max(1));
        let rotates = now + half + Duration::from_secs(phase.into());
        Self { now: Pair::generate(ids, identity, rng), former: Vec::new(), rotates }
    }

    pub(crate) fn restore(row: &proto::AccountRow) -> Result<Self, ratchet::PrekeyError> {
        let former = row.former.iter().map(|former| {
            let replaced = former.replaced_us.map(Time::from_micros);
            let keys = Pair::restore(&former.signed_prekey, &former.last_resort_kem_prekey)?;
            Ok(Former { keys, replaced })
        });
        Ok(Self {
            former: former.collect::<Result<_, _>>()?,
            now: Pair::restore(&row.signed_prekey, &row.last_resort_kem_prekey)?,
            rotates: Time::from_micros(row.rotates_us),
        })
    }

    /// Writes what is here into the row of the account.
    pub(crate) fn store(&self, row: &mut proto::AccountRow) {
        row.signed_prekey = self.now.signed.to_bytes().to_vec().into();
        row.last_resort_kem_prekey = self.now.last_resort.to_bytes().to_vec().into();
        row.rotates_us = self.rotates.as_micros();
        let former = self.former.iter().map(|former| proto::FormerPrekeys {
            signed_prekey: former.keys.signed.to_bytes().to_vec().into(),
            last_resort_kem_prekey: former.keys.last_resort.to_bytes().to_vec().into(),
            replaced_us: former.replaced.map(Time::as_micros),
        });
        row.former = former.collect();
    }

    /// When the next keys are to be made, or former ones to be destroyed.
    pub(crate) fn due(&self, policy: &Policy) -> Time {
        let replaced = self.former.iter().filter_map(|former| former.replaced);
        replaced.map(|at| at + policy.former_keys_kept).fold(self.rotates, Time::min)
    }

    /// True if the time has come for other keys. Those that nobody could use yet stay for another period.
    pub(crate) fn may_rotate(&mut self, policy: &Policy, is_published: bool, now: Time) -> bool {
        if now < self.rotates {
            return false;
        }
        let period = policy.key_rotation.max(Duration::from_secs(1));
        let whole = now.since(self.rotates).as_micros() / period.as_micros();
        let periods = u32::try_from(whole).unwrap_or(u32::MAX).saturating_add(1);
        self.rotates = self.rotates + period.saturating_mul(periods);
        is_published && !self.is_unconfirmed()
    }

    /// Other keys take the place of those in use.
    pub(crate) fn rotate(&mut self, ids: [u32; 2], identity: &IdentityKeyPair<P>, rng: &mut Rng) {
        let mut keys = std::mem::replace(&mut self.now, Pair::generate(ids, identity, rng));
        keys.last_resort.rest();
        self.former.push(Former { keys, replaced: None });
    }

    /// Destroys all of them: others take their place that no relay has yet.
    pub(crate) fn renew(&mut self, ids: [u32; 2], identity: &IdentityKeyPair<P>, rng: &mut Rng) {
        self.former.clear();
        self.now = Pair::generate(ids, identity, rng);
    }

    /// Destroys former keys whose time is over.
    pub(crate) fn destroy(&mut self, policy: &Policy, now: Time) {
        self.former.retain(|former| former.replaced.is_none_or(|at| at + policy.former_keys_kept > now));
    }

    /// True if the relay may not have the keys in use yet, but those before them.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.former.iter().any(|former| former.replaced.is_none())
    }

    /// The relay has the keys in use.
    pub(crate) fn confirm(&mut self, now: Time) {
        let waiting = self.former.iter_mut().filter(|former| former.replaced.is_none());
        waiting.for_each(|former| former.replaced = Some(now));
    }

    /// What the directory is told.
    pub(crate) fn public(&self) -> (SignedKey, SignedKey) {
        let signed = &self.now.signed;
        let signed = SignedKey {
            id: signed.id(),
            key: bytes::Bytes::copy_from_slice(&signed.public().to_bytes()),
            signature: bytes::Bytes::copy_from_slice(&signed.signature().to_bytes()),
        };
        (signed, signed_key(&self.now.last_resort))
    }

    pub(crate) fn signed(&self, id: u32) -> Option<&SignedPrekey<P>> {
        self.pairs().map(|pair| &pair.signed).find(|prekey| prekey.id() == id)
    }

    pub(crate) fn last_resort(&self, id: u32) -> Option<&KemPrekey<P>> {
        self.pairs().map(|pair| &pair.last_resort).find(|prekey| prekey.id() == id)
    }

    /// True if one of them has this number.
    pub(crate) fn has(&self, id: u32) -> bool {
        self.signed(id).is_some() || self.last_resort(id).is_some()
    }

    fn pairs(&self) -> impl Iterator<Item = &Pair<P>> {
        std::iter::once(&self.now).chain(self.former.iter().map(|former| &former.keys))
    }
}

impl<P: Provider> Pair<P> {
    fn generate([signed, last_resort]: [u32; 2], identity: &IdentityKeyPair<P>, rng: &mut Rng) -> Self {
        let signed = SignedPrekey::generate(signed, identity, rng);
        Self { signed, last_resort: KemPrekey::generate(last_resort, identity, rng) }
    }

    fn restore(signed: &[u8], last_resort: &[u8]) -> Result<Self, ratchet::PrekeyError> {
        Ok(Self {
            signed: SignedPrekey::from_bytes(signed)?,
            last_resort: KemPrekey::from_bytes(last_resort)?,
        })
    }
}

/// A KEM prekey as the directory is told.
pub(crate) fn signed_key<P: Provider>(prekey: &KemPrekey<P>) -> SignedKey {
    SignedKey {
        id: prekey.id(),
        key: bytes::Bytes::from(prekey.public().to_bytes()),
        signature: bytes::Bytes::copy_from_slice(&prekey.signature().to_bytes()),
    }
}
