//! What a consumer's message is about, beside what it says.

use crate::wamid::{Sender, Wamid};
use crate::webhook::digits;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use wire::Number;

/// The member `context` of a message. The default is that there is none.
#[derive(Clone, Copy, Default)]
pub struct Context<'a> {
    /// The message of the conversation that it answers.
    pub wamid: Option<&'a Wamid<'a>>,
    /// Whether the consumer wrote it.
    pub forwarded: Forwarded,
    /// The product that the consumer asks about.
    pub product: Option<Product<'a>>,
}

/// Whether the consumer wrote a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// They did.
    #[default]
    Written,
    /// They had it from somebody.
    Once,
    /// It has been through more than five hands.
    Often,
}

/// One thing that the business sells.
#[derive(Clone, Copy, Serialize)]
pub struct Product<'a> {
    /// In which catalogue.
    pub catalog_id: &'a str,
    /// What the business calls it.
    pub product_retailer_id: &'a str,
}

/// The advertisement that the consumer came from: the member `referral` of a message.
#[derive(Clone, Copy, Default)]
pub struct Referral<'a> {
    /// Where it is.
    pub source_url: &'a str,
    /// What it is called there.
    pub source_id: &'a str,
    /// `ad` or `post`.
    pub source_type: &'a str,
    /// What it says.
    pub body: &'a str,
    /// What stands above that.
    pub headline: &'a str,
    /// `image` or `video`.
    pub media_type: &'a str,
    /// Where that is.
    pub media_url: &'a str,
    /// Where a small picture of a video is.
    pub thumbnail_url: &'a str,
    /// By what the click is known.
    pub click_id: &'a str,
    /// What greeted the consumer.
    pub welcome_text: &'a str,
}

/// `context` as it is posted.
#[derive(Serialize)]
pub(crate) struct Member<'a> {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_digits")]
    from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Wamid<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    forwarded: bool,
    #[serde(skip_serializing_if = "is_false")]
    frequently_forwarded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    referred_product: Option<Product<'a>>,
}

impl<'a> Context<'a> {
    /// That of an answer.
    pub fn answering(wamid: &'a Wamid<'a>) -> Self {
        Self { wamid: Some(wamid), ..Self::default() }
    }

    /// As it is posted in a conversation of this business's; `None` if there is nothing in it.
    pub(crate) fn member(&self, business: Number) -> Option<Member<'a>> {
        let is_nothing =
            self.wamid.is_none() && self.forwarded == Forwarded::Written && self.product.is_none();
        (!is_nothing).then(|| Member {
            from: self.wamid.map(|wamid| match wamid.sender {
                Sender::Business => business.as_integer(),
                Sender::Consumer => wamid.consumer.as_integer(),
            }),
            id: self.wamid,
            forwarded: self.forwarded == Forwarded::Once,
            frequently_forwarded: self.forwarded == Forwarded::Often,
            referred_product: self.product,
        })
    }
}

impl Serialize for Referral<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Welcome<'a> {
            text: &'a str,
        }
        let is_video = self.media_type == "video";
        let media = if is_video { "video_url" } else { "image_url" };
        let texts = [
            ("source_url", self.source_url),
            ("source_id", self.source_id),
            ("source_type", self.source_type),
            ("body", self.body),
            ("headline", self.headline),
            ("media_type", self.media_type),
            (media, self.media_url),
            ("thumbnail_url", self.thumbnail_url),
            ("ctwa_clid", self.click_id),
        ];
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.serialize_entry(name, text)?;
        }
        if !self.welcome_text.is_empty() {
            let welcome = Welcome { text: self.welcome_text };
            map.serialize_entry("welcome_message", &welcome)?;
        }
        map.end()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn optional_digits<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    digits(&number.unwrap_or_default(), serializer)
}
