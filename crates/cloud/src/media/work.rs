//! What is to be done with bytes that no machine holds.

use crate::api::ReplyId;
use content::{Blob, BlobKey, MessageId};
use graph::media::FilePart;
use std::fmt;
use wire::{BlobId, Number};

/// The name of a sealed file: 16 random bytes, which say nothing of what is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(pub [u8; 16]);

/// A sealed file of the node's, and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// How it is called.
    pub name: FileName,
    /// What it is encrypted with.
    pub key: BlobKey,
}

/// A file that was uploaded, is sealed and durable, and that no row names yet.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The file.
    pub file: MediaFile,
    /// Length of the plaintext, in bytes.
    pub size: u64,
    /// SHA-256 of the plaintext.
    pub sha256: [u8; 32],
    /// What the upload said of it.
    pub part: FilePart,
}

/// What a request has beside its parameters.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Attached {
    /// Nothing.
    #[default]
    Nothing,
    /// A file is to follow, if the node takes it.
    Announced,
    /// A file, and it is on the disk.
    Stored(Box<StoredFile>),
}

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
    /// [`Attached::Stored`].
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

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for FileName {
    type Err = hex::FromHexError;

    fn from_str(name: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(name, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileName(…)")
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
