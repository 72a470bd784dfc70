//! Frames: a length, a version, a message.
//!
//! ```text
//! +--------------------+---------+----------------------+
//! | length, u32 BE     | version | protobuf             |
//! | of all that follows| 1 byte  | length - 1 bytes     |
//! +--------------------+---------+----------------------+
//! ```

use crate::convert::Wire;
use crate::length::Length as _;
use crate::{Bundle, Envelope, InboxItem, MeterReading, Publish, RejectCode, ToEndpoint, ToRelay};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use prost::Message;
use std::marker::PhantomData;

/// The version byte that this program writes, and the only one that it reads.
pub const VERSION: u8 = 1;

/// The longest frame, without its length field. The largest honest one publishes 100 KEM prekeys.
pub const MAX_FRAME_BYTES: usize = 256 * 1024;

pub(crate) const LENGTH_BYTES: usize = 4;

/// Bytes that are not a frame. The connection that they came from is at an end.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Announces more than [`MAX_FRAME_BYTES`].
    #[error("frame of {0} bytes is over the limit of {MAX_FRAME_BYTES}")]
    TooLarge(usize),
    /// Written in a version that this program doesn't speak.
    #[error("frame version {0} is not spoken here, only {VERSION}")]
    Version(u8),
    /// Not a protobuf message.
    #[error("frame is not a protobuf message")]
    Malformed,
    /// A kind of frame that this version doesn't know.
    #[error("frame of an unknown kind")]
    Unknown,
    /// A field is missing or out of range.
    #[error("field {0} is missing or out of range")]
    Field(&'static str),
}

impl FrameError {
    /// The code that tells the other end.
    pub fn reject_code(self) -> RejectCode {
        match self {
            Self::TooLarge(_) => RejectCode::FrameTooLarge,
            Self::Version(_) => RejectCode::UnsupportedVersion,
            Self::Malformed => RejectCode::MalformedFrame,
            Self::Unknown => RejectCode::UnknownFrame,
            Self::Field(_) => RejectCode::InvalidField,
        }
    }
}

/// What travels in frames of its own: [`ToRelay`] one way, [`ToEndpoint`] the other.
pub trait Frame: Sized + Send + 'static {
    /// Appends the frame to `buffer`.
    fn encode(self, buffer: &mut BytesMut);

    /// How many bytes [`encode`](Self::encode) appends.
    fn encoded_len(&self) -> usize;

    /// Reads what stands between version byte and end of frame.
    ///
    /// # Errors
    /// Any but [`FrameError::TooLarge`] and [`FrameError::Version`].
    fn decode_body(body: Bytes) -> Result<Self, FrameError>;
}

/// Cuts a stream of bytes into frames, however it arrives.
#[derive(Debug)]
pub struct Decoder<F> {
    buffer: BytesMut,
    frames: PhantomData<fn() -> F>,
}

impl<F: Frame> Decoder<F> {
    /// Appends bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if it has arrived.
    ///
    /// # Errors
    /// The bytes are not a frame; there is no way to find the next one.
    pub fn next_frame(&mut self) -> Result<Option<F>, FrameError> {
        let Some((head, rest)) = self.buffer.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(length));
        }
        // The version is checked as soon as it is there: a newer peer need not send the rest first.
        match rest.first() {
            _ if length == 0 => return Err(FrameError::Malformed),
            Some(&version) if version != VERSION => return Err(FrameError::Version(version)),
            _ if rest.len() < length => return Ok(None),
            _ => {}
        }
        self.buffer.advance(LENGTH_BYTES);
        let mut frame = self.buffer.split_to(length).freeze();
        frame.advance(1);
        F::decode_body(frame).map(Some)
    }

    /// What arrived behind the last frame, for who knows that it is none.
    pub fn into_rest(self) -> Bytes {
        self.buffer.freeze()
    }
}

impl<F> Default for Decoder<F> {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), frames: PhantomData }
    }
}

impl Frame for ToRelay {
    fn encode(self, buffer: &mut BytesMut) {
        write_frame(&self.write(), buffer);
    }

    fn encoded_len(&self) -> usize {
        LENGTH_BYTES + 1 + self.length()
    }

    fn decode_body(body: Bytes) -> Result<Self, FrameError> {
        let proto = crate::proto::ToRelay::decode(body).map_err(|_| FrameError::Malformed)?;
        if proto.body.is_none() {
            return Err(FrameError::Unknown);
        }
        Self::read(proto).map_err(FrameError::Field)
    }
}

