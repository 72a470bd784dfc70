//! One address that the endpoint speaks for: its identity and prekeys.

use crate::lasting::{Lasting, signed_key};
use crate::rows::{ACCOUNTS, PREKEYS, account_key};
use crate::{Policy, proto};
use bytes::Bytes;
use kernel::{RestoreError, Rng, Row, Time, Transaction};
use prost::Message as _;
use ratchet::generic::{IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, SignedPrekey};
use ratchet::{PrekeySource, Provider, Suites};
use std::collections::{BTreeMap, BTreeSet};
use wire::{Address, OneTimeKey, Publish};
use zeroize::Zeroizing;

/// The most one-time prekeys of a kind that one frame carries (KEM prekeys are 1.6 KB each).
const PER_PUBLISH: u32 = 100;

/// Numbers of one-time prekeys: 24 bits as in deployed clients, four bytes in a message whichever it is.
const PREKEY_IDS: std::ops::Range<u32> = 1 << 21..1 << 24;

const CURVE: u8 = b'c';
const KEM: u8 = b'k';

/// Identity, prekeys, and whether the relay has them.
pub(crate) struct Account<P: Provider> {
    address: Address,
    revision: u64,
    pub(crate) identity: LocalIdentity<P>,
    lasting: Lasting<P>,
    one_time: BTreeMap<u32, OneTimePrekey<P>>,
    one_time_kem: BTreeMap<u32, KemPrekey<P>>,
    pub(crate) published: bool,
    /// The one-time prekeys have been said to a relay, which may have got them.
    offered: bool,
    /// Publications on this connection that the relay has not confirmed.
    publishing: u32,
}

/// How much of an account is published.
pub(crate) enum Portion {
    /// All that there is, in place of what the relay may have.
    Everything,
    /// What every first message may use, and no one-time prekeys.
    Lasting,
    /// That, and the one-time prekeys with other numbers than these.
    AllOneTimeBut(BTreeSet<u32>),
}

impl<P: Provider> Account<P> {
    /// New keys for `address`.
    pub(crate) fn create(
        address: Address,
        policy: &Policy,
        now: Time,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Self {
        let mut account = Self::generate(address, policy, now, rng);
        account.make_one_time(policy.one_time_prekeys.min(PER_PUBLISH), rng, transaction);
        account
    }

    /// New keys instead of all these, as after an installation anew.
    pub(crate) fn renew(&mut self, policy: &Policy, now: Time, rng: &mut Rng, transaction: &mut Transaction) {
        self.forget_one_time(transaction);
        let revision = self.revision;
        *self = Self { revision, ..Self::generate(self.address, policy, now, rng) };
        self.make_one_time(policy.one_time_prekeys.min(PER_PUBLISH), rng, transaction);
    }

    fn generate(address: Address, policy: &Policy, now: Time, rng: &mut Rng) -> Self {
        let key_pair = IdentityKeyPair::generate(rng);
        // 14 bits, never 0: what deployed clients draw.
        let registration_id = 1 + rng.below(16_380);
        let ids = [(); 2].map(|()| any_prekey_id(rng));
        let lasting = Lasting::create(ids, &key_pair, policy, now, rng);
        Self {
            address,
            revision: 0,
            identity: LocalIdentity { key_pair, registration_id, suites: policy.suites },
            lasting,
            one_time: BTreeMap::new(),
            one_time_kem: BTreeMap::new(),
            published: false,
            offered: false,
            publishing: 0,
        }
    }

    pub(crate) fn restore(row: &Row, address: Address, suites: Suites) -> Result<Self, RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        let stored = proto::AccountRow::decode(&*row.value).map_err(|e| wrong(&e))?;
        let private = <[u8; 32]>::try_from(&*stored.identity_key).map_err(|e| wrong(&e))?;
        Ok(Self {
            address,
            revision: row.at,
            identity: LocalIdentity {
                key_pair: IdentityKeyPair::from_private_bytes(private),
                registration_id: stored.registration_id,
                suites,
            },
            lasting: Lasting::restore(&stored).map_err(|e| wrong(&e))?,
            one_time: BTreeMap::new(),
            one_time_kem: BTreeMap::new(),
            published: stored.published,
            offered: stored.offered,
            publishing: 0,
        })
    }

