//! Sealed files: what is uploaded goes into one segment by segment, and comes out of it the same way.

use crate::media::{FileName, MediaFile, StoredFile};
use content::{BlobError, BlobKey, MAX_BLOB, SEGMENT, SEGMENT_TAG, SegmentOpener, SegmentSealer};
use graph::media::FilePart;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use store::{Draft, Shelf};
use tokio::task::spawn_blocking;

/// What is written to a file at a time, in bytes: some segments.
const PIECE: usize = 4 * (SEGMENT + SEGMENT_TAG);

/// Why a file can't be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedError {
    /// Longer than media may be.
    #[error("media of more than {MAX_BLOB} bytes")]
    TooLong,
    /// The disk.
    #[error("a media file can't be read or written: {0}")]
    Disk(#[from] io::Error),
    /// It is not what was sealed with this key.
    #[error("a media file is not what was written")]
    Changed,
}

/// Writes a sealed file.
pub(crate) struct SealedWriter {
    draft: Draft,
    file: MediaFile,
    sealer: SegmentSealer,
    digest: Sha256,
    size: u64,
    /// Plaintext that is not sealed yet: at most a segment.
    segment: Vec<u8>,
    /// Sealed, and not written yet.
    piece: Vec<u8>,
}

/// Reads a sealed file, or the part of it from some byte on.
pub(crate) struct SealedReader {
    file: File,
    opener: SegmentOpener,
    /// Bytes of plaintext before the next segment.
    at: u64,
    size: u64,
    /// Of the next segment, before what is wanted.
    skip: usize,
    segment: Vec<u8>,
}

impl SealedWriter {
    /// Begins a file.
    pub(crate) async fn new(shelf: &Shelf, file: MediaFile) -> Result<Self, SealedError> {
        let shelf = shelf.clone();
        let draft = on_disk(move || shelf.draft()).await?;
        let sealer = SegmentSealer::new(&file.key)?;
        let segment = Vec::with_capacity(SEGMENT + SEGMENT_TAG);
        Ok(Self {
            draft,
            file,
            sealer,
            digest: Sha256::new(),
            size: 0,
            segment,
            piece: Vec::with_capacity(PIECE),
        })
    }

    /// Appends bytes of the plaintext.
    pub(crate) async fn write(mut self, mut bytes: &[u8]) -> Result<Self, SealedError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > MAX_BLOB {
            return Err(SealedError::TooLong);
        }
        self.digest.update(bytes);
        while !bytes.is_empty() {
            if self.segment.len() == SEGMENT {
                self = self.seal(false).await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(SEGMENT - self.segment.len()));
            self.segment.extend_from_slice(now);
            bytes = later;
        }
        Ok(self)
    }

    /// Makes it whole and durable.
    pub(crate) async fn finish(mut self, shelf: &Shelf, part: FilePart) -> Result<StoredFile, SealedError> {
        self = self.seal(true).await?;
        let Self { mut draft, file, digest, size, piece, .. } = self;
        let name = file.name.to_string();
        on_disk(move || draft.write(&piece).and_then(|()| draft.keep(&name))).await.inspect_err(|_| {
            // It may have got its name, and then the disk failed.
            shelf.remove(&file.name.to_string());
        })?;
        Ok(StoredFile { file, size, sha256: digest.finalize().into(), part })
    }

    async fn seal(mut self, last: bool) -> Result<Self, SealedError> {
        self.sealer.seal(&mut self.segment, last)?;
        self.piece.append(&mut self.segment);
        if self.piece.len() >= PIECE {
            let (mut draft, piece) = (self.draft, self.piece);
            (self.draft, self.piece) = on_disk(move || draft.write(&piece).map(|()| (draft, piece))).await?;
            self.piece.clear();
        }
        Ok(self)
    }
}

impl SealedReader {
    /// Opens a file whose plaintext has `size` bytes, from the byte `from` on.
    pub(crate) async fn new(
        shelf: &Shelf,
        name: FileName,
        key: &BlobKey,
        size: u64,
        from: u64,
    ) -> Result<Self, SealedError> {
        let (number, skip) = place(from);
        let offset = u64::from(number) * (SEGMENT + SEGMENT_TAG) as u64;
        let shelf = shelf.clone();
        let file = on_disk(move || shelf.read(&name.to_string(), offset)).await?;
        let opener = SegmentOpener::at(key, number)?;
        let at = u64::from(number) * SEGMENT as u64;
        Ok(Self { file, opener, at, size, skip, segment: Vec::with_capacity(SEGMENT + SEGMENT_TAG) })
    }

    /// The next bytes of the plaintext; none after the last.
    pub(crate) async fn next(mut self) -> Result<(Self, bool), SealedError> {
        self.segment.clear();
        if self.at > self.size || (self.at == self.size && self.size > 0) {
            return Ok((self, false));
        }
        let content = usize::try_from(self.size - self.at).map_or(SEGMENT, |left| left.min(SEGMENT));
        let (mut file, mut segment) = (self.file, self.segment);
        (self.file, self.segment) = on_disk(move || {
            segment.resize(content + SEGMENT_TAG, 0);
            file.read_exact(&mut segment).map(|()| (file, segment))
        })
        .await?;
        self.at += content as u64;
        let last = self.at >= self.size;
        self.opener.open(&mut self.segment, last)?;
        self.segment.drain(..self.skip.min(content));
        self.skip = 0;
        if self.size == 0 {
            self.at = 1;
        }
        Ok((self, true))
    }

    /// What [`next`](Self::next) has read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.segment
    }
}

/// The segment that a byte of plaintext is in, and how many bytes of it are before.
pub(crate) fn place(byte: u64) -> (u32, usize) {
    let segment = SEGMENT as u64;
    (u32::try_from(byte / segment).unwrap_or(u32::MAX), usize::try_from(byte % segment).unwrap_or(0))
}

impl From<BlobError> for SealedError {
    fn from(error: BlobError) -> Self {
        if error == BlobError::TooLong { Self::TooLong } else { Self::Changed }
    }
}

/// Does what may wait for a disk where nothing else waits for it.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SealedError> {
    spawn_blocking(work).await.map_err(io::Error::other)?.map_err(SealedError::Disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn through(length: usize, from: u64) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let file = MediaFile { name: FileName([3; 16]), key: BlobKey::new([4; 32]) };
        let mut writer = SealedWriter::new(&shelf, file.clone()).await.unwrap();
        for piece in bytes.chunks(10_007) {
            writer = writer.write(piece).await.unwrap();
        }
        let stored = writer.finish(&shelf, FilePart::default()).await.unwrap();
        assert_eq!((stored.size, stored.sha256), (length as u64, Sha256::digest(&bytes).into()));
        let mut reader = SealedReader::new(&shelf, file.name, &file.key, stored.size, from).await.unwrap();
        let mut read = Vec::new();
        loop {
            let (next, more) = reader.next().await.unwrap();
            if !more {
                return read;
            }
            read.extend_from_slice(next.bytes());
            reader = next;
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_back_from_any_byte_on() {
        for length in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 5 * SEGMENT, 5 * SEGMENT + 9] {
            for from in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1].into_iter().filter(|from| *from <= length) {
                let read = through(length, from as u64).await;
                assert_eq!(read.len(), length - from, "{length} {from}");
                assert!(read.iter().zip(from..).all(|(byte, at)| usize::from(*byte) == at % 251));
            }
        }
    }
}
