//! What a consumer's message says: its `type`, and the member that is called as it is.

use crate::webhook::{
    Button, ContactCard, Interactive, Location, Media, NumberChange, Order, Reaction, Text, Unsupported,
};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// What a message says: a file for each kind. As JSON it is `type`, the member of that name and, where it lacks something,
/// `errors`: what stands in a message beside who sent it.
#[derive(Clone)]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A film.
    Video(Media<'a>),
    /// A recording.
    Audio(Media<'a>),
    /// A file.
    Document(Media<'a>),
    /// A sticker.
    Sticker(Media<'a>),
    /// A place.
    Location(Location<'a>),
    /// Cards of people.
    Contacts(Vec<ContactCard<'a>>),
    /// An emoji on a message.
    Reaction(Reaction<'a>),
    /// A quick reply of a template.
    Button(Button<'a>),
    /// A choice of an interactive message.
    Interactive(Interactive<'a>),
    /// A cart.
    Order(Order<'a>),
    /// The consumer has another number: said by the system, which has no card in `contacts`.
    System(NumberChange<'a>),
    /// The consumer has opened the conversation, and said nothing.
    RequestWelcome,
    /// What can't be said.
    Unsupported(Unsupported<'a>),
}

impl Content<'_> {
    /// The `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Button(_) => "button",
            Self::Interactive(_) => "interactive",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::RequestWelcome => "request_welcome",
            Self::Unsupported(_) => "unsupported",
        }
    }
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.kind();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", kind)?;
        match self {
            Self::Text(text) => map.serialize_entry(kind, text)?,
            Self::Image(media)
            | Self::Video(media)
            | Self::Audio(media)
            | Self::Document(media)
            | Self::Sticker(media) => map.serialize_entry(kind, media)?,
            Self::Location(location) => map.serialize_entry(kind, location)?,
            Self::Contacts(cards) => map.serialize_entry(kind, cards)?,
            Self::Reaction(reaction) => map.serialize_entry(kind, reaction)?,
            Self::Button(button) => map.serialize_entry(kind, button)?,
            Self::Interactive(interactive) => map.serialize_entry(kind, interactive)?,
            Self::Order(order) => map.serialize_entry(kind, order)?,
            Self::System(change) => map.serialize_entry(kind, change)?,
            Self::RequestWelcome => {}
            Self::Unsupported(unsupported) => {
                if let Some(member) = unsupported.member() {
                    map.serialize_entry(kind, &member)?;
                }
                map.serialize_entry("errors", &unsupported.errors())?;
            }
        }
        map.end()
    }
}
