//! What only the two ends of a conversation may read.
//!
//! `proto/content.proto` is the encoding, and [`kinds`] the types that it generates. This crate and `ratchet` are what a party
//! must link to read messages; the relay links neither (invariant 1).

mod blob;
mod body;
mod content;
mod context;
mod error;
mod message_id;
mod padding;
mod profile_name;

pub use blob::{
    Blob, BlobDecryptor, BlobEncryptor, BlobError, BlobKey, MAX_BLOB, SEGMENT, SEGMENT_TAG, SegmentOpener,
    SegmentSealer, padded_length,
};
pub use body::{Body, Reaction};
pub use content::Content;
pub use context::Context;
pub use error::ContentError;
pub use message_id::{MessageId, MessageIdError};
pub use padding::{Padding, PaddingError, pad, unpad};
pub use profile_name::{ProfileName, ProfileNameError};

/// What kinds of message are made of, as they travel: `proto/content.proto` says what each field is. They have no `Debug`.
pub mod kinds {
    pub use crate::proto::{
        Answer, BlobReference, Button, Buttons, Card, Carousel, ContactAddress, ContactCard, ContactEmail,
        ContactName, ContactOrganisation, ContactPhone, ContactUrl, Contacts, FlowAnswer, Forwarded, Header,
        HeaderText, Interactive, List, ListRow, ListSection, Location, Media, MediaKind, Native,
        NumberChanged, Order, OrderItem, Product, ProductList, ProductSection, Referral, RequestWelcome,
        Template, TemplateAnswer, TemplateButton, TemplateCard, Text, Typing, Unsupported, answer, card,
        header, interactive,
    };
}

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.content.rs"));
}
