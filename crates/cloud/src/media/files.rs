//! Sealed files, by what a machine knows of them.

use content::BlobKey;
use graph::media::FilePart;
use std::fmt;

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
