//! A message as both ends read it: its encoding, and what is wrong with other bytes.

use crate::body::Body;
use crate::context::Context;
use crate::error::ContentError;
use crate::kinds::Unsupported;
use crate::{MessageId, Padding, PaddingError, pad, proto, unpad};
use prost::Message as _;
use std::fmt;
use zeroize::Zeroizing;

/// A message as the two ends read it. `Debug` shows its kind only.
#[derive(Clone, PartialEq)]
pub struct Content {
    /// The sender's name for it.
    pub message_id: MessageId,
    /// When the sender made it, in seconds since the Unix epoch.
    pub sent_at_s: u64,
    /// What it is about.
    pub context: Context,
    /// What it says.
    pub body: Body,
}

impl Content {
    /// A message that stands for itself.
    pub fn new(message_id: MessageId, sent_at_s: u64, body: Body) -> Self {
        Self { message_id, sent_at_s, context: Context::default(), body }
    }

    /// Encoded and padded to a bucket: what is encrypted.
    ///
    /// # Errors
    /// [`PaddingError::TooLong`] beyond the largest bucket.
    pub fn to_plaintext(&self) -> Result<Zeroizing<Vec<u8>>, PaddingError> {
        self.to_padded(Padding::Bucket)
    }

    /// Encoded and padded as one is told to.
    ///
    /// # Errors
    /// [`PaddingError::TooLong`] beyond the largest bucket.
    pub fn to_padded(&self, padding: Padding) -> Result<Zeroizing<Vec<u8>>, PaddingError> {
        let head = proto::Content {
            message_id: self.message_id.as_str().to_owned(),
            sent_at_s: self.sent_at_s,
            context: self.context.to_proto(),
            body: None,
        };
        let mut encoded = Zeroizing::new(head.encode_to_vec());
        self.body.encode(&mut encoded);
        pad(&encoded, padding)
    }

    /// What was decrypted, whatever it is: what is no message of a known kind is one that can't be shown, under its own name
    /// if that can be read, else under `name`.
    pub fn of_plaintext(plaintext: &[u8], name: impl FnOnce() -> (MessageId, u64)) -> Self {
        Self::from_plaintext(plaintext).unwrap_or_else(|_| {
            let head = unpad(plaintext).ok().and_then(|head| proto::Content::decode(head).ok());
            let named = head.and_then(|head| Some((head.message_id.parse().ok()?, head.sent_at_s)));
            let (message_id, sent_at_s) = named.unwrap_or_else(name);
            Self::new(message_id, sent_at_s, Body::Unsupported(Unsupported::default()))
        })
    }

    /// Reads [`to_plaintext`](Self::to_plaintext) back.
    ///
    /// # Errors
    /// Any [`ContentError`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, ContentError> {
        let message = proto::Content::decode(unpad(plaintext)?).map_err(|_| ContentError::Malformed)?;
        let body = message.body.ok_or(ContentError::UnknownKind)?;
        Ok(Self {
            message_id: message.message_id.parse().map_err(|_| ContentError::MessageId)?,
            sent_at_s: message.sent_at_s,
            context: Context::from_proto(message.context)?,
            body: Body::decode(body)?,
        })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({})", self.body.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reaction;
    use crate::kinds::*;
    use proptest::prelude::*;

    fn content(body: Body) -> Content {
        Content::new(MessageId::from_random(&[0xab; 9]), 1_700_000_000, body)
    }

    fn some() -> String {
        "x".to_owned()
    }

    /// One of each kind, with something in every member that can be read wrongly.
    fn every_kind() -> Vec<Body> {
        let media = Media {
            kind: MediaKind::Image.into(),
            mime_type: "image/png".into(),
            caption: some(),
            blob: Some(BlobReference { id: vec![1; 32], key: vec![2; 32], sha256: vec![3; 32], size: 4 }),
            ..Media::default()
        };
        let header = Header { header: Some(header::Header::Media(media.clone())) };
        let place = Location { latitude: 37.483_307_212_830_02, longitude: -122.15, ..Location::default() };
        let name = ContactName { formatted_name: some(), ..ContactName::default() };
        let button = Button { id: some(), title: some() };
        let item = OrderItem { retailer_id: some(), quantity: 2, item_price: 0.1, currency: "EUR".into() };
        vec![
            Body::text("hello"),
            Body::Read(vec![MessageId::from_random(&[1; 16])]),
            Body::Media(media.into()),
            Body::Location(place),
            Body::Contacts(Contacts {
                cards: vec![ContactCard { name: Some(name), ..ContactCard::default() }],
            }),
            Body::Reaction(Reaction { target: MessageId::from_random(&[1; 9]), emoji: "😀".into() }),
            Body::Interactive(Box::new(Interactive {
                header: Some(header),
                body: some(),
                footer: some(),
                action: Some(interactive::Action::Buttons(Buttons { buttons: vec![button.clone()] })),
            })),
            Body::Template(Box::new(Template {
                name: some(),
                offer_expires_ms: Some(0),
                ..Template::default()
            })),
            Body::Order(Order { catalog_id: some(), text: some(), items: vec![item] }),
            Body::Answer(Answer { answer: Some(answer::Answer::Button(button)) }),
            Body::RequestWelcome,
            Body::NumberChanged(NumberChanged { number: "16505551234".into() }),
            Body::Unsupported(Unsupported { kind: "poll".into() }),
            Body::Typing,
        ]
    }

