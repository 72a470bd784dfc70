//! The bytes that the post-quantum ratchet puts into each message (ML-KEM Braid, section
//! "Messages", leaves the encoding open; this is the deployed one).

use super::SpqrError;
use crate::erasure::{CHUNK_LENGTH, Chunk};

/// The protocol version: the first byte.
pub(super) const VERSION: u8 = 1;

/// An encoded number ends within so many bytes.
const MAX_VARINT_LENGTH: u32 = 10;

/// What one message carries for the post-quantum ratchet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// The epoch that the sender is negotiating, from 1.
    pub(crate) epoch: u64,
    /// Place of this message's key in the sender's chain of the epoch before; 0 for no key.
    pub(crate) index: u32,
    pub(crate) payload: Payload,
}

/// The sender's contribution to the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Payload {
    None,
    Header(Chunk),
    Ek(Chunk),
    /// A chunk of the encapsulation key that also says that the first ciphertext is complete.
    EkCt1Ack(Chunk),
    Ct1Ack,
    Ct1(Chunk),
    Ct2(Chunk),
}

/// What the first byte says, and the rest of it.
pub(super) enum Versioned {
    /// No post-quantum ratchet.
    V0,
    V1(Message),
}

impl Message {
    /// The shortest is 4 bytes, one with a chunk 37 while all its numbers are below 128.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(VERSION);
        push_varint(self.epoch, &mut bytes);
        push_varint(self.index.into(), &mut bytes);
        let (kind, chunk) = self.payload.parts();
        bytes.push(kind);
        if let Some(chunk) = chunk {
            push_varint(chunk.index.into(), &mut bytes);
            bytes.extend_from_slice(&chunk.bytes);
        }
        bytes
    }

    /// Whether the sender mixed in a key. It does not while the peer may turn out not to have the ratchet.
    pub(super) const fn has_key(&self) -> bool {
        !(self.epoch == 1 && self.index == 0)
    }

    /// Bytes after the message are ignored, as deployed clients do.
    pub(super) fn parse(bytes: &[u8]) -> Result<Versioned, SpqrError> {
        let mut rest = match bytes.split_first() {
            None | Some((0, _)) => return Ok(Versioned::V0),
            Some((&VERSION, rest)) => rest,
            Some((&version, _)) => return Err(SpqrError::UnknownVersion { version }),
        };
        let epoch = take_varint(&mut rest)?;
        let index = u32::try_from(take_varint(&mut rest)?).map_err(|_| SpqrError::Malformed)?;
        let (kind, after) = rest.split_first().ok_or(SpqrError::Malformed)?;
        rest = after;
        let mut chunk = || {
            let index = u16::try_from(take_varint(&mut rest)?).map_err(|_| SpqrError::Malformed)?;
            let bytes = *rest.first_chunk::<CHUNK_LENGTH>().ok_or(SpqrError::Malformed)?;
            Ok(Chunk { index, bytes })
        };
        let payload = match kind {
            0 => Payload::None,
            1 => Payload::Header(chunk()?),
            2 => Payload::Ek(chunk()?),
            3 => Payload::EkCt1Ack(chunk()?),
            4 => Payload::Ct1Ack,
            5 => Payload::Ct1(chunk()?),
            6 => Payload::Ct2(chunk()?),
            _ => return Err(SpqrError::Malformed),
        };
        if epoch == 0 {
            return Err(SpqrError::Malformed);
        }
        Ok(Versioned::V1(Self { epoch, index, payload }))
    }
}

impl Payload {
    const fn parts(&self) -> (u8, Option<&Chunk>) {
        match self {
            Self::None => (0, None),
            Self::Header(chunk) => (1, Some(chunk)),
            Self::Ek(chunk) => (2, Some(chunk)),
            Self::EkCt1Ack(chunk) => (3, Some(chunk)),
            Self::Ct1Ack => (4, None),
            Self::Ct1(chunk) => (5, Some(chunk)),
            Self::Ct2(chunk) => (6, Some(chunk)),
        }
    }
}

