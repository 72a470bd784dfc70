//! The messages that wait until the relay has the blobs that they speak of, and when each is to be tried.

use crate::media::files::{FileName, MediaFile};
use crate::media::work::PutId;
use crate::proto::{SendingBlob, SendingRow};
use crate::rows::{SENDING, outbound_key};
use content::{Blob, BlobKey, Content, Padding};
use endpoint::{IdentityDigest, Terms};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::{BillingClass, Number};

/// All messages that wait for their blobs.
#[derive(Default)]
pub(crate) struct Sending {
    pub(super) waiting: BTreeMap<PutId, Waiting>,
    /// When each is to be tried, or given up for this time.
    due: BTreeSet<(Time, PutId)>,
    pub(super) under_way: usize,
}

/// A message that waits.
pub(crate) struct Waiting {
    revision: u64,
    pub(crate) consumer: Number,
    pub(crate) content: Content,
    pub(crate) terms: Terms,
    /// Until when it may wait.
    pub(crate) until: Time,
    /// What it waits for, the next one first; never none.
    pub(crate) blobs: Vec<(MediaFile, Blob)>,
    due: Time,
    pub(super) is_under_way: bool,
}

impl Waiting {
    /// A message that the relay has none of the `blobs` of.
    pub(crate) fn new(
        consumer: Number,
        content: Content,
        terms: Terms,
        until: Time,
        blobs: Vec<(MediaFile, Blob)>,
    ) -> Self {
        let (revision, due, is_under_way) = (0, Time::EPOCH, false);
        Self { revision, consumer, content, terms, until, blobs, due, is_under_way }
    }

    pub(super) fn write(&mut self, id: &PutId, transaction: &mut Transaction) {
        let blob = |(file, blob): &(MediaFile, Blob)| SendingBlob {
            file: file.name.0.to_vec().into(),
            file_key: file.key.as_bytes().to_vec().into(),
            blob_id: blob.id.to_vec().into(),
            blob_key: blob.key.as_bytes().to_vec().into(),
            sha256: blob.sha256.to_vec().into(),
            size: blob.size,
        };
        let row = || SendingRow {
            business: id.0.as_integer(),
            consumer: self.consumer.as_integer(),
            message_id: id.1.as_str().to_owned(),
            // It was padded once already, to see that it is not too long.
            content: self
                .content
                .to_padded(Padding::None)
                .map(|padded| padded.to_vec())
                .unwrap_or_default()
                .into(),
            billing_class: u32::try_from(i32::from(self.terms.billing_class)).unwrap_or_default(),
            time_to_live_us: self
                .terms
                .time_to_live
                .map(|span| u64::try_from(span.as_micros()).unwrap_or(u64::MAX)),
            only_for: self.terms.only_for.map(|IdentityDigest(digest)| digest.to_vec().into()),
            until_us: self.until.as_micros(),
            blobs: self.blobs.iter().map(blob).collect(),
        };
        let revision = self.revision;
        self.revision =
            transaction.swap_with(SENDING, revision, || (outbound_key(id.0, &id.1), row().encode_to_vec()));
    }
}

impl Sending {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = SendingRow::decode(&*row.value).map_err(|error| RestoreError::new(row, error))?;
        let (id, waiting) =
            read(row.at, stored).ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        self.due.insert((waiting.due, id.clone()));
        self.waiting.insert(id, waiting);
        Ok(())
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True if a message waits to send this file.
    pub(crate) fn has_file(&self, name: FileName) -> bool {
        self.waiting.values().flat_map(|waiting| &waiting.blobs).any(|(file, _)| file.name == name)
    }

    /// When something is to be done.
    pub(crate) fn wake_at(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(crate) fn add(&mut self, id: PutId, mut waiting: Waiting, transaction: &mut Transaction) {
        waiting.write(&id, transaction);
        self.due.insert((waiting.due, id.clone()));
        self.waiting.insert(id, waiting);
    }

    pub(super) fn remove(&mut self, id: &PutId, transaction: &mut Transaction) -> Option<Waiting> {
        let waiting = self.waiting.remove(id)?;
        self.due.remove(&(waiting.due, id.clone()));
        self.under_way -= usize::from(waiting.is_under_way);
        transaction.remove_with(SENDING, || outbound_key(id.0, &id.1));
        Some(waiting)
    }

    /// The next that is to be tried at `now`, or was tried for too long.
    pub(super) fn next_due(&self, now: Time) -> Option<PutId> {
        let mut due = self.due.iter().take_while(|(due, _)| *due <= now);
        due.next().map(|(_, id)| id.clone())
    }

    pub(super) fn set(&mut self, id: &PutId, is_under_way: bool, due: Time) -> Option<&mut Waiting> {
        let waiting = self.waiting.get_mut(id)?;
        self.due.remove(&(waiting.due, id.clone()));
        let due = due.min(waiting.until);
        self.under_way = self.under_way + usize::from(is_under_way) - usize::from(waiting.is_under_way);
        (waiting.is_under_way, waiting.due) = (is_under_way, due);
        self.due.insert((due, id.clone()));
        Some(waiting)
    }
}

fn read(revision: u64, row: SendingRow) -> Option<(PutId, Waiting)> {
    let blob = |blob: &SendingBlob| {
        let key = |bytes: &[u8]| Some(BlobKey::new(bytes.try_into().ok()?));
        let file = MediaFile { name: FileName((*blob.file).try_into().ok()?), key: key(&blob.file_key)? };
        let (id, sha256) = ((*blob.blob_id).try_into().ok()?, (*blob.sha256).try_into().ok()?);
        Some((file, Blob { id, key: key(&blob.blob_key)?, sha256, size: blob.size }))
    };
    let waiting = Waiting {
        revision,
        consumer: Number::from_integer(row.consumer).ok()?,
        content: Content::from_plaintext(&row.content).ok()?,
        terms: Terms {
            billing_class: BillingClass::try_from(i32::try_from(row.billing_class).ok()?).ok()?,
            time_to_live: row.time_to_live_us.map(Duration::from_micros),
            only_for: match row.only_for {
                Some(digest) => Some(IdentityDigest((*digest).try_into().ok()?)),
                None => None,
            },
        },
        until: Time::from_micros(row.until_us),
        blobs: row.blobs.iter().map(blob).collect::<Option<_>>()?,
        due: Time::EPOCH,
        is_under_way: false,
    };
    Some((PutId(Number::from_integer(row.business).ok()?, row.message_id.parse().ok()?), waiting))
}
