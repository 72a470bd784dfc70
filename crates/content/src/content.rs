//! A message as both ends read it: texts and read receipts, their encoding, and what is wrong with other bytes.

use crate::{MessageId, Padding, PaddingError, pad, proto, unpad};
use prost::Message as _;
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

/// A message as the two ends read it. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The sender's name for it.
    pub message_id: MessageId,
    /// When the sender made it, in seconds since the Unix epoch.
    pub sent_at_s: u64,
    /// What it says.
    pub body: Body,
}

/// The kinds of message.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(Text),
    /// The reader has seen these messages.
    Read(Vec<MessageId>),
}

/// A text, perhaps in answer to a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// What it says.
    pub body: String,
    /// The message that it quotes.
    pub quoted: Option<MessageId>,
}

/// A plaintext is not a message of a known kind. Safe to log: nothing of the plaintext is in it.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum ContentError {
    /// Not padded as messages are.
    #[error(transparent)]
    Padding(#[from] PaddingError),
    /// Not a protobuf message.
    #[error("content is not a protobuf message")]
    Malformed,
    /// A kind that this version doesn't know.
    #[error("content of an unknown kind")]
    UnknownKind,
    /// A message id is missing or wrong.
    #[error("content without a valid message id")]
    MessageId,
}

impl Content {
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
        let body = match &self.body {
            Body::Text(text) => proto::content::Body::Text(proto::Text {
                body: text.body.clone(),
                quoted_message_id: text.quoted.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            }),
            Body::Read(ids) => proto::content::Body::Read(proto::Read {
                message_ids: ids.iter().map(|id| id.as_str().to_owned()).collect(),
            }),
        };
        let message_id = self.message_id.as_str().to_owned();
        let mut message = proto::Content { message_id, sent_at_s: self.sent_at_s, body: Some(body) };
        let encoded = Zeroizing::new(message.encode_to_vec());
        if let Some(proto::content::Body::Text(text)) = &mut message.body {
            text.body.zeroize();
        }
        pad(&encoded, padding)
    }

    /// Reads [`to_plaintext`](Self::to_plaintext) back.
    ///
    /// # Errors
    /// Any [`ContentError`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, ContentError> {
        let message = proto::Content::decode(unpad(plaintext)?).map_err(|_| ContentError::Malformed)?;
        let id = |text: &str| text.parse::<MessageId>().map_err(|_| ContentError::MessageId);
        let body = match message.body.ok_or(ContentError::UnknownKind)? {
            proto::content::Body::Text(text) => {
                let quoted = match text.quoted_message_id.as_str() {
                    "" => None,
                    quoted => Some(id(quoted)?),
                };
                Body::Text(Text { body: text.body, quoted })
            }
            proto::content::Body::Read(read) => {
                Body::Read(read.message_ids.iter().map(|text| id(text)).collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { message_id: id(&message.message_id)?, sent_at_s: message.sent_at_s, body })
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.body {
            Body::Text(_) => f.write_str("Content(text)"),
            Body::Read(_) => f.write_str("Content(read)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(body: Body) -> Content {
        Content { message_id: MessageId::from_random(&[0xab; 9]), sent_at_s: 1_700_000_000, body }
    }

    #[test]
    fn a_receipt_is_as_long_as_a_short_text() {
        let text = content(Body::Text(Text { body: "yes".into(), quoted: None }));
        let read = content(Body::Read(vec![MessageId::from_random(&[1; 16])]));
        assert_eq!(text.to_plaintext().unwrap().len(), read.to_plaintext().unwrap().len());
        assert_eq!(Content::from_plaintext(&read.to_plaintext().unwrap()), Ok(read));
    }

    #[test]
    fn debug_says_the_kind_and_no_more() {
        let text = content(Body::Text(Text { body: "secret".into(), quoted: None }));
        assert_eq!(format!("{text:?} {:?}", text.message_id), "Content(text) MessageId(…)");
    }

    #[test]
    fn an_unknown_kind_is_an_error() {
        let unknown = proto::Content { message_id: "AB".into(), sent_at_s: 0, body: None };
        let plaintext = pad(&unknown.encode_to_vec(), Padding::Bucket).unwrap();
        assert_eq!(Content::from_plaintext(&plaintext), Err(ContentError::UnknownKind));
        assert_eq!(Content::from_plaintext(&[0; 255]), Err(ContentError::Padding(PaddingError::NotPadded)));
    }

    proptest! {
        #[test]
        fn texts_survive(body in ".{0,300}", quoted in any::<bool>()) {
            let quoted = quoted.then(|| MessageId::from_random(&[3; 10]));
            let text = content(Body::Text(Text { body, quoted }));
            prop_assert_eq!(Content::from_plaintext(&text.to_plaintext().unwrap()), Ok(text));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Content::from_plaintext(&bytes);
            let _ = Content::from_plaintext(&pad(&bytes, Padding::None).unwrap());
        }
    }
}