/// LEB128: seven bits a byte, low bits first.
fn push_varint(mut number: u64, bytes: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7f);
        }
        bytes.push(low | 0x80);
    }
}

/// Longer encodings than needed are accepted, up to ten bytes.
fn take_varint(bytes: &mut &[u8]) -> Result<u64, SpqrError> {
    let mut number = 0;
    for at in 0..MAX_VARINT_LENGTH {
        let (byte, rest) = bytes.split_first().ok_or(SpqrError::Malformed)?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * at);
        if shifted >> (7 * at) != bits {
            return Err(SpqrError::Malformed);
        }
        number |= shifted;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(SpqrError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<Message, SpqrError> {
        match Message::parse(bytes)? {
            Versioned::V1(message) => Ok(message),
            Versioned::V0 => panic!("no post-quantum ratchet"),
        }
    }

    #[test]
    fn the_shapes_on_the_wire() {
        let chunk = Chunk { index: 0, bytes: [7; 32] };
        let first = Message { epoch: 1, index: 1, payload: Payload::Header(chunk) };
        assert_eq!(first.encode(), [&[1, 1, 1, 1, 0][..], &[7; 32]].concat());
        let idle = Message { epoch: 1, index: 1, payload: Payload::None };
        assert_eq!(idle.encode(), [1, 1, 1, 0]);
        let late = Message { epoch: 300, index: 128, payload: Payload::Ct1Ack };
        assert_eq!(late.encode(), [1, 0xac, 2, 0x80, 1, 4]);
    }

    #[test]
    fn absent_and_version_zero_are_no_ratchet() {
        assert!(matches!(Message::parse(&[]), Ok(Versioned::V0)));
        assert!(matches!(Message::parse(&[0, 1, 2]), Ok(Versioned::V0)));
        assert_eq!(parse(&[2, 1, 1, 0]), Err(SpqrError::UnknownVersion { version: 2 }));
    }

    #[test]
    fn what_is_lenient_and_what_is_not() {
        let idle = Message { epoch: 1, index: 1, payload: Payload::None };
        assert_eq!(parse(&[1, 0x81, 0, 1, 0]), Ok(idle), "a longer number than needed");
        assert_eq!(parse(&[1, 1, 1, 0, 9, 9, 9]), Ok(idle), "bytes after the message");
        for malformed in [
            &[1][..],
            &[1, 1],
            &[1, 1, 1],
            &[1, 0, 1, 0],
            &[1, 1, 1, 7],
            &[1, 1, 1, 1, 0, 9],
            &[1, 1, 0xff, 0xff, 0xff, 0xff, 0x1f, 0],
            &[1, 0x81],
            &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 1, 0],
        ] {
            assert_eq!(parse(malformed), Err(SpqrError::Malformed), "{malformed:?}");
        }
        let with_index = |index: &[u8]| parse(&[&[1, 1, 1, 5][..], index, &[0; 32]].concat());
        assert!(with_index(&[0xff, 0xff, 3]).is_ok(), "chunk 65535");
        assert_eq!(with_index(&[0x80, 0x80, 4]), Err(SpqrError::Malformed), "chunk 65536");
    }

    proptest! {
        #[test]
        fn messages_read_back(epoch in 1u64.., index: u32, kind in 0u8..7, at: u16, byte: u8) {
            let chunk = Chunk { index: at, bytes: [byte; 32] };
            let payload = [
                Payload::None, Payload::Header(chunk), Payload::Ek(chunk), Payload::EkCt1Ack(chunk),
                Payload::Ct1Ack, Payload::Ct1(chunk), Payload::Ct2(chunk),
            ][usize::from(kind)];
            let message = Message { epoch, index, payload };
            prop_assert_eq!(parse(&message.encode()), Ok(message));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Message::parse(&bytes);
        }
    }
}
