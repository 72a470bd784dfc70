//! Media: `POST /{phone-number-id}/media`, what is said of them, and where they are fetched (Cloud API documentation, "Media").

use crate::codes;
use crate::error::GraphError;
use crate::ids::MediaId;
use crate::params::Params;
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// The parameters of an upload. `upload_strategy` is said by a widely used client and means nothing here.
pub const UPLOAD: &[&str] = &["messaging_product", "file", "type", "ttl_minutes", "upload_strategy"];

/// The parameters of what is asked of media.
pub const ABOUT: &[&str] = &["phone_number_id"];

/// Where media are fetched, below the node's address.
pub const ATTACHMENTS: &str = "whatsapp_business/attachments";

/// The parameters there.
pub const ATTACHMENT: &[&str] = &["mid", "ext", "hash"];

/// What is uploaded when nobody says what it is.
const UNKNOWN: &str = "application/octet-stream";

/// How long media may be asked to be kept, in minutes.
const TTL_MINUTES: std::ops::RangeInclusive<u64> = 60..=43_200;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// A type that media may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    /// For example `image/png`.
    pub mime: &'static str,
    /// What it is sent as.
    pub kind: &'static str,
    /// How long it may be, in bytes.
    pub limit: u64,
    extensions: &'static [&'static str],
}

const fn is(
    kind: &'static str,
    limit: u64,
    mime: &'static str,
    extensions: &'static [&'static str],
) -> MediaType {
    MediaType { mime, kind, limit, extensions }
}

/// Every type that media may have.
#[rustfmt::skip]
pub const MEDIA_TYPES: &[MediaType] = &[
    is("audio", 16 * MIB, "audio/aac", &["aac"]),
    is("audio", 16 * MIB, "audio/mp4", &["m4a"]),
    is("audio", 16 * MIB, "audio/mpeg", &["mp3"]),
    is("audio", 16 * MIB, "audio/amr", &["amr"]),
    is("audio", 16 * MIB, "audio/ogg", &["ogg", "opus", "oga"]),
    is("document", 100 * MIB, "text/plain", &["txt"]),
    is("document", 100 * MIB, "application/pdf", &["pdf"]),
    is("document", 100 * MIB, "application/msword", &["doc"]),
    is("document", 100 * MIB, "application/vnd.ms-excel", &["xls"]),
    is("document", 100 * MIB, "application/vnd.ms-powerpoint", &["ppt"]),
    is("document", 100 * MIB, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    is("document", 100 * MIB, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
    is("document", 100 * MIB, "application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
    is("image", 5 * MIB, "image/jpeg", &["jpg", "jpeg"]),
    is("image", 5 * MIB, "image/png", &["png"]),
    is("sticker", 500 * KIB, "image/webp", &["webp"]),
    is("video", 16 * MIB, "video/mp4", &["mp4"]),
    is("video", 16 * MIB, "video/3gpp", &["3gp", "3gpp"]),
];

/// What the part `file` of an upload says of itself. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FilePart {
    /// Its own `Content-Type`.
    pub content_type: Option<String>,
    /// What it is called: a name, or a whole path.
    pub filename: Option<String>,
}

/// `POST /{phone-number-id}/media`, but for the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What the media are.
    pub media_type: MediaType,
    /// How long they are to be kept, if the business says.
    pub ttl: Option<Duration>,
}

impl MediaType {
    /// The type of this name, whatever parameters stand behind it.
    pub fn of(mime: &str) -> Option<Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim();
        MEDIA_TYPES.iter().find(|known| known.mime.eq_ignore_ascii_case(essence)).copied()
    }

    fn of_name(filename: &str) -> Option<Self> {
        let (_, extension) = filename.rsplit_once('.')?;
        let has = |known: &&MediaType| known.extensions.iter().any(|one| one.eq_ignore_ascii_case(extension));
        MEDIA_TYPES.iter().find(has).copied()
    }
}

impl Upload {
    /// Reads an upload whose part `file` has so many bytes.
    ///
    /// # Errors
    /// What it lacks, or that media can't be of its type or length.
    pub fn parse(params: &Params<'_>, part: &FilePart, size: u64) -> Result<Self, GraphError> {
        params.required("messaging_product")?.one_of(&["whatsapp"])?;
        let said = params.get("type").map(|said| said.text()).transpose()?;
        let media_type = resolve(part, said)?;
        if size > media_type.limit {
            let details = format!(
                "File size of type {} must be at most {} bytes long.",
                media_type.mime, media_type.limit
            );
            return Err(GraphError::whatsapp(codes::MEDIA_UPLOAD, details));
        }
        let minutes = params.get("ttl_minutes").map(|minutes| minutes.integer()).transpose()?;
        if minutes.is_some_and(|minutes| !TTL_MINUTES.contains(&minutes)) {
            let (from, to) = (TTL_MINUTES.start(), TTL_MINUTES.end());
            return Err(GraphError::must_be("ttl_minutes", &format!("between {from} and {to}")));
        }
        Ok(Self { media_type, ttl: minutes.map(|minutes| Duration::from_secs(60 * minutes)) })
    }
}

