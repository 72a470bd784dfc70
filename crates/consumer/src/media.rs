//! Media on a device: a file of the person's becomes a blob at the relay, and a blob that came in a message is fetched and
//! checked. A segment at a time: no machine holds the bytes, and neither does this.

use content::{Blob, BlobDecryptor, BlobEncryptor, BlobError, BlobKey, SEGMENT, SEGMENT_TAG};
use kernel::Rng;
use link::{Transfer, TransferError, UplinkTransfers};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use tokio::task::spawn_blocking;
use wire::{BlobId, Refusal, TransferAnswer, TransferRequest};

/// Media were not put, or not fetched.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// There is no connection to the relay, or it was lost.
    #[error("there is no connection to the relay, or it was lost on the way: try again")]
    Link(#[from] TransferError),
    /// The relay won't.
    #[error("{}", in_words(*.0))]
    Refused(Refusal),
    /// The file of the person's.
    #[error("the file can't be read or written: {0}")]
    File(#[from] io::Error),
    /// It is not what the message says.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// Encrypts a file under a key of its own and puts it at the relay: what a message says of it.
///
/// # Errors
/// Any [`MediaError`].
pub async fn put_file(relay: &UplinkTransfers, path: &Path, rng: &mut Rng) -> Result<Blob, MediaError> {
    let path = path.to_owned();
    let (mut file, size) = on_disk(move || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    })
    .await?;
    let mut blob = Blob { id: rng.bytes(), key: BlobKey::new(rng.bytes()), sha256: [0; 32], size };
    let mut encryptor = BlobEncryptor::new(&blob.key, size)?;
    let request = TransferRequest::Put { blob: BlobId(blob.id), length: blob.padded_length() };
    let mut transfer = relay.open(request).await?;
    let TransferAnswer::GoOn { .. } = answer(&mut transfer).await? else {
        return Err(MediaError::Refused(Refusal::NameTaken));
    };
    let (mut digest, mut segment) = (Sha256::new(), Vec::with_capacity(SEGMENT + SEGMENT_TAG));
    while let Some(wants) = encryptor.wants() {
        (file, segment) = on_disk(move || {
            segment.resize(wants, 0);
            // A file that has become shorter is an error here; what it has got since is not sent.
            file.read_exact(&mut segment).map(|()| (file, segment))
        })
        .await?;
        digest.update(&segment);
        encryptor.seal(&mut segment)?;
        transfer.write(&segment).await?;
    }
    transfer.finish().await;
    answer(&mut transfer).await?;
    blob.sha256 = digest.finalize().into();
    Ok(blob)
}

/// Fetches a blob and hands its plaintext to `take`, in order. Length and digest are the message's if this returns without an
/// error; what was taken before one is authentic, and not all.
///
/// # Errors
/// Any [`MediaError`].
pub async fn fetch(
    relay: &UplinkTransfers,
    blob: &Blob,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), MediaError> {
    let mut decryptor = BlobDecryptor::new(blob)?;
    let mut transfer = relay.open(TransferRequest::Get { blob: BlobId(blob.id), offset: 0 }).await?;
    match answer(&mut transfer).await? {
        TransferAnswer::GoOn { length } if length == blob.padded_length() => {}
        _ => return Err(BlobError::Changed.into()),
    }
    let mut segment = Vec::with_capacity(SEGMENT + SEGMENT_TAG);
    while let Some(wants) = decryptor.wants() {
        segment.clear();
        transfer.fill(&mut segment, wants).await?;
        decryptor.open(&mut segment)?;
        take(&segment)?;
    }
    Ok(())
}

/// Deletes a blob that nobody else will fetch.
///
/// # Errors
/// Any [`MediaError`]. The relay drops it by itself when its time is over.
pub async fn forget(relay: &UplinkTransfers, blob: &Blob) -> Result<(), MediaError> {
    let mut transfer = relay.open(TransferRequest::Delete { blob: BlobId(blob.id) }).await?;
    answer(&mut transfer).await.map(|_| ())
}

async fn answer(transfer: &mut Transfer) -> Result<TransferAnswer, MediaError> {
    match transfer.answer().await? {
        TransferAnswer::Refused(refusal) => Err(MediaError::Refused(refusal)),
        answer => Ok(answer),
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

fn in_words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoBlob => "the relay does not have these media, or not any more: ask for them again",
        Refusal::BlobTooLarge => "the relay takes no media of that size: send less",
        Refusal::NoRoom => "the relay keeps no more media for this device: wait until some were fetched",
        Refusal::NotAnEndpoint => "the relay does not know this device yet: try again when it is registered",
        Refusal::NotNow | Refusal::NameTaken | Refusal::Unspecified => {
            "the relay can't take these media now: try again later"
        }
    }
}