    #[test]
    fn every_kind_is_read_as_it_was_written() {
        for body in every_kind() {
            let written = content(body);
            let read = Content::from_plaintext(&written.to_plaintext().unwrap());
            assert!(read == Ok(written.clone()), "{written:?} was read as {read:?}");
        }
    }

    #[test]
    fn a_kind_can_not_be_told_from_a_short_text() {
        let length = |body| content(body).to_plaintext().unwrap().len();
        let text = length(Body::text("yes"));
        for body in every_kind() {
            let kind = body.kind();
            assert_eq!(length(body), text, "{kind}");
        }
    }

    #[test]
    fn what_a_message_is_about_travels_with_it() {
        let context = Context {
            quoted: Some(MessageId::from_random(&[3; 10])),
            forwarded: Forwarded::Often,
            referral: Some(Box::new(Referral { source_id: some(), ..Referral::default() })),
            product: Some(Product { catalog_id: some(), retailer_id: some() }),
            sender_name: Some("Sheena Nelson".parse().unwrap()),
        };
        let written = Content { context, ..content(Body::text("hello")) };
        assert!(Content::from_plaintext(&written.to_plaintext().unwrap()) == Ok(written));
    }

    #[test]
    fn debug_says_the_kind_and_no_more() {
        let text = content(Body::text("secret"));
        assert_eq!(format!("{text:?} {:?}", text.message_id), "Content(text) MessageId(…)");
    }

    #[test]
    fn an_unknown_kind_is_an_error() {
        let unknown = proto::Content { message_id: "AB".into(), ..proto::Content::default() };
        let plaintext = pad(&unknown.encode_to_vec(), Padding::Bucket).unwrap();
        assert!(Content::from_plaintext(&plaintext) == Err(ContentError::UnknownKind));
        let not_padded = Err(ContentError::Padding(PaddingError::NotPadded));
        assert!(Content::from_plaintext(&[0; 255]) == not_padded);
    }

    #[test]
    fn what_is_of_no_known_kind_is_a_message_that_cannot_be_shown() {
        let (own, given) = (MessageId::from_random(&[0xab; 9]), MessageId::from_random(&[1; 16]));
        let read = |content: &proto::Content| {
            let plaintext = pad(&content.encode_to_vec(), Padding::Bucket).unwrap();
            Content::of_plaintext(&plaintext, || (given.clone(), 7))
        };
        let message_id = own.as_str().to_owned();
        let unknown = proto::Content { message_id, sent_at_s: 5, ..proto::Content::default() };
        let unsupported = Body::Unsupported(Unsupported::default());
        assert!(read(&unknown) == Content::new(own.clone(), 5, unsupported.clone()));
        assert!(read(&proto::Content::default()) == Content::new(given.clone(), 7, unsupported.clone()));
        let noise = Content::of_plaintext(&[0xff; 255], || (given.clone(), 7));
        assert!(noise == Content::new(given.clone(), 7, unsupported));
        let text = content(Body::text("hello"));
        assert!(Content::of_plaintext(&text.to_plaintext().unwrap(), || (given, 7)) == text);
    }

    proptest! {
        #[test]
        fn texts_survive(body in ".{0,300}", quoted in any::<bool>()) {
            let quoted = quoted.then(|| MessageId::from_random(&[3; 10]));
            let text = Content { context: Context { quoted, ..Context::default() }, ..content(Body::text(body)) };
            prop_assert!(Content::from_plaintext(&text.to_plaintext().unwrap()) == Ok(text));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Content::from_plaintext(&bytes);
            let _ = Content::from_plaintext(&pad(&bytes, Padding::None).unwrap());
        }
    }
}