/// What media are: what the part says if it says anything, else what its name ends in, else what the request says.
fn resolve(part: &FilePart, said: Option<&str>) -> Result<MediaType, GraphError> {
    let specific = part.content_type.as_deref().filter(|mime| !mime.trim().is_empty());
    let specific = specific.filter(|mime| !mime.trim().to_ascii_lowercase().starts_with(UNKNOWN));
    let by_name = || part.filename.as_deref().and_then(MediaType::of_name);
    if let Some(mime) = specific {
        return MediaType::of(mime).ok_or_else(unsupported);
    }
    if let Some(media_type) = by_name() {
        return Ok(media_type);
    }
    match said.filter(|said| said.contains('/')) {
        Some(mime) if !mime.to_ascii_lowercase().starts_with(UNKNOWN) => {
            MediaType::of(mime).ok_or_else(unsupported)
        }
        _ => {
            let details = "The type of the file is application/octet-stream, which is none of media: say what it is in the \
                           Content-Type of the part.";
            Err(GraphError::whatsapp(codes::MEDIA_UPLOAD, details))
        }
    }
}

fn unsupported() -> GraphError {
    let types: Vec<_> = MEDIA_TYPES.iter().map(|known| known.mime).collect();
    GraphError::must_be("file", &format!("a file with one of the following types: {}", types.join(", ")))
}

/// `GET /{media-id}`.
#[derive(Serialize)]
pub struct Descriptor<'a> {
    messaging_product: &'static str,
    url: &'a str,
    mime_type: &'a str,
    sha256: &'a str,
    file_size: u64,
    id: MediaId,
}

impl<'a> Descriptor<'a> {
    /// `sha256` is hexadecimal digits here; in webhooks it is base64.
    pub fn new(id: MediaId, url: &'a str, mime_type: &'a str, sha256: &'a str, file_size: u64) -> Self {
        Self { messaging_product: "whatsapp", url, mime_type, sha256, file_size, id }
    }
}

/// What an upload is answered.
#[derive(Serialize)]
pub struct Uploaded {
    /// How the media are called from now on.
    pub id: MediaId,
}

/// The URL that media are fetched at, taken apart: which, until when, and the proof that this node has said so.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// Which media.
    pub id: MediaId,
    /// Seconds since 1970.
    pub expires_s: u64,
    /// Hexadecimal digits.
    pub hash: Cow<'a, str>,
}

impl<'a> Attachment<'a> {
    /// What the parameters `mid`, `ext` and `hash` say; `None` if it can't be.
    pub fn of(id: &str, expires_s: &str, hash: &'a str) -> Option<Self> {
        Some(Self { id: id.parse().ok()?, expires_s: expires_s.parse().ok()?, hash: hash.into() })
    }

    /// The URL, below `base`.
    pub fn url(&self, base: &str) -> String {
        let Self { id, expires_s, hash } = self;
        format!("{base}/{ATTACHMENTS}/?mid={}&ext={expires_s}&hash={hash}", id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(content_type: &str, filename: &str) -> FilePart {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FilePart { content_type: said(content_type), filename: said(filename) }
    }

    fn mime(content_type: &str, filename: &str, said: Option<&str>) -> Result<&'static str, u16> {
        resolve(&part(content_type, filename), said).map(|media| media.mime).map_err(|error| error.status())
    }

    #[test]
    fn the_part_says_what_it_is_before_its_name_and_the_request() {
        assert_eq!(mime("image/png", "a.jpg", Some("video/mp4")), Ok("image/png"));
        assert_eq!(mime("audio/ogg; codecs=opus", "", None), Ok("audio/ogg"));
        assert_eq!(mime("application/octet-stream", "/home/me/a.b.JPG", None), Ok("image/jpeg"));
        assert_eq!(mime("", "a", Some("video/mp4")), Ok("video/mp4"));
        // A category says nothing of the type.
        assert_eq!(mime("", "a", Some("image")), Err(400));
        assert_eq!(mime("", "", None), Err(400));
        assert_eq!(mime("image/tiff", "a.jpg", Some("image/jpeg")), Err(400));
    }

    #[test]
    fn an_upload_has_what_it_must_and_is_not_too_long() {
        let parse = |query: &str, size| {
            Upload::parse(&Params::parse(query, None, &[]).unwrap(), &part("image/png", ""), size)
        };
        let message = |result: Result<Upload, GraphError>| {
            String::from_utf8(result.unwrap_err().to_json("").to_vec()).unwrap()
        };
        assert!(message(parse("type=image/png", 1)).contains("The parameter messaging_product is required."));
        assert!(message(parse("messaging_product=x", 1)).contains("(#100)"));
        let whole = parse("messaging_product=whatsapp&ttl_minutes=60", 5 << 20).unwrap();
        assert_eq!(whole.ttl, Some(Duration::from_secs(3600)));
        assert!(message(parse("messaging_product=whatsapp", (5 << 20) + 1)).contains("131053"));
        assert!(message(parse("messaging_product=whatsapp&ttl_minutes=59", 1)).contains("ttl_minutes"));
    }

    #[test]
    fn a_url_reads_back() {
        let attachment = Attachment { id: MediaId::from(77), expires_s: 1_700_000_000, hash: "ab".into() };
        let url = attachment.url("http://127.0.0.1:8080");
        assert_eq!(url, "http://127.0.0.1:8080/whatsapp_business/attachments/?mid=77&ext=1700000000&hash=ab");
        assert!(Attachment::of("77", "1700000000", "ab") == Some(attachment));
        assert!(Attachment::of("x", "1", "a").is_none() && Attachment::of("1", "-1", "a").is_none());
    }
}
