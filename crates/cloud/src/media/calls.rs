//! The calls of media: upload, describe, fetch, delete; and what becomes of media that are too old.

use crate::accounts::{Grant, Target};
use crate::api::{Asked, Outcome, Reply};
use crate::media::{Attached, FileName, Media, MediaFile, MediaWork, Place, Source, StoredFile};
use crate::output::{Output, Step};
use crate::state::State;
use content::{Blob, BlobKey, kinds};
use graph::media::{Attachment, Descriptor, Upload, Uploaded};
use graph::{Answer, GraphError, MediaId, Method, PhoneNumberId, SUCCESS};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::time::Duration;
use wire::{BlobId, Number};

/// How long uploaded media are kept.
const UPLOADED: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a consumer's media can be fetched.
const RECEIVED: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a URL can be fetched from.
const URL_LIVES: Duration = Duration::from_secs(300);

/// `POST /{phone-number-id}/media`: asked once before the file comes, and again when it is there.
pub(crate) fn post_media(
    state: &mut State,
    id: PhoneNumberId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    let unknown = || GraphError::unknown_object(Method::Post, id.as_str());
    let business = state.directory.phone(id).ok_or_else(unknown)?.number;
    let rng = step.rng.child(business.as_integer());
    match asked.attached {
        Attached::Nothing => {
            asked.params.required("messaging_product")?.one_of(&["whatsapp"])?;
            Err(GraphError::missing("file"))
        }
        Attached::Announced => {
            let file = MediaFile { name: FileName(rng.bytes()), key: BlobKey::new(rng.bytes()) };
            step.say(Output::Media(MediaWork::Take { reply: asked.asker.reply, file }));
            Ok(Reply::Later)
        }
        Attached::Stored(stored) => {
            let StoredFile { file, size, sha256, part } = &**stored;
            let upload = Upload::parse(asked.params, part, *size)?;
            let media = Media {
                business,
                mime_type: upload.media_type.mime.to_owned(),
                sha256: *sha256,
                size: *size,
                expires: step.now + upload.ttl.unwrap_or(UPLOADED).min(UPLOADED),
                source: Source::File(file.clone()),
            };
            let id = state.media.add(media, rng, step.transaction);
            Ok(Reply::Now(Answer::of(&Uploaded { id })))
        }
    }
}

/// `GET /{media-id}`.
pub(crate) fn get_media(state: &mut State, id: MediaId, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
    let media = state.media_of(id, Method::Get, asked)?;
    let (mime_type, sha256, size) = (media.mime_type.clone(), hex::encode(media.sha256), media.size);
    let url = state.media_url(id, step);
    Ok(Reply::Now(Answer::of(&Descriptor::new(id, &url, &mime_type, &sha256, size))))
}

/// `DELETE /{media-id}`.
pub(crate) fn delete_media(
    state: &mut State,
    id: MediaId,
    asked: &Asked<'_>,
    step: &mut Step<'_>,
) -> Outcome {
    state.media_of(id, Method::Delete, asked)?;
    state.forget_media(id, step);
    Ok(Reply::Now(SUCCESS))
}

/// `GET` of a URL that [`State::media_url`] made, by whoever may know of the media.
pub(crate) fn get_attachment(state: &mut State, asked: &Asked<'_>, step: &mut Step<'_>) -> Outcome {
    let text = |name| asked.params.get(name)?.text().ok();
    let attachment = text("mid").zip(text("ext")).zip(text("hash"));
    let attachment = attachment.and_then(|((id, expires), hash)| Attachment::of(id, expires, hash));
    let Attachment { id, expires_s, hash } = attachment.ok_or_else(GraphError::no_attachment)?;
    let mac = state.url_mac(id, expires_s, step);
    let is_ours = hex::decode(&*hash).is_ok_and(|hash| mac.verify_slice(&hash).is_ok());
    let is_theirs = state.target(id.as_str(), asked.grant) == Some(Target::Media(id));
    let media = state.media.get(id).filter(|_| is_ours && is_theirs && expires_s > step.now.as_secs());
    let media = media.ok_or_else(GraphError::no_attachment)?;
    let (reply, bytes, mime_type) = (asked.asker.reply, media.bytes(), media.mime_type.clone());
    step.say(Output::Media(MediaWork::Give { reply, bytes, mime_type }));
    Ok(Reply::Later)
}

