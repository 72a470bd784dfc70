//! The key directory: who owns an address, and the keys that others start a session with.

use crate::endpoints::{Endpoints, Party};
use crate::kept::KeptKey;
use crate::proto;
use crate::rows::{DIRECTORY, ONE_TIME, link_key, read_address};
use bytes::Bytes;
use kernel::{RestoreError, Rng, Row, Transaction};
use prost::Message as _;
use std::collections::BTreeMap;
use wire::{Address, LinkKey, Number, OneTimeKey, PrekeyBundle, Publish, RejectCode, SignedKey};

const CURVE: u8 = b'c';
const KEM: u8 = b'k';

/// All addresses.
#[derive(Default)]
pub(crate) struct Directory {
    /// All devices of a number have the same owner.
    entries: BTreeMap<Address, Entry>,
}

struct Entry {
    owner: Party,
    revision: u64,
    /// Without one-time prekeys, which are the two maps, and the KEM prekey of last resort.
    keys: Publish,
    last_resort: KeptKey,
    one_time: BTreeMap<u32, OneTimeKey>,
    one_time_kem: BTreeMap<u32, KeptKey>,
}

/// Keys can't be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublishRefusal {
    /// The number belongs to another endpoint.
    Taken,
    /// More one-time prekeys than an address may store.
    TooMany,
}

impl PublishRefusal {
    /// The code that tells the endpoint.
    pub(crate) fn reject_code(self) -> RejectCode {
        match self {
            Self::Taken => RejectCode::AddressTaken,
            Self::TooMany => RejectCode::TooManyPrekeys,
        }
    }
}

impl Directory {
    pub(crate) fn restore_entry(&mut self, row: &Row, endpoints: &mut Endpoints) -> Result<(), RestoreError> {
        let (address, _) = read_address(row)?;
        let stored = proto::DirectoryRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let owner = LinkKey::try_from(&*stored.owner).map_err(|e| RestoreError::new(row, e))?;
        let keys = Publish::from_bytes(stored.publish).map_err(|e| RestoreError::new(row, e))?;
        let owner = endpoints.party(owner);
        if let Party::Here(slot) = owner {
            endpoints[slot].addresses.add(address);
        }
        self.entries.insert(address, Entry::new(owner, row.at, keys));
        Ok(())
    }

    pub(crate) fn restore_one_time(&mut self, row: &Row) -> Result<(), RestoreError> {
        let (address, tag) = read_address(row)?;
        let stored = proto::OneTimeRow::decode(row.value.clone()).map_err(|e| RestoreError::new(row, e))?;
        let entry =
            self.entries.get_mut(&address).ok_or_else(|| RestoreError::new(row, "prekey without entry"))?;
        let (kind, id) = tag.split_first().ok_or_else(|| RestoreError::new(row, "short key"))?;
        let id = u32::from_be_bytes(id.try_into().map_err(|e| RestoreError::new(row, e))?);
        if *kind == CURVE {
            entry.one_time.insert(id, OneTimeKey { id, key: stored.key });
        } else {
            let key = SignedKey { id, key: stored.key, signature: stored.signature };
            entry.one_time_kem.insert(id, key.into());
        }
        Ok(())
    }

    /// Who speaks for an address, if this very device is registered.
    pub(crate) fn owner(&self, address: Address) -> Option<Party> {
        self.entries.get(&address).map(|entry| entry.owner)
    }

    /// Registers or renews an address of `owner`, whose key is `endpoint`. A number belongs for good to the endpoint that
    /// came first.
    pub(crate) fn publish(
        &mut self,
        owner: Party,
        endpoint: LinkKey,
        publish: &Publish,
        limit: usize,
        transaction: &mut Transaction,
    ) -> Result<(), PublishRefusal> {
        let address = publish.address;
        if self.owner_of_number(address.number).is_some_and(|other| other != owner) {
            return Err(PublishRefusal::Taken);
        }
        if let Some(entry) = self.entries.get_mut(&address)
            && (publish.replaces || entry.keys.identity_key != publish.identity_key)
        {
            entry.forget_one_time(address, transaction);
        }
        let stored = self.entries.get(&address).map_or((0, 0), |e| (e.one_time.len(), e.one_time_kem.len()));
        if stored.0 + publish.one_time_prekeys.len() > limit
            || stored.1 + publish.one_time_kem_prekeys.len() > limit
        {
            return Err(PublishRefusal::TooMany);
        }
        let mut publish = publish.detached();
        let one_time = std::mem::take(&mut publish.one_time_prekeys);
        let one_time_kem = std::mem::take(&mut publish.one_time_kem_prekeys);
        let entry = self.entries.entry(address).or_insert_with(|| Entry::new(owner, 0, publish.clone()));
        let row = || proto::DirectoryRow { owner: link_key(endpoint), publish: publish.to_bytes() };
        entry.revision = transaction
            .swap_with(DIRECTORY, entry.revision, || (address.to_key().to_vec(), row().encode_to_vec()));
        entry.set(publish);
        for prekey in one_time {
            let row = || proto::OneTimeRow { key: prekey.key.clone(), signature: Bytes::new() };
            if !entry.one_time.contains_key(&prekey.id) {
                transaction.swap_with(ONE_TIME, 0, || {
                    (one_time_key(address, CURVE, prekey.id), row().encode_to_vec())
                });
            }
            entry.one_time.insert(prekey.id, prekey);
        }
        for prekey in one_time_kem {
            let row = || proto::OneTimeRow { key: prekey.key.clone(), signature: prekey.signature.clone() };
            if !entry.one_time_kem.contains_key(&prekey.id) {
                transaction.swap_with(ONE_TIME, 0, || {
                    (one_time_key(address, KEM, prekey.id), row().encode_to_vec())
                });
            }
            entry.one_time_kem.insert(prekey.id, prekey.into());
        }
        Ok(())
    }

