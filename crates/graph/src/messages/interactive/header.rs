//! What is above a message.

use crate::error::GraphError;
use crate::messages::media::{Media, MediaKind, above};
use crate::reading::Param;
use crate::rules::{Readable, text};
use crate::table::object;

/// All that there can be.
pub(super) const ABOVE_ANY: &[&str] = &["text", "image", "video", "document"];

/// What is above a message. `Debug` shows its kind only.
#[derive(Debug, Clone, PartialEq)]
pub enum Header {
    /// A text.
    Text(TextHeader),
    /// A picture, a video or a file.
    Media(Media),
}

object! {
    /// A text above a message.
    pub struct TextHeader where "type" = "text" {
        /// What it says.
        text: String = required text(1..=60),
        /// What it says in smaller letters.
        sub_text: String = or_default text(..=60),
    }
}

object! {
    struct Image where "type" = "image" {
        image: Media = required above(MediaKind::Image),
    }
}

object! {
    struct Video where "type" = "video" {
        video: Media = required above(MediaKind::Video),
    }
}

object! {
    struct Document where "type" = "document" {
        document: Media = required above(MediaKind::Document),
    }
}

impl Header {
    /// One of `allowed`.
    pub(super) fn read(param: Param<'_>, allowed: &[&'static str]) -> Result<Self, GraphError> {
        Ok(match param.tag("type", allowed)? {
            "image" => Self::Media(Image::read(param)?.image),
            "video" => Self::Media(Video::read(param)?.video),
            "document" => Self::Media(Document::read(param)?.document),
            _ => Self::Text(TextHeader::read(param)?),
        })
    }

    #[cfg(test)]
    pub(super) fn shape(allowed: &[&str]) -> crate::shape::Shape {
        let shape = |kind: &&str| match *kind {
            "image" => Image::shape(),
            "video" => Video::shape(),
            "document" => Document::shape(),
            _ => TextHeader::shape(),
        };
        crate::shape::Shape::Either(allowed.iter().map(shape).collect())
    }
}