impl State {
    /// What an id in a path names, if `grant` opens it.
    pub(crate) fn target(&self, id: &str, grant: &Grant) -> Option<Target> {
        let of_templates = || Some(Target::Template(self.templates.target(id, grant, &self.directory)?));
        self.directory.target(id, grant).or_else(of_templates).or_else(|| {
            let id: MediaId = id.parse().ok()?;
            let phone = self.directory.phone_with(self.media.get(id)?.business)?;
            grant.opens(phone.portfolio, phone.account).then_some(Target::Media(id))
        })
    }

    /// The media of a call, if they are the number's that it names.
    fn media_of(&self, id: MediaId, method: Method, asked: &Asked<'_>) -> Result<&Media, GraphError> {
        let unknown = || GraphError::unknown_object(method, id.as_str());
        let media = self.media.get(id).ok_or_else(unknown)?;
        let named = asked.params.get("phone_number_id").map(|named| named.text()).transpose()?;
        let phone = self.directory.phone_with(media.business);
        let fits = |named: &str| phone.is_some_and(|phone| phone.id.as_str() == named);
        if named.is_none_or(fits) { Ok(media) } else { Err(unknown()) }
    }

    /// Where media can be fetched for the next minutes.
    pub(crate) fn media_url(&mut self, id: MediaId, step: &mut Step<'_>) -> String {
        let expires_s = (step.now + URL_LIVES).as_secs();
        let hash = hex::encode(self.url_mac(id, expires_s, step).finalize().into_bytes()).into();
        Attachment { id, expires_s, hash }.url(&self.config.base_url)
    }

    fn url_mac(&mut self, id: MediaId, expires_s: u64, step: &mut Step<'_>) -> Hmac<Sha256> {
        let key = self.media.url_key(step.rng);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(id.as_str().as_bytes());
        mac.update(b"|");
        mac.update(&expires_s.to_be_bytes());
        mac
    }

    /// A consumer has sent media: they can be fetched for a week. `None` if the message doesn't say where they are.
    pub(crate) fn receive_media(
        &mut self,
        business: Number,
        media: &kinds::Media,
        step: &mut Step<'_>,
    ) -> Option<Place> {
        let blob = Blob::try_from(media.blob.as_ref()?).ok()?;
        let media = Media {
            business,
            mime_type: media.mime_type.clone(),
            sha256: blob.sha256,
            size: blob.size,
            expires: step.now + RECEIVED,
            source: Source::Blob(blob.id, blob.key),
        };
        let id = self.media.add(media, step.rng.child(business.as_integer()), step.transaction);
        Some(Place { id, url: self.media_url(id, step) })
    }

    /// Forgets media. Their key goes with the row; a file that a message still waits to send stays until it has.
    pub(crate) fn forget_media(&mut self, id: MediaId, step: &mut Step<'_>) {
        match self.media.remove(id, step.transaction).map(|media| media.source) {
            Some(Source::File(file)) => self.drop_unused(file.name, step),
            Some(Source::Blob(blob, _)) => step.say(Output::Media(MediaWork::Forget(BlobId(blob)))),
            None => {}
        }
    }

    /// Drops a file, if nothing needs it any more.
    pub(crate) fn drop_unused(&self, file: FileName, step: &mut Step<'_>) {
        if !self.keeps_file(file) {
            step.say(Output::Media(MediaWork::Drop(file)));
        }
    }

    /// True if media, or a message that waits, have this file.
    pub(crate) fn keeps_file(&self, file: FileName) -> bool {
        self.media.has_file(file) || self.sending.has_file(file)
    }

    /// Forgets what is too old.
    pub(crate) fn expire_media(&mut self, step: &mut Step<'_>) {
        for id in self.media.due(step.now) {
            self.forget_media(id, step);
        }
    }
}
