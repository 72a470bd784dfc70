//! What is to be done with bytes that no machine holds.

use crate::api::ReplyId;
use crate::media::files::{FileName, MediaFile};
use content::{Blob, MessageId};
use std::fmt;
use wire::{BlobId, Number};

/// Where the bytes of media are.
#[derive(Clone, PartialEq, Eq)]
pub enum Bytes {
    /// In a file of the node's.
    File {
        /// Which one.
        file: MediaFile,
        /// Length of the plaintext, in bytes.
        size: u64,
    },
    /// At the relay.
    Blob(Blob),
}

/// Names the blob that a message waits for: whose message it is, and its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PutId(pub Number, pub MessageId);

/// What the node wants done with bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaWork {
    /// The file that a request has announced may come: the request is to be asked again, with
    /// [`Attached::Stored`](crate::Attached::Stored).
    Take {
        /// Of which request.
        reply: ReplyId,
        /// Where to.
        file: MediaFile,
    },
    /// The answer to a request is these bytes.
    Give {
        /// Of which request.
        reply: ReplyId,
        /// Where they are.
        bytes: Bytes,
        /// Of which type.
        mime_type: String,
    },
    /// A file is nobody's any more.
    Drop(FileName),
    /// A file is to become a blob at the relay; [`Input::BlobPut`](crate::Input::BlobPut) must follow.
    Put {
        /// To be named in that.
        put: PutId,
        /// Which file.
        file: MediaFile,
        /// Which blob.
        blob: Blob,
    },
    /// A blob at the relay is nobody's any more.
    Forget(BlobId),
}

/// What became of a [`MediaWork::Put`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobAnswer {
    /// The relay has it, durably.
    Done,
    /// Not this time: there is no connection, or it was lost.
    NotNow,
    /// The relay will not have it, or the file can't be read.
    Never,
}

impl Bytes {
    /// Length of the plaintext, in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Blob(blob) => blob.size,
        }
    }
}

impl fmt::Debug for PutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PutId(…)")
    }
}

impl fmt::Debug for MediaWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Take { .. } => "Take(…)",
            Self::Give { .. } => "Give(…)",
            Self::Drop(_) => "Drop(…)",
            Self::Put { .. } => "Put(…)",
            Self::Forget(_) => "Forget(…)",
        })
    }
}
