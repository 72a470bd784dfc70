//! What an endpoint and the relay say on the stream of a transfer before and after the blob's bytes.

use crate::frame::{LENGTH_BYTES, write_frame};
use crate::{BlobId, Frame, FrameError, Refusal, proto};
use bytes::{Bytes, BytesMut};
use prost::Message as _;

/// The longest blob that a relay takes, in bytes: 100 MiB, padded, and the tags of its segments.
pub const MAX_BLOB_BYTES: u64 = (100 << 20) + (100 << 20) / 65_536 * 16;

/// Numbers the transfers of one relay, so that no answer is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u64);

/// First frame of a transfer: what the endpoint wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferRequest {
    /// The relay is to keep the bytes that follow.
    Put {
        /// Under this name.
        blob: BlobId,
        /// How many there are.
        length: u64,
    },
    /// The endpoint wants a blob.
    Get {
        /// Its name.
        blob: BlobId,
        /// From which byte on.
        offset: u64,
    },
    /// The relay need not keep a blob any more.
    Delete {
        /// Its name.
        blob: BlobId,
    },
}

/// What the relay says to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferAnswer {
    /// The bytes may come now, or follow.
    GoOn {
        /// How many the whole blob has.
        length: u64,
    },
    /// The blob is durable, or gone, as was wanted.
    Done,
    /// It will not be done.
    Refused(Refusal),
}

impl Frame for TransferRequest {
    fn encode(self, buffer: &mut BytesMut) {
        write_frame(&self.write(), buffer);
    }

    fn encoded_len(&self) -> usize {
        LENGTH_BYTES + 1 + self.write().encoded_len()
    }

    fn decode_body(body: Bytes) -> Result<Self, FrameError> {
        use proto::transfer_request::Body;
        let proto = proto::TransferRequest::decode(body).map_err(|_| FrameError::Malformed)?;
        let id = |bytes: &Bytes, field| BlobId::try_from(&**bytes).map_err(|_| FrameError::Field(field));
        Ok(match proto.body.ok_or(FrameError::Unknown)? {
            Body::Put(put) => Self::Put { blob: id(&put.blob_id, "PutBlob.blob_id")?, length: put.length },
            Body::Get(get) => Self::Get { blob: id(&get.blob_id, "GetBlob.blob_id")?, offset: get.offset },
            Body::Delete(delete) => Self::Delete { blob: id(&delete.blob_id, "DeleteBlob.blob_id")? },
        })
    }
}

impl TransferRequest {
    /// Which blob it is about.
    pub fn blob(&self) -> BlobId {
        match self {
            Self::Put { blob, .. } | Self::Get { blob, .. } | Self::Delete { blob } => *blob,
        }
    }

    fn write(self) -> proto::TransferRequest {
        use proto::transfer_request::Body;
        let name = |blob: BlobId| Bytes::copy_from_slice(&blob.0);
        let body = match self {
            Self::Put { blob, length } => Body::Put(proto::PutBlob { blob_id: name(blob), length }),
            Self::Get { blob, offset } => Body::Get(proto::GetBlob { blob_id: name(blob), offset }),
            Self::Delete { blob } => Body::Delete(proto::DeleteBlob { blob_id: name(blob) }),
        };
        proto::TransferRequest { body: Some(body) }
    }
}

impl Frame for TransferAnswer {
    fn encode(self, buffer: &mut BytesMut) {
        write_frame(&self.write(), buffer);
    }

    fn encoded_len(&self) -> usize {
        LENGTH_BYTES + 1 + self.write().encoded_len()
    }

    fn decode_body(body: Bytes) -> Result<Self, FrameError> {
        use proto::transfer_answer::Body;
        let proto = proto::TransferAnswer::decode(body).map_err(|_| FrameError::Malformed)?;
        Ok(match proto.body.ok_or(FrameError::Unknown)? {
            Body::GoOn(go_on) => Self::GoOn { length: go_on.length },
            Body::Done(proto::Done {}) => Self::Done,
            Body::Refused(refused) => match refused.refusal() {
                Refusal::Unspecified => return Err(FrameError::Field("Refused.refusal")),
                refusal => Self::Refused(refusal),
            },
        })
    }
}

impl TransferAnswer {
    fn write(self) -> proto::TransferAnswer {
        use proto::transfer_answer::Body;
        let body = match self {
            Self::GoOn { length } => Body::GoOn(proto::GoOn { length }),
            Self::Done => Body::Done(proto::Done {}),
            Self::Refused(refusal) => Body::Refused(proto::Refused { refusal: refusal.into() }),
        };
        proto::TransferAnswer { body: Some(body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decoder;

    fn through<F: Frame + Copy>(frame: F) -> (F, Bytes) {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        assert_eq!(bytes.len(), frame.encoded_len());
        bytes.extend_from_slice(b"rest");
        let mut decoder = Decoder::default();
        decoder.feed(&bytes);
        (decoder.next_frame().unwrap().unwrap(), decoder.into_rest())
    }

    #[test]
    fn frames_come_back_and_bytes_behind_them_stay() {
        let blob = BlobId([7; 32]);
        for request in [
            TransferRequest::Put { blob, length: 4112 },
            TransferRequest::Get { blob, offset: 65_552 },
            TransferRequest::Delete { blob },
        ] {
            assert_eq!(through(request), (request, Bytes::from_static(b"rest")));
        }
        for answer in [
            TransferAnswer::GoOn { length: 4112 },
            TransferAnswer::Done,
            TransferAnswer::Refused(Refusal::NoRoom),
        ] {
            assert_eq!(through(answer).0, answer);
        }
    }

    #[test]
    fn a_name_of_another_length_is_none() {
        let body = proto::DeleteBlob { blob_id: Bytes::from_static(&[1; 31]) };
        let request = proto::TransferRequest { body: Some(proto::transfer_request::Body::Delete(body)) };
        let bytes = Bytes::from(request.encode_to_vec());
        assert_eq!(TransferRequest::decode_body(bytes), Err(FrameError::Field("DeleteBlob.blob_id")));
        assert_eq!(TransferRequest::decode_body(Bytes::new()), Err(FrameError::Unknown));
        assert_eq!(
            TransferAnswer::decode_body(Bytes::from_static(&[0x1a, 0])),
            Err(FrameError::Field("Refused.refusal"))
        );
    }
}