    /// Takes back a one-time prekey of this account; `tag` is the part of its key after the address.
    pub(crate) fn restore_one_time(&mut self, row: &Row, tag: &[u8]) -> Result<(), RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        match tag.first() {
            Some(&CURVE) => {
                let prekey = OneTimePrekey::from_bytes(&row.value).map_err(|e| wrong(&e))?;
                self.one_time.insert(prekey.id(), prekey);
            }
            Some(&KEM) => {
                let prekey = KemPrekey::from_bytes(&row.value).map_err(|e| wrong(&e))?;
                self.one_time_kem.insert(prekey.id(), prekey);
            }
            _ => return Err(wrong(&"prekey of an unknown kind")),
        }
        Ok(())
    }

    /// Destroys all prekeys: the lasting ones are new, and so will be the one-time ones when they are published. No relay has
    /// confirmed them.
    pub(crate) fn renew_prekeys(&mut self, rng: &mut Rng, transaction: &mut Transaction) {
        self.forget_one_time(transaction);
        let ids = [(); 2].map(|()| self.draw_prekey_id(rng));
        self.lasting.renew(ids, &self.identity.key_pair, rng);
        (self.published, self.offered) = (false, false);
        self.write(transaction);
    }

    /// What the relay has of this account is not what it was told: all is to be published again.
    pub(crate) fn unpublish(&mut self, transaction: &mut Transaction) {
        if self.published {
            self.published = false;
            self.write(transaction);
        }
    }

    fn forget_one_time(&mut self, transaction: &mut Transaction) {
        for id in std::mem::take(&mut self.one_time).into_keys() {
            transaction.remove_with(PREKEYS, || self.prekey_key(CURVE, id));
        }
        for id in std::mem::take(&mut self.one_time_kem).into_keys() {
            transaction.remove_with(PREKEYS, || self.prekey_key(KEM, id));
        }
    }

    /// What the relay's directory has not been told, or may not know.
    pub(crate) fn unpublished(&self) -> Option<Portion> {
        if !self.published {
            Some(Portion::Everything)
        } else {
            self.lasting.is_unconfirmed().then_some(Portion::Lasting)
        }
    }

    /// What the relay's directory should know. One-time prekeys that rest are not derived for nothing, and those that a relay may
    /// have had, and handed out, are not said again: they are new ones then.
    pub(crate) fn publish(
        &mut self,
        portion: &Portion,
        policy: &Policy,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Publish {
        let replaces = matches!(portion, Portion::Everything);
        if replaces {
            if self.offered {
                self.forget_one_time(transaction);
            }
            self.offered = true;
            if self.one_time.is_empty() {
                self.make_one_time(policy.one_time_prekeys.min(PER_PUBLISH), rng, transaction);
            } else {
                self.write(transaction);
            }
        }
        self.publishing += 1;
        let wanted = |id| match portion {
            Portion::Everything => true,
            Portion::Lasting => false,
            Portion::AllOneTimeBut(known) => !known.contains(&id),
        };
        let one_time = self.one_time.values().filter(|prekey| wanted(prekey.id()));
        let one_time_kem = self.one_time_kem.values().filter(|prekey| wanted(prekey.id()));
        let (signed_prekey, last_resort_kem_prekey) = self.lasting.public();
        Publish {
            address: self.address,
            registration_id: self.identity.registration_id,
            identity_key: Bytes::copy_from_slice(&self.identity.key_pair.public().to_bytes()),
            signed_prekey,
            last_resort_kem_prekey,
            one_time_prekeys: one_time.map(one_time_key).collect(),
            one_time_kem_prekeys: one_time_kem.map(signed_key).collect(),
            replaces,
            name: 0,
        }
    }

    /// Makes `count` more one-time prekeys of each kind, which are to be published.
    pub(crate) fn replenish(&mut self, count: u32, rng: &mut Rng, transaction: &mut Transaction) -> Portion {
        let before = self.one_time.keys().chain(self.one_time_kem.keys()).copied().collect();
        self.make_one_time(count.min(PER_PUBLISH), rng, transaction);
        Portion::AllOneTimeBut(before)
    }

    /// When [`tend`](Self::tend) has something to do.
    pub(crate) fn due(&self, policy: &Policy) -> Time {
        self.lasting.due(policy)
    }

    /// Makes other lasting prekeys if it is time, and destroys former ones whose time is over. Gives what is to be
    /// published then.
    pub(crate) fn tend(
        &mut self,
        policy: &Policy,
        now: Time,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Option<Portion> {
        self.lasting.destroy(policy, now);
        let rotates = self.lasting.may_rotate(policy, self.published, now);
        if rotates {
            let ids = [(); 2].map(|()| self.draw_prekey_id(rng));
            self.lasting.rotate(ids, &self.identity.key_pair, rng);
        }
        self.write(transaction);
        rotates.then_some(Portion::Lasting)
    }

    /// Destroys one-time prekeys that a first message has used up (PQXDH §3.4).
    pub(crate) fn consume(&mut self, one_time: Option<u32>, kem: Option<u32>, transaction: &mut Transaction) {
        if let Some(id) = one_time {
            self.one_time.remove(&id);
            transaction.remove_with(PREKEYS, || self.prekey_key(CURVE, id));
        }
        if let Some(kem) = kem.filter(|id| self.one_time_kem.remove(id).is_some()) {
            transaction.remove_with(PREKEYS, || self.prekey_key(KEM, kem));
        }
    }

    /// The relay has what was published first of what it has not confirmed: the one-time keys rest until somebody uses
    /// them.
    pub(crate) fn on_published(&mut self, now: Time, transaction: &mut Transaction) {
        self.one_time_kem.values_mut().for_each(KemPrekey::rest);
        self.publishing = self.publishing.saturating_sub(1);
        if self.publishing == 0 && self.unpublished().is_some() {
            self.published = true;
            self.lasting.confirm(now);
            self.write(transaction);
        }
    }

    /// What was published before may not have arrived.
    pub(crate) fn reconnected(&mut self) {
        self.publishing = 0;
    }

    fn make_one_time(&mut self, count: u32, rng: &mut Rng, transaction: &mut Transaction) {
        for _ in 0..count {
            let prekey = OneTimePrekey::generate(self.draw_prekey_id(rng), rng);
            transaction
                .swap_with(PREKEYS, 0, || (self.prekey_key(CURVE, prekey.id()), prekey.to_bytes().to_vec()));
            self.one_time.insert(prekey.id(), prekey);
            let prekey = KemPrekey::generate(self.draw_prekey_id(rng), &self.identity.key_pair, rng);
            transaction
                .swap_with(PREKEYS, 0, || (self.prekey_key(KEM, prekey.id()), prekey.to_bytes().to_vec()));
            self.one_time_kem.insert(prekey.id(), prekey);
        }
        self.write(transaction);
    }

    /// A number that no prekey has now. Counted numbers would tell whoever fetches a bundle how many others did since.
    fn draw_prekey_id(&self, rng: &mut Rng) -> u32 {
        loop {
            let id = any_prekey_id(rng);
            if !self.one_time.contains_key(&id)
                && !self.one_time_kem.contains_key(&id)
                && !self.lasting.has(id)
            {
                return id;
            }
        }
    }

    fn prekey_key(&self, kind: u8, id: u32) -> Bytes {
        [&self.address.to_key()[..], &[kind], &id.to_be_bytes()].concat().into()
    }

    fn write(&mut self, transaction: &mut Transaction) {
        let row = || (account_key(self.address), self.row().encode_to_vec());
        self.revision = transaction.swap_with(ACCOUNTS, self.revision, row);
    }

    fn row(&self) -> proto::AccountRow {
        let identity_key: Zeroizing<[u8; 32]> = self.identity.key_pair.to_bytes();
        let mut row = proto::AccountRow {
            registration_id: self.identity.registration_id,
            identity_key: identity_key.to_vec().into(),
            published: self.published,
            offered: self.offered,
            ..proto::AccountRow::default()
        };
        self.lasting.store(&mut row);
        row
    }
}

impl<P: Provider> PrekeySource<P> for Account<P> {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey<P>> {
        self.lasting.signed(id)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey<P>> {
        self.one_time.get(&id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey<P>> {
        self.lasting.last_resort(id).or_else(|| self.one_time_kem.get(&id))
    }
}

fn one_time_key<P: Provider>(prekey: &OneTimePrekey<P>) -> OneTimeKey {
    OneTimeKey { id: prekey.id(), key: Bytes::copy_from_slice(&prekey.public().to_bytes()) }
}

fn any_prekey_id(rng: &mut Rng) -> u32 {
    PREKEY_IDS.start + rng.below(PREKEY_IDS.end - PREKEY_IDS.start)
}
