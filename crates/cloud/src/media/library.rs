//! Which media there are, whose, until when, and where their bytes are.

use crate::media::{Bytes, FileName, MediaFile};
use crate::proto::{MediaRow, media_row};
use crate::rows::{MEDIA, media_key, read_media_key};
use content::{Blob, BlobKey};
use graph::MediaId;
use kernel::{RestoreError, Rng, Row, Time, Transaction};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use wire::Number;

/// All media of all businesses.
#[derive(Default)]
pub(crate) struct Library {
    media: BTreeMap<MediaId, Media>,
    by_age: BTreeSet<(Time, MediaId)>,
    /// What URLs are signed with; drawn when the first is made. They live for minutes, and for no restart.
    url_key: Option<[u8; 64]>,
}

/// Media that a business may send or fetch.
#[derive(Clone)]
pub(crate) struct Media {
    /// Whose they are.
    pub(crate) business: Number,
    pub(crate) mime_type: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) size: u64,
    pub(crate) expires: Time,
    pub(crate) source: Source,
}

/// Where a business finds media.
pub(crate) struct Place {
    pub(crate) id: MediaId,
    /// For the next minutes.
    pub(crate) url: String,
}

/// Where bytes are.
#[derive(Clone)]
pub(crate) enum Source {
    /// In a file of the node's: uploaded.
    File(MediaFile),
    /// At the relay, under this name and key: received.
    Blob([u8; 32], BlobKey),
}

impl Media {
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.source {
            Source::File(file) => Bytes::File { file: file.clone(), size: self.size },
            Source::Blob(id, key) => {
                let (id, key) = (*id, key.clone());
                Bytes::Blob(Blob { id, key, sha256: self.sha256, size: self.size })
            }
        }
    }
}

impl Library {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = MediaRow::decode(&*row.value).map_err(|error| RestoreError::new(row, error))?;
        let media = read_media_key(&row.key).and_then(|(business, id)| Some((id, read(business, stored)?)));
        let (id, media) = media.ok_or_else(|| RestoreError::new(row, "field out of range"))?;
        self.insert(id, media);
        Ok(())
    }

    /// New media, under an id that is drawn.
    pub(crate) fn add(&mut self, media: Media, rng: &mut Rng, transaction: &mut Transaction) -> MediaId {
        let id = loop {
            let id = MediaId::from(SMALLEST + u64::from_be_bytes(rng.bytes()) % (SMALLEST * 9));
            if !self.media.contains_key(&id) {
                break id;
            }
        };
        transaction.swap_with(MEDIA, 0, || (media_key(media.business, id), write(&media).encode_to_vec()));
        self.insert(id, media);
        id
    }

    pub(crate) fn get(&self, id: MediaId) -> Option<&Media> {
        self.media.get(&id)
    }

    /// True if media have this file.
    pub(crate) fn has_file(&self, name: FileName) -> bool {
        self.media.values().any(|media| matches!(&media.source, Source::File(file) if file.name == name))
    }

    /// When the first media are too old.
    pub(crate) fn first_expiry(&self) -> Option<Time> {
        self.by_age.first().map(|(expires, _)| *expires)
    }

    /// Which media are too old at `now`.
    pub(crate) fn due(&self, now: Time) -> Vec<MediaId> {
        self.by_age.iter().take_while(|(expires, _)| *expires <= now).map(|(_, id)| *id).collect()
    }

    /// Forgets media, and the key of their bytes with them.
    pub(crate) fn remove(&mut self, id: MediaId, transaction: &mut Transaction) -> Option<Media> {
        let media = self.media.remove(&id)?;
        self.by_age.remove(&(media.expires, id));
        transaction.remove_with(MEDIA, || media_key(media.business, id));
        Some(media)
    }

    /// What URLs are signed with.
    pub(crate) fn url_key(&mut self, rng: &mut Rng) -> [u8; 64] {
        *self.url_key.get_or_insert_with(|| rng.bytes())
    }

    fn insert(&mut self, id: MediaId, media: Media) {
        self.by_age.insert((media.expires, id));
        self.media.insert(id, media);
    }
}

/// The smallest id: all have 16 digits.
const SMALLEST: u64 = 1_000_000_000_000_000;

fn write(media: &Media) -> MediaRow {
    let (key, place) = match &media.source {
        Source::File(file) => (&file.key, media_row::Place::File(file.name.0.to_vec().into())),
        Source::Blob(id, key) => (key, media_row::Place::BlobId(id.to_vec().into())),
    };
    MediaRow {
        mime_type: media.mime_type.clone(),
        sha256: media.sha256.to_vec().into(),
        size: media.size,
        expires_us: media.expires.as_micros(),
        key: key.as_bytes().to_vec().into(),
        place: Some(place),
    }
}

fn read(business: Number, row: MediaRow) -> Option<Media> {
    let key = BlobKey::new((*row.key).try_into().ok()?);
    let source = match row.place? {
        media_row::Place::File(name) => {
            Source::File(MediaFile { name: FileName((*name).try_into().ok()?), key })
        }
        media_row::Place::BlobId(id) => Source::Blob((*id).try_into().ok()?, key),
    };
    Some(Media {
        business,
        mime_type: row.mime_type,
        sha256: (*row.sha256).try_into().ok()?,
        size: row.size,
        expires: Time::from_micros(row.expires_us),
        source,
    })
}
