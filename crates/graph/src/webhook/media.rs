//! A picture, film, recording, file or sticker of a consumer's: where its bytes are, and what they are.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// The member `image`, `video`, `audio`, `document` or `sticker` of a message.
#[derive(Clone, Copy, Serialize)]
pub struct Media<'a> {
    /// What stands under an image, a video or a document; empty if nothing does.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub caption: &'a str,
    /// What a document is called; empty if it has no name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub filename: &'a str,
    /// What the bytes are.
    pub mime_type: &'a str,
    /// Their SHA-256; in webhooks it is base64.
    #[serde(serialize_with = "base64")]
    pub sha256: &'a [u8],
    /// By what id the Graph API knows them.
    pub id: &'a str,
    /// Where they can be had for some minutes; empty if that is not said.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub url: &'a str,
    /// Of audio: whether it was spoken into the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// Of a sticker: whether it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}
