//! What a message says of media becomes a reference to a blob that there is not yet, and a note which file it will be made of.

use crate::media::{Library, MediaFile, Source};
use content::{Blob, BlobKey, kinds};
use graph::media::MediaType;
use graph::messages::{Media, MediaKind, MediaSource};
use graph::{GraphError, codes};
use kernel::{Rng, Time};
use wire::Number;

/// Media of one message, as they are found.
pub(crate) struct Attaching<'a> {
    pub(crate) library: &'a Library,
    pub(crate) business: Number,
    pub(crate) now: Time,
    pub(crate) rng: &'a mut Rng,
    /// What the relay must have before the message may go.
    pub(crate) blobs: Vec<(MediaFile, Blob)>,
}

impl Attaching<'_> {
    /// How media travel. Each message has blobs of its own: the same picture to two people is two, and nobody can join them.
    ///
    /// # Errors
    /// The business has no such media, or they can't be sent as this.
    pub(crate) fn attach(&mut self, media: &Media) -> Result<kinds::Media, GraphError> {
        let failed = |details: &str| GraphError::whatsapp(codes::MEDIA_UPLOAD, details);
        let MediaSource::Id(id) = &media.source else {
            return Err(failed(
                "Media that are fetched from a link are not built into this node: upload them.",
            ));
        };
        let kept = id.parse().ok().and_then(|id| self.library.get(id));
        let kept = kept.filter(|kept| kept.business == self.business && kept.expires > self.now);
        let kept = kept.ok_or_else(|| failed("There are no media with this id: upload them again."))?;
        let Source::File(file) = &kept.source else {
            return Err(failed("Media that were received can't be sent: download and upload them."));
        };
        let is = MediaType::of(&kept.mime_type).map_or("", |known| known.kind);
        let (kind, wanted, voice) = match media.kind {
            MediaKind::Image => (kinds::MediaKind::Image, "image", false),
            MediaKind::Video => (kinds::MediaKind::Video, "video", false),
            MediaKind::Audio { voice } => (kinds::MediaKind::Audio, "audio", voice),
            MediaKind::Sticker => (kinds::MediaKind::Sticker, "sticker", false),
            // Any file is a document.
            MediaKind::Document => (kinds::MediaKind::Document, is, false),
        };
        if is != wanted {
            return Err(failed(&format!("Media of type {} can't be sent as {wanted}.", kept.mime_type)));
        }
        let (id, key) = (self.rng.bytes(), BlobKey::new(self.rng.bytes()));
        let blob = Blob { id, key, sha256: kept.sha256, size: kept.size };
        let travels = kinds::Media {
            kind: kind.into(),
            mime_type: kept.mime_type.clone(),
            caption: media.caption.clone(),
            filename: media.filename.clone().unwrap_or_default(),
            voice,
            animated: false,
            blob: Some((&blob).into()),
        };
        self.blobs.push((file.clone(), blob));
        Ok(travels)
    }
}
