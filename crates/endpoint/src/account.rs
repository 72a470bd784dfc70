//! One address that the endpoint speaks for: its identity and prekeys.

use crate::proto;
use crate::rows::{ACCOUNTS, PREKEYS, account_key};
use bytes::Bytes;
use kernel::{RestoreError, Rng, Row, Transaction};
use prost::Message as _;
use ratchet::generic::{IdentityKeyPair, KemPrekey, LocalIdentity, OneTimePrekey, SignedPrekey};
use ratchet::{PrekeySource, Provider, Suites};
use std::collections::{BTreeMap, BTreeSet};
use wire::{Address, OneTimeKey, Publish, SignedKey};
use zeroize::Zeroizing;

/// The most one-time prekeys of a kind that one frame carries (KEM prekeys are 1.6 KB each).
const PER_PUBLISH: usize = 100;

/// The most that are made at a time: what a relay stores of an address has room for them beside those that are left.
const MADE_AT_ONCE: u32 = 900;

/// Numbers of one-time prekeys: 24 bits as in deployed clients, four bytes in a message whichever it is.
const PREKEY_IDS: std::ops::Range<u32> = 1 << 21..1 << 24;

const CURVE: u8 = b'c';
const KEM: u8 = b'k';

/// Identity, prekeys, and whether the relay has them.
pub(crate) struct Account<P: Provider> {
    address: Address,
    revision: u64,
    pub(crate) identity: LocalIdentity<P>,
    signed_prekey: SignedPrekey<P>,
    last_resort: KemPrekey<P>,
    one_time: BTreeMap<u32, OneTimePrekey<P>>,
    one_time_kem: BTreeMap<u32, KemPrekey<P>>,
    pub(crate) published: bool,
}

impl<P: Provider> Account<P> {
    /// New keys for `address`, with `one_time` prekeys of each kind.
    pub(crate) fn create(
        address: Address,
        suites: Suites,
        one_time: u32,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Self {
        let key_pair = IdentityKeyPair::generate(rng);
        // 14 bits, never 0: what deployed clients draw.
        let registration_id = 1 + rng.below(16_380);
        let signed_prekey = SignedPrekey::generate(1, &key_pair, rng);
        let last_resort = KemPrekey::generate(2, &key_pair, rng);
        let mut account = Self {
            address,
            revision: 0,
            identity: LocalIdentity { key_pair, registration_id, suites },
            signed_prekey,
            last_resort,
            one_time: BTreeMap::new(),
            one_time_kem: BTreeMap::new(),
            published: false,
        };
        account.make_one_time(one_time.min(MADE_AT_ONCE), rng, transaction);
        account
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
            signed_prekey: SignedPrekey::from_bytes(&stored.signed_prekey).map_err(|e| wrong(&e))?,
            last_resort: KemPrekey::from_bytes(&stored.last_resort_kem_prekey).map_err(|e| wrong(&e))?,
            one_time: BTreeMap::new(),
            one_time_kem: BTreeMap::new(),
            published: stored.published,
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

    /// Everything that the relay's directory should know, in as many frames as that takes.
    pub(crate) fn publish(&self) -> Vec<Publish> {
        self.publish_those(|_| true)
    }

    /// As much of it as there is of one-time prekeys with these ids: keys that rest are not derived for nothing.
    fn publish_those(&self, wanted: impl Fn(u32) -> bool) -> Vec<Publish> {
        let mut one_time = self.one_time.values().filter(|prekey| wanted(prekey.id())).peekable();
        let mut one_time_kem = self.one_time_kem.values().filter(|prekey| wanted(prekey.id())).peekable();
        let mut frames = Vec::new();
        while frames.is_empty() || one_time.peek().is_some() || one_time_kem.peek().is_some() {
            frames.push(Publish {
                address: self.address,
                registration_id: self.identity.registration_id,
                identity_key: Bytes::copy_from_slice(&self.identity.key_pair.public().to_bytes()),
                signed_prekey: SignedKey {
                    id: self.signed_prekey.id(),
                    key: Bytes::copy_from_slice(&self.signed_prekey.public().to_bytes()),
                    signature: Bytes::copy_from_slice(&self.signed_prekey.signature().to_bytes()),
                },
                last_resort_kem_prekey: signed_key(&self.last_resort),
                one_time_prekeys: one_time.by_ref().take(PER_PUBLISH).map(one_time_key).collect(),
                one_time_kem_prekeys: one_time_kem.by_ref().take(PER_PUBLISH).map(signed_key).collect(),
            });
        }
        frames
    }

    /// Makes `count` more one-time prekeys of each kind, and publishes those only.
    pub(crate) fn replenish(
        &mut self,
        count: u32,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Vec<Publish> {
        let before: BTreeSet<u32> = self.one_time.keys().chain(self.one_time_kem.keys()).copied().collect();
        self.make_one_time(count.min(MADE_AT_ONCE), rng, transaction);
        self.publish_those(|id| !before.contains(&id))
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

    /// The relay has our keys: the one-time ones rest until somebody uses them.
    pub(crate) fn set_published(&mut self, transaction: &mut Transaction) {
        self.one_time_kem.values_mut().for_each(KemPrekey::rest);
        if !self.published {
            self.published = true;
            self.write(transaction);
        }
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
            let id = PREKEY_IDS.start + rng.below(PREKEY_IDS.end - PREKEY_IDS.start);
            if !self.one_time.contains_key(&id) && !self.one_time_kem.contains_key(&id) {
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
        proto::AccountRow {
            registration_id: self.identity.registration_id,
            identity_key: identity_key.to_vec().into(),
            signed_prekey: self.signed_prekey.to_bytes().to_vec().into(),
            last_resort_kem_prekey: self.last_resort.to_bytes().to_vec().into(),
            published: self.published,
        }
    }
}

impl<P: Provider> PrekeySource<P> for Account<P> {
    fn signed_prekey(&self, id: u32) -> Option<&SignedPrekey<P>> {
        (self.signed_prekey.id() == id).then_some(&self.signed_prekey)
    }

    fn one_time_prekey(&self, id: u32) -> Option<&OneTimePrekey<P>> {
        self.one_time.get(&id)
    }

    fn kem_prekey(&self, id: u32) -> Option<&KemPrekey<P>> {
        if self.last_resort.id() == id { Some(&self.last_resort) } else { self.one_time_kem.get(&id) }
    }
}

fn one_time_key<P: Provider>(prekey: &OneTimePrekey<P>) -> OneTimeKey {
    OneTimeKey { id: prekey.id(), key: Bytes::copy_from_slice(&prekey.public().to_bytes()) }
}

fn signed_key<P: Provider>(prekey: &KemPrekey<P>) -> SignedKey {
    SignedKey {
        id: prekey.id(),
        key: Bytes::from(prekey.public().to_bytes()),
        signature: Bytes::copy_from_slice(&prekey.signature().to_bytes()),
    }
}
