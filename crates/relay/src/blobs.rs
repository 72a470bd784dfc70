//! What waits under a name until it is deleted or too old: who may keep how much, and for how long. The bytes are the shell's.
//!
//! A blob is an account of its own, as an endpoint or a number is (invariant 12): its row has it alone, by its name, and it lives
//! at the shard that its name's hash says, since whoever fetches it knows nothing else of it. What its owner keeps is counted
//! there, shard by shard, from these rows.

use crate::RelayConfig;
use crate::proto::BlobRow;
use crate::rows::{BLOBS, blob_key, read_blob};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use wire::{BlobId, ConnectionId, LinkKey, MAX_BLOB_BYTES, Refusal, TransferId};

/// All blobs, and those that are on their way here.
#[derive(Default)]
pub(crate) struct Blobs {
    kept: BTreeMap<BlobId, Blob>,
    by_age: BTreeSet<(Time, BlobId)>,
    coming: BTreeMap<TransferId, Coming>,
    /// Bytes that are kept or coming, of each endpoint that has any.
    of_owner: BTreeMap<LinkKey, u64>,
    bytes: u64,
}

#[derive(Clone, Copy)]
struct Blob {
    owner: LinkKey,
    length: u64,
    expires: Time,
}

struct Coming {
    connection: ConnectionId,
    owner: LinkKey,
    blob: BlobId,
    length: u64,
}

/// Who wants to put a blob.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) key: LinkKey,
    pub(crate) connection: ConnectionId,
    /// It speaks for businesses.
    pub(crate) gateway: bool,
}

/// What becomes of a wish to put a blob.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The bytes may come.
    Come,
    /// It is here already.
    Here,
    /// It will not be.
    Refused(Refusal),
}

impl Blobs {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = BlobRow::decode(&*row.value).map_err(|error| RestoreError::new(row, error))?;
        let owner = LinkKey::try_from(&*stored.owner).map_err(|error| RestoreError::new(row, error))?;
        let blob = Blob { owner, length: stored.length, expires: Time::from_micros(stored.expires_us) };
        self.insert(read_blob(row)?, blob);
        self.count(owner, blob.length);
        Ok(())
    }

    /// True if there is a blob of this name.
    pub(crate) fn has(&self, blob: BlobId) -> bool {
        self.kept.contains_key(&blob)
    }

    /// How long a blob is.
    pub(crate) fn length(&self, blob: BlobId) -> Option<u64> {
        self.kept.get(&blob).map(|blob| blob.length)
    }

    /// When the first one is too old.
    pub(crate) fn first_expiry(&self) -> Option<Time> {
        self.by_age.first().map(|(expires, _)| *expires)
    }

    /// Makes room for a blob, if there is: until it has [arrived](Self::arrive) or the transfer has [ended](Self::end).
    pub(crate) fn admit(
        &mut self,
        config: &RelayConfig,
        transfer: TransferId,
        owner: Owner,
        (blob, length): (BlobId, u64),
    ) -> Admission {
        if let Some(kept) = self.kept.get(&blob) {
            // It is asked for again by who did not hear that it is here.
            let same = (kept.owner, kept.length) == (owner.key, length);
            return if same { Admission::Here } else { Admission::Refused(Refusal::NameTaken) };
        }
        let share =
            if owner.gateway { config.blob_bytes_per_gateway } else { config.blob_bytes_per_endpoint };
        let has = self.of_owner.get(&owner.key).copied().unwrap_or(0);
        let refusal = if length == 0 || length > MAX_BLOB_BYTES {
            Refusal::BlobTooLarge
        } else if has.saturating_add(length) > share || self.bytes.saturating_add(length) > config.blob_bytes
        {
            Refusal::NoRoom
        } else if self.coming.len() >= config.max_transfers
            || self.coming.values().any(|coming| coming.blob == blob)
        {
            Refusal::NotNow
        } else {
            let Owner { key, connection, .. } = owner;
            self.coming.insert(transfer, Coming { connection, owner: key, blob, length });
            self.count(key, length);
            return Admission::Come;
        };
        Admission::Refused(refusal)
    }

    /// A blob is there, durably; false if nobody waits for it any more.
    pub(crate) fn arrive(
        &mut self,
        transfer: TransferId,
        expires: Time,
        transaction: &mut Transaction,
    ) -> bool {
        let Some(Coming { owner, blob, length, .. }) = self.coming.remove(&transfer) else { return false };
        let row = || BlobRow { owner: owner.0.to_vec().into(), length, expires_us: expires.as_micros() };
        transaction.swap_with(BLOBS, 0, || (blob_key(blob), row().encode_to_vec()));
        self.insert(blob, Blob { owner, length, expires });
        true
    }

    /// Nothing more comes of a transfer.
    pub(crate) fn end(&mut self, transfer: TransferId) {
        if let Some(Coming { owner, length, .. }) = self.coming.remove(&transfer) {
            self.discount(owner, length);
        }
    }

    /// Nothing more comes over a connection.
    pub(crate) fn disconnected(&mut self, connection: ConnectionId) {
        let ended: Vec<_> =
            self.coming.iter().filter(|(_, coming)| coming.connection == connection).collect();
        let ended: Vec<_> = ended.into_iter().map(|(transfer, _)| *transfer).collect();
        ended.into_iter().for_each(|transfer| self.end(transfer));
    }

    /// Forgets a blob; false if there is none.
    pub(crate) fn delete(&mut self, id: BlobId, transaction: &mut Transaction) -> bool {
        let Some(blob) = self.kept.remove(&id) else { return false };
        self.by_age.remove(&(blob.expires, id));
        self.discount(blob.owner, blob.length);
        transaction.remove_with(BLOBS, || blob_key(id));
        true
    }

    /// Forgets what is too old at `now`, and says what that was.
    pub(crate) fn expire(&mut self, now: Time, transaction: &mut Transaction) -> Vec<BlobId> {
        let due = self.by_age.iter().take_while(|(expires, _)| *expires <= now);
        let due: Vec<_> = due.map(|(_, blob)| *blob).collect();
        for blob in &due {
            self.delete(*blob, transaction);
        }
        due
    }

    fn insert(&mut self, id: BlobId, blob: Blob) {
        self.by_age.insert((blob.expires, id));
        self.kept.insert(id, blob);
    }

    fn count(&mut self, owner: LinkKey, length: u64) {
        *self.of_owner.entry(owner).or_default() += length;
        self.bytes += length;
    }

    fn discount(&mut self, owner: LinkKey, length: u64) {
        self.bytes = self.bytes.saturating_sub(length);
        if let Some(bytes) = self.of_owner.get_mut(&owner) {
            *bytes = bytes.saturating_sub(length);
            if *bytes == 0 {
                self.of_owner.remove(&owner);
            }
        }
    }
}