    /// The keys of an address. One-time prekeys leave the directory with the same transaction that
    /// the answer waits for, so none is handed out twice, whatever crashes. Which ones is drawn: in a
    /// known order they would tell how many others have asked.
    pub(crate) fn hand_out(
        &mut self,
        address: Address,
        rng: &mut Rng,
        transaction: &mut Transaction,
    ) -> Option<PrekeyBundle> {
        let entry = self.entries.get_mut(&address)?;
        let one_time_prekey = draw(&mut entry.one_time, rng).map(|(id, prekey)| {
            transaction.remove_with(ONE_TIME, || one_time_key(address, CURVE, id));
            prekey
        });
        let one_time_kem = draw(&mut entry.one_time_kem, rng).map(|(id, prekey)| {
            transaction.remove_with(ONE_TIME, || one_time_key(address, KEM, id));
            prekey.whole()
        });
        Some(PrekeyBundle {
            registration_id: entry.keys.registration_id,
            identity_key: entry.keys.identity_key.clone(),
            signed_prekey: entry.keys.signed_prekey.clone(),
            one_time_prekey,
            kem_prekey: one_time_kem.unwrap_or_else(|| entry.last_resort.whole()),
        })
    }

    /// Who has to be asked for more one-time prekeys of an address, and how many are left: fewer than `low`.
    pub(crate) fn low(&self, address: Address, low: usize) -> Option<(Party, u32)> {
        let entry = self.entries.get(&address)?;
        let left = entry.one_time.len().min(entry.one_time_kem.len());
        (left < low).then_some((entry.owner, u32::try_from(left).ok()?))
    }

    /// Number by number: no two endpoints share one, not even with different devices.
    fn owner_of_number(&self, number: Number) -> Option<Party> {
        let (address, entry) = self.entries.range(Address::primary(number)..).next()?;
        (address.number == number).then_some(entry.owner)
    }
}

impl Entry {
    fn new(owner: Party, revision: u64, mut keys: Publish) -> Self {
        Self {
            owner,
            revision,
            last_resort: last_resort(&mut keys),
            keys,
            one_time: BTreeMap::new(),
            one_time_kem: BTreeMap::new(),
        }
    }

    /// Whoever publishes now, as another identity or after it was put back, can't use what was left here before.
    fn forget_one_time(&mut self, address: Address, transaction: &mut Transaction) {
        let curve = std::mem::take(&mut self.one_time).into_keys().map(|id| (CURVE, id));
        let kem = std::mem::take(&mut self.one_time_kem).into_keys().map(|id| (KEM, id));
        for (kind, id) in curve.chain(kem) {
            transaction.remove_with(ONE_TIME, || one_time_key(address, kind, id));
        }
    }

    /// Other keys of the same address.
    fn set(&mut self, mut keys: Publish) {
        self.last_resort = last_resort(&mut keys);
        self.keys = keys;
    }
}

/// Takes the KEM prekey of last resort out of published keys.
fn last_resort(keys: &mut Publish) -> KeptKey {
    let nothing = SignedKey { id: 0, key: Bytes::new(), signature: Bytes::new() };
    std::mem::replace(&mut keys.last_resort_kem_prekey, nothing).into()
}

/// Any of them, which leaves the others.
fn draw<T>(prekeys: &mut BTreeMap<u32, T>, rng: &mut Rng) -> Option<(u32, T)> {
    let count = u32::try_from(prekeys.len()).ok().filter(|count| *count > 0)?;
    let place = usize::try_from(rng.below(count)).ok()?;
    let id = *prekeys.keys().nth(place)?;
    prekeys.remove_entry(&id)
}

fn one_time_key(address: Address, kind: u8, id: u32) -> Bytes {
    [&address.to_key()[..], &[kind], &id.to_be_bytes()].concat().into()
}
