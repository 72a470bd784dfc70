//! `"type": "image"`, `"video"`, `"audio"`, `"document"` and `"sticker"` (Cloud API documentation, "Media messages"); and the
//! media in the header of an interactive message.

use crate::error::GraphError;
use crate::reading::Param;
use crate::rules::{Rule, boolean, not_valid, text, uri};

/// Bytes with a kind, and what stands beside them. `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where the bytes are.
    pub source: MediaSource,
    /// What is written below it: at most 1024 characters; empty if nothing is.
    pub caption: String,
    /// What a document is called.
    pub filename: Option<String>,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// An image.
    Image,
    /// A video.
    Video,
    /// Sound.
    Audio {
        /// It was recorded for this message.
        voice: bool,
    },
    /// A file.
    Document,
    /// A sticker.
    Sticker,
}

/// Where the bytes of media are. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Uploaded before.
    Id(String),
    /// To be fetched by the node.
    Link(String),
}

/// How media of a kind are read.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    kind: MediaKind,
    /// In a header, where nothing is written below it.
    in_header: bool,
}

/// Media that are a message.
pub(crate) fn media(kind: MediaKind) -> Reader {
    Reader { kind, in_header: false }
}

/// Media above a message.
pub(crate) fn above(kind: MediaKind) -> Reader {
    Reader { kind, in_header: true }
}

impl Reader {
    fn members(self) -> &'static [&'static str] {
        match (self.kind, self.in_header) {
            (MediaKind::Document, true) => &["id", "link", "filename"],
            (_, true) | (MediaKind::Sticker, _) => &["id", "link"],
            (MediaKind::Image | MediaKind::Video, _) => &["id", "link", "caption"],
            (MediaKind::Document, _) => &["id", "link", "caption", "filename"],
            (MediaKind::Audio { .. }, _) => &["id", "link", "voice"],
        }
    }
}

impl Rule for Reader {
    type Read = Media;

    fn read(&self, param: Param<'_>) -> Result<Media, GraphError> {
        let members = param.object(self.members())?;
        let id = members.read_optional("id", &text(1..=64))?;
        let link = members.read_optional("link", &uri())?;
        let source = match (id, link) {
            (Some(id), None) => MediaSource::Id(id),
            (None, Some(link)) => MediaSource::Link(link),
            _ => {
                return Err(not_valid(format!("Param {} must have either an id or a link.", param.path())));
            }
        };
        let kind = match self.kind {
            MediaKind::Audio { .. } => {
                MediaKind::Audio { voice: members.read_or_default("voice", &boolean())? }
            }
            other => other,
        };
        let caption = members.read_or_default("caption", &text(..=1_024))?;
        let filename = members.read_optional("filename", &text(1..=240))?;
        Ok(Media { kind, source, caption, filename })
    }

    #[cfg(test)]
    fn shape(&self) -> crate::shape::Shape {
        use crate::shape::Shape;
        let shape = |name| match name {
            "voice" => Shape::Boolean,
            "caption" => text(..=1_024).shape(),
            "filename" => text(1..=240).shape(),
            _ => Shape::Text { most: 2_048 },
        };
        Shape::Object(self.members().iter().map(|name| (*name, shape(*name))).collect())
    }
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Media({:?})", self.kind)
    }
}

impl std::fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id(…)",
            Self::Link(_) => "Link(…)",
        })
    }
}