impl Frame for ToEndpoint {
    fn encode(self, buffer: &mut BytesMut) {
        write_frame(&self.write(), buffer);
    }

    fn encoded_len(&self) -> usize {
        LENGTH_BYTES + 1 + self.length()
    }

    fn decode_body(body: Bytes) -> Result<Self, FrameError> {
        let proto = crate::proto::ToEndpoint::decode(body).map_err(|_| FrameError::Malformed)?;
        if proto.body.is_none() {
            return Err(FrameError::Unknown);
        }
        Self::read(proto).map_err(FrameError::Field)
    }
}

/// The same encodings without length and version, for a store's rows.
macro_rules! row_form {
    ($($kind:ident),*) => {$(
        impl $kind {
            /// The value as bytes of a store's row.
            pub fn to_bytes(&self) -> Bytes {
                self.clone().write().encode_to_vec().into()
            }

            /// Reads [`to_bytes`](Self::to_bytes) back.
            ///
            /// # Errors
            /// [`FrameError::Malformed`] or [`FrameError::Field`].
            pub fn from_bytes(bytes: Bytes) -> Result<Self, FrameError> {
                Self::read(Message::decode(bytes).map_err(|_| FrameError::Malformed)?).map_err(FrameError::Field)
            }
        }
    )*};
}

row_form!(Bundle, Envelope, InboxItem, MeterReading, Publish);

pub(crate) fn write_frame(message: &impl Message, buffer: &mut BytesMut) {
    let length = message.encoded_len() + 1;
    buffer.reserve(LENGTH_BYTES + length);
    // Longer than u32 only beyond every limit; the reader then refuses the frame.
    buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    buffer.put_u8(VERSION);
    message.encode_raw(buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, BillingClass, EnvelopeId, EnvelopeKind};
    use proptest::prelude::*;

    fn submission(ciphertext: Vec<u8>) -> ToRelay {
        let alice = Address::primary("16505551234".parse().unwrap());
        let shop = Address::primary("15550783881".parse().unwrap());
        let envelope = Envelope {
            id: EnvelopeId([9; 16]),
            from: alice,
            to: shop,
            kind: EnvelopeKind::Ratchet,
            ciphertext: ciphertext.into(),
            billing_class: BillingClass::Service,
        };
        ToRelay::Submit { sequence: 4, envelope }
    }

    fn decode_all(bytes: &[u8], chunk: usize) -> Result<Vec<ToRelay>, FrameError> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for part in bytes.chunks(chunk) {
            decoder.feed(part);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn what_is_not_a_frame_gets_a_code() {
        let code = |bytes: &[u8]| decode_all(bytes, 64).unwrap_err().reject_code();
        assert_eq!(code(&[0, 4, 0, 1]), RejectCode::FrameTooLarge);
        assert_eq!(code(&[0, 0, 0, 9, 2]), RejectCode::UnsupportedVersion);
        assert_eq!(code(&[0, 0, 0, 0]), RejectCode::MalformedFrame);
        assert_eq!(code(&[0, 0, 0, 2, 1, 0xff]), RejectCode::MalformedFrame);
        assert_eq!(code(&[0, 0, 0, 1, 1]), RejectCode::UnknownFrame);
        assert_eq!(code(&[0, 0, 0, 4, 1, 0xfa, 0x07, 0]), RejectCode::UnknownFrame);
        assert_eq!(code(&[0, 0, 0, 3, 1, 0x1a, 0]), RejectCode::InvalidField);
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5), chunk in 1usize..99) {
            let frames: Vec<_> = bodies.into_iter().map(submission).collect();
            let mut bytes = BytesMut::new();
            frames.iter().cloned().for_each(|frame| frame.encode(&mut bytes));
            prop_assert_eq!(decode_all(&bytes, chunk).unwrap(), frames);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), chunk in 1usize..20) {
            let _ = decode_all(&bytes, chunk);
        }

        #[test]
        fn no_flipped_bit_panics(at in 0usize..100, bit in 0u8..8) {
            let mut bytes = BytesMut::new();
            submission(vec![1; 40]).encode(&mut bytes);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let _ = decode_all(&bytes, 1000);
        }
    }
}
