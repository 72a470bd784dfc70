//! What is on its way between an endpoint and its relay: bytes where somebody looks at them, else the frame itself and
//! its length.

use crate::record::What;
use bytes::{Bytes, BytesMut};
use wire::{Frame, InboxItem, MAX_FRAME_BYTES, ToEndpoint, ToRelay, VERSION};

/// A frame on its way.
pub(crate) struct Parcel<F> {
    /// What arrives with it.
    pub(crate) what: What,
    /// How many bytes go over the link.
    pub(crate) length: u32,
    pub(crate) content: Content<F>,
}

/// A frame's bytes, or the frame itself where nobody looks at bytes.
pub(crate) enum Content<F> {
    Bytes(Bytes),
    Frame(Box<F>),
}

/// A frame that is something in the records of a run.
pub(crate) trait Recorded: Frame {
    fn what(&self) -> What;
}

impl<F: Recorded> Parcel<F> {
    /// Packs a frame, as bytes if somebody looks at them.
    pub(crate) fn pack(frame: F, as_bytes: bool) -> Self {
        let (what, length) = (frame.what(), u32::try_from(frame.encoded_len()).unwrap_or(u32::MAX));
        let content = if as_bytes {
            let mut bytes = BytesMut::new();
            frame.encode(&mut bytes);
            Content::Bytes(bytes.freeze())
        } else {
            Content::Frame(Box::new(frame))
        };
        Self { what, length, content }
    }

    /// The frame; `None` if the bytes are none.
    pub(crate) fn open(self) -> Option<F> {
        match self.content {
            Content::Bytes(bytes) => read(&bytes),
            Content::Frame(frame) => Some(*frame),
        }
    }
}

impl Recorded for ToRelay {
    fn what(&self) -> What {
        match self {
            Self::Hello { .. } => What::Hello,
            Self::Publish(_) => What::Publish,
            Self::FetchBundle(_) => What::FetchBundle,
            Self::Submit { .. } => What::Submit,
            Self::Acknowledge { .. } => What::Acknowledge,
        }
    }
}

impl Recorded for ToEndpoint {
    fn what(&self) -> What {
        match self {
            Self::Welcome { .. } => What::Welcome,
            Self::Published(_) => What::Published,
            Self::Bundle(_) => What::Bundle,
            Self::Accepted { .. } => What::Accepted,
            Self::Delivery { item: InboxItem::Envelope(_), .. } => What::Deliver,
            Self::Delivery { item: InboxItem::Receipt(_), .. } => What::Receipt,
            Self::PrekeysLow { .. } => What::PrekeysLow,
            Self::Metering(_) => What::Metering,
            Self::Rejected(_) => What::Rejected,
        }
    }
}

/// Reads one whole frame, as [`wire::Decoder`] would, without a copy.
fn read<F: Frame>(bytes: &Bytes) -> Option<F> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let is_whole = rest.len() == length && length <= MAX_FRAME_BYTES && rest.first() == Some(&VERSION);
    if is_whole { F::decode_body(bytes.slice(5..)).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Decoder;

    fn packed(as_bytes: bool) -> Parcel<ToRelay> {
        Parcel::pack(
            ToRelay::Hello { delivered: wire::Position { sequence: 300, name: 7 }, gateway: true },
            as_bytes,
        )
    }

    #[test]
    fn a_frame_is_read_as_the_decoder_reads_it() {
        let Content::Bytes(whole) = packed(true).content else { panic!("not bytes") };
        let decoded = |bytes: &Bytes| {
            let mut decoder = Decoder::<ToRelay>::default();
            decoder.feed(bytes);
            decoder.next_frame().ok().flatten()
        };
        assert_eq!(read::<ToRelay>(&whole), decoded(&whole));
        assert!(read::<ToRelay>(&whole).is_some());
        let mut other_version = whole.to_vec();
        other_version[4] = 2;
        for wrong in [whole.slice(..whole.len() - 1), whole.slice(..3), Bytes::new(), other_version.into()] {
            assert_eq!((read::<ToRelay>(&wrong), decoded(&wrong)), (None, None));
        }
    }

    #[test]
    fn a_frame_that_nobody_looks_at_is_the_same_and_as_long() {
        assert_eq!(packed(false).length, packed(true).length);
        assert_eq!(packed(false).open(), packed(true).open());
    }
}
