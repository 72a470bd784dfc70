//! Messages that wait until the relay has the blobs that they speak of. Then they are the endpoint's, as any other.
//!
//! The answer is 200 when the message is in a row here. Which blob it will be is in the message already; if the node is killed
//! while the file is encrypted and put, the same is done again, under the same name and key, and the relay knows it.

use crate::media::{BlobAnswer, FileName, MediaFile, MediaWork, PutId};
use crate::messages::{IDENTITY_CHANGED, Progress};
use crate::output::{Output, Step};
use crate::proto::{SendingBlob, SendingRow};
use crate::rows::{SENDING, outbound_key};
use crate::state::State;
use content::{Blob, BlobKey, Content, Padding};
use endpoint::{IdentityDigest, SendError, Terms};
use graph::codes;
use graph::webhook::{Failure, StatusKind};
use kernel::{RestoreError, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::{Address, BillingClass, Number};

/// Blobs that are put at once; others wait for their turn.
const AT_ONCE: usize = 8;

/// How long after an attempt that failed, or an answer that never came, the next is made.
const AGAIN: Duration = Duration::from_secs(5);

/// How long a blob may be under way before nothing is expected of it any more. The shell's own limit is shorter.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// All messages that wait for their blobs.
#[derive(Default)]
pub(crate) struct Sending {
    waiting: BTreeMap<PutId, Waiting>,
    /// When each is to be tried, or given up for this time.
    due: BTreeSet<(Time, PutId)>,
    under_way: usize,
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
    is_under_way: bool,
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

    fn write(&mut self, id: &PutId, transaction: &mut Transaction) {
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

    fn remove(&mut self, id: &PutId, transaction: &mut Transaction) -> Option<Waiting> {
        let waiting = self.waiting.remove(id)?;
        self.due.remove(&(waiting.due, id.clone()));
        self.under_way -= usize::from(waiting.is_under_way);
        transaction.remove_with(SENDING, || outbound_key(id.0, &id.1));
        Some(waiting)
    }

    /// The next that is to be tried at `now`, or was tried for too long.
    fn next_due(&self, now: Time) -> Option<PutId> {
        let mut due = self.due.iter().take_while(|(due, _)| *due <= now);
        due.next().map(|(_, id)| id.clone())
    }

    fn set(&mut self, id: &PutId, is_under_way: bool, due: Time) -> Option<&mut Waiting> {
        let waiting = self.waiting.get_mut(id)?;
        self.due.remove(&(waiting.due, id.clone()));
        let due = due.min(waiting.until);
        self.under_way = self.under_way + usize::from(is_under_way) - usize::from(waiting.is_under_way);
        (waiting.is_under_way, waiting.due) = (is_under_way, due);
        self.due.insert((due, id.clone()));
        Some(waiting)
    }
}

/// What the business hears of a message whose media the relay doesn't have in time.
const NOT_STORED: Failure =
    Failure { code: codes::MEDIA_UPLOAD, details: "The media could not be stored for the recipient." };

impl State {
    /// Takes on a message that goes when the relay has what it speaks of.
    ///
    /// # Errors
    /// It is too long.
    pub(crate) fn send_when_stored(
        &mut self,
        id: PutId,
        waiting: Waiting,
        step: &mut Step<'_>,
    ) -> Result<(), SendError> {
        waiting.content.to_padded(self.config.endpoint.padding)?;
        self.sending.add(id, waiting, step.transaction);
        Ok(())
    }

    /// What became of an attempt to put a blob.
    pub(crate) fn on_blob_put(&mut self, id: &PutId, answer: BlobAnswer, step: &mut Step<'_>) {
        match answer {
            BlobAnswer::NotNow => drop(self.sending.set(id, false, step.now + AGAIN)),
            BlobAnswer::Never => self.give_up(id, step),
            BlobAnswer::Done => {
                let Some(waiting) = self.sending.set(id, false, step.now) else { return };
                if waiting.blobs.len() > 1 {
                    let (file, _) = waiting.blobs.remove(0);
                    waiting.write(id, step.transaction);
                    return self.drop_unused(file.name, step);
                }
                let Some(sent) = self.sending.remove(id, step.transaction) else { return };
                let pair = (Address::primary(id.0), Address::primary(sent.consumer));
                let (content, terms) = (&sent.content, sent.terms);
                match step.part(|step| self.endpoint.send(pair, content, terms, step)) {
                    Ok(()) => {}
                    Err(SendError::AnotherIdentity) => self.fail(id, IDENTITY_CHANGED, step),
                    Err(_) => self.fail(id, NOT_STORED, step),
                }
                sent.blobs.iter().for_each(|(file, _)| self.drop_unused(file.name, step));
            }
        }
    }

    /// Puts what is to be put, as many at once as may be, and gives up what has waited for too long.
    pub(crate) fn run_sending(&mut self, step: &mut Step<'_>) {
        while let Some(id) = self.sending.next_due(step.now) {
            let Some(waiting) = self.sending.waiting.get(&id) else { return };
            if waiting.until <= step.now {
                self.give_up(&id, step);
            } else if waiting.is_under_way {
                self.sending.set(&id, false, step.now + AGAIN);
            } else if self.sending.under_way >= AT_ONCE {
                self.sending.set(&id, false, step.now + AGAIN);
            } else if let Some((file, blob)) = waiting.blobs.first().cloned() {
                self.sending.set(&id, true, step.now + LONGEST);
                step.say(Output::Media(MediaWork::Put { put: id, file, blob }));
            } else {
                self.give_up(&id, step);
            }
        }
    }

    fn give_up(&mut self, id: &PutId, step: &mut Step<'_>) {
        let Some(waiting) = self.sending.remove(id, step.transaction) else { return };
        self.fail(id, NOT_STORED, step);
        waiting.blobs.iter().for_each(|(file, _)| self.drop_unused(file.name, step));
    }

    fn fail(&mut self, id: &PutId, failure: Failure, step: &mut Step<'_>) {
        let progress = Progress { status: StatusKind::Failed, failure: Some(failure), said_by: None };
        self.advance((id.0, id.1.clone()), progress, step);
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
