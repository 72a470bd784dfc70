//! Bytes between the node's files, the relay's blobs and whoever downloads: a segment at a time.

use crate::media::{BlobAnswer, Bytes, MediaFile};
use crate::shell::sealed::{SealedReader, place};
use bytes::Bytes as Chunk;
use content::{Blob, BlobDecryptor, BlobEncryptor, SEGMENT, SEGMENT_TAG};
use link::{Transfer, UplinkTransfers};
use store::Shelf;
use tokio::sync::mpsc;
use wire::{BlobId, Refusal, TransferAnswer, TransferRequest};

/// Why bytes don't come any more.
pub(crate) struct Cut;

/// Where bytes are: files and the relay. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) shelf: Shelf,
    pub(crate) relay: UplinkTransfers,
}

impl Carrier {
    /// Encrypts a file anew, and puts it at the relay.
    pub(crate) async fn put(&self, file: &MediaFile, blob: &Blob) -> BlobAnswer {
        let request = TransferRequest::Put { blob: BlobId(blob.id), length: blob.padded_length() };
        let Ok(mut transfer) = self.relay.open(request).await else { return BlobAnswer::NotNow };
        match transfer.answer().await {
            Ok(TransferAnswer::GoOn { .. }) => {}
            Ok(answer) => return answered(answer),
            Err(_) => return BlobAnswer::NotNow,
        }
        if let Err(answer) = self.encrypt(&mut transfer, file, blob).await {
            return answer;
        }
        transfer.finish().await;
        transfer.answer().await.map_or(BlobAnswer::NotNow, answered)
    }

    async fn encrypt(
        &self,
        transfer: &mut Transfer,
        file: &MediaFile,
        blob: &Blob,
    ) -> Result<(), BlobAnswer> {
        let reader = SealedReader::new(&self.shelf, file.name, &file.key, blob.size, 0).await;
        let mut reader = reader.map_err(|_| BlobAnswer::Never)?;
        let mut encryptor = BlobEncryptor::new(&blob.key, blob.size).map_err(|_| BlobAnswer::Never)?;
        let mut segment = Vec::with_capacity(SEGMENT + SEGMENT_TAG);
        while let Some(wants) = encryptor.wants() {
            segment.clear();
            if wants > 0 {
                // Segments of the file and of the blob are as long as each other, but for the last.
                let (next, _) = reader.next().await.map_err(|_| BlobAnswer::Never)?;
                segment.extend_from_slice(next.bytes());
                reader = next;
            }
            encryptor.seal(&mut segment).map_err(|_| BlobAnswer::Never)?;
            transfer.write(&segment).await.map_err(|_| BlobAnswer::NotNow)?;
        }
        Ok(())
    }

    /// Sends the plaintext from the byte `from` to before `to` into `sink`, which is full while nobody takes it.
    pub(crate) async fn give(
        &self,
        bytes: Bytes,
        (from, to): (u64, u64),
        sink: mpsc::Sender<Result<Chunk, Cut>>,
    ) {
        let left = to.saturating_sub(from);
        let given = match bytes {
            Bytes::File { file, size } => self.give_file(&file, size, (from, left), &sink).await,
            Bytes::Blob(blob) => self.give_blob(&blob, (from, left), &sink).await,
        };
        if given.is_err() {
            let _ = sink.send(Err(Cut)).await;
        }
    }

    async fn give_file(
        &self,
        file: &MediaFile,
        size: u64,
        (from, mut left): (u64, u64),
        sink: &mpsc::Sender<Result<Chunk, Cut>>,
    ) -> Result<(), Cut> {
        let reader = SealedReader::new(&self.shelf, file.name, &file.key, size, from).await;
        let mut reader = reader.map_err(|_| Cut)?;
        while left > 0 {
            let (next, more) = reader.next().await.map_err(|_| Cut)?;
            reader = next;
            if !more {
                return Err(Cut);
            }
            left = give_some(reader.bytes(), left, sink).await?;
        }
        Ok(())
    }

    async fn give_blob(
        &self,
        blob: &Blob,
        (from, mut left): (u64, u64),
        sink: &mpsc::Sender<Result<Chunk, Cut>>,
    ) -> Result<(), Cut> {
        let (number, mut skip) = place(from);
        let mut decryptor = match number {
            0 => BlobDecryptor::new(blob),
            number => BlobDecryptor::from_segment(blob, number),
        }
        .map_err(|_| Cut)?;
        let offset = u64::from(number) * (SEGMENT + SEGMENT_TAG) as u64;
        let mut transfer = self.get(blob, offset).await?;
        let mut segment = Vec::with_capacity(SEGMENT + SEGMENT_TAG);
        while let (Some(wants), true) = (decryptor.wants(), left > 0) {
            segment.clear();
            transfer.fill(&mut segment, wants).await.map_err(|_| Cut)?;
            decryptor.open(&mut segment).map_err(|_| Cut)?;
            let wanted = segment.get(skip..).unwrap_or_default();
            skip = 0;
            left = give_some(wanted, left, sink).await?;
        }
        if left > 0 { Err(Cut) } else { Ok(()) }
    }

    async fn get(&self, blob: &Blob, offset: u64) -> Result<Transfer, Cut> {
        let request = TransferRequest::Get { blob: BlobId(blob.id), offset };
        let mut transfer = self.relay.open(request).await.map_err(|_| Cut)?;
        match transfer.answer().await {
            Ok(TransferAnswer::GoOn { length }) if length == blob.padded_length() => Ok(transfer),
            _ => Err(Cut),
        }
    }

    /// Deletes a blob, if the relay can be asked now; else its time is over sooner or later.
    pub(crate) async fn forget(&self, blob: BlobId) {
        if let Ok(mut transfer) = self.relay.open(TransferRequest::Delete { blob }).await {
            let _ = transfer.answer().await;
        }
    }
}

/// Sends as much of `bytes` as is wanted, and says how much more is.
async fn give_some(bytes: &[u8], left: u64, sink: &mpsc::Sender<Result<Chunk, Cut>>) -> Result<u64, Cut> {
    let wanted = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
    let bytes = Chunk::copy_from_slice(bytes.get(..wanted).unwrap_or_default());
    sink.send(Ok(bytes)).await.map_err(|_| Cut)?;
    Ok(left.saturating_sub(wanted as u64))
}

fn answered(answer: TransferAnswer) -> BlobAnswer {
    match answer {
        TransferAnswer::Done => BlobAnswer::Done,
        TransferAnswer::Refused(Refusal::BlobTooLarge | Refusal::NameTaken) => BlobAnswer::Never,
        TransferAnswer::GoOn { .. } | TransferAnswer::Refused(_) => BlobAnswer::NotNow,
    }
}
