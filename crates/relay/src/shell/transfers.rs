//! Transfers on sockets and files: the machine is asked, and what it says is done, with memory for some pieces of each.

use super::lock;
use crate::{Input, TransferEvent, Verdict};
use link::{Transfer, TransferError, Transfers};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{Draft, Shelf};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use wire::{BlobId, ConnectionId, LinkKey, Refusal, TransferAnswer, TransferId, TransferRequest};

/// What is written to a file, or read from one, at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// How long a transfer may take: the largest blob at 1 Mbit/s.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Transfers that a node may have open at once: it has all of its businesses' on one connection.
pub(super) const OF_A_GATEWAY: u32 = 16;

/// What all transfers of a relay share.
#[derive(Clone)]
pub(super) struct Desk {
    files: Shelf,
    /// Who waits for what the machine says. No transfer is told more than two things.
    waiting: Arc<Mutex<BTreeMap<TransferId, mpsc::Sender<Verdict>>>>,
    next: Arc<AtomicU64>,
}

/// Why a transfer came to nothing.
enum Trouble {
    /// Its other end is gone, or says what it shouldn't.
    Link,
    /// A file can't be read or written.
    Disk,
    /// There is no machine any more.
    Machine,
}

impl Desk {
    pub(super) fn new(files: Shelf) -> Self {
        Self { files, waiting: Arc::default(), next: Arc::new(AtomicU64::new(1)) }
    }

    /// What the machine says of a transfer.
    pub(super) fn hear(&self, transfer: TransferId, verdict: Verdict) {
        if let Some(waiting) = lock(&self.waiting).get(&transfer) {
            // Who waited may be gone.
            let _ = waiting.try_send(verdict);
        }
    }

    /// Nobody can have it any more.
    pub(super) fn drop_blob(&self, blob: BlobId) {
        self.files.remove(&name_of(blob));
    }

    /// Serves the transfers of a connection for as long as it is polled; those that go on then are cut off.
    pub(super) async fn serve(
        &self,
        connection: ConnectionId,
        transfers: Transfers,
        inputs: mpsc::Sender<Input>,
    ) {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = transfers.accept() => {
                    let Some(transfer) = accepted else { break };
                    let id = TransferId(self.next.fetch_add(1, Ordering::Relaxed));
                    let carrier = Carrier { desk: self.clone(), id, connection, inputs: inputs.clone() };
                    open.spawn(async move { timeout(LONGEST, carrier.carry(transfer)).await });
                }
                Some(_) = open.join_next() => {}
            }
        }
        // The connection's frames say that it is gone.
        std::future::pending::<()>().await;
    }
}

/// Carries one transfer.
struct Carrier {
    desk: Desk,
    id: TransferId,
    connection: ConnectionId,
    inputs: mpsc::Sender<Input>,
}

impl Carrier {
    async fn carry(self, mut transfer: Transfer) {
        let Ok(request) = transfer.request().await else { return };
        let (told, mut verdicts) = mpsc::channel(2);
        lock(&self.desk.waiting).insert(self.id, told);
        let done = self.carry_request(&mut transfer, request, &mut verdicts).await;
        let answer = match done {
            Ok(answer) => answer,
            Err(Trouble::Disk | Trouble::Machine) => Some(TransferAnswer::Refused(Refusal::NotNow)),
            Err(Trouble::Link) => return,
        };
        if let Some(answer) = answer
            && transfer.say(answer).await.is_err()
        {
            return;
        }
        transfer.finish().await;
        // Until the other end has it all: what is dropped may not go out.
        let _ = transfer.read().await;
    }

    /// Gives the last thing to say, if there is one.
    async fn carry_request(
        &self,
        transfer: &mut Transfer,
        request: TransferRequest,
        verdicts: &mut mpsc::Receiver<Verdict>,
    ) -> Result<Option<TransferAnswer>, Trouble> {
        self.tell(TransferEvent::Asked { connection: self.connection, request }).await?;
        match verdicts.recv().await.ok_or(Trouble::Machine)? {
            Verdict::Done => Ok(Some(TransferAnswer::Done)),
            Verdict::Refused(refusal) => Ok(Some(TransferAnswer::Refused(refusal))),
            Verdict::Send { blob, offset, length } => self.send(transfer, blob, offset, length).await,
            Verdict::Receive { blob, length } => {
                let draft = self.receive(transfer, length).await?;
                self.keep(draft, blob);
                match verdicts.recv().await.ok_or(Trouble::Machine)? {
                    Verdict::Refused(refusal) => Ok(Some(TransferAnswer::Refused(refusal))),
                    _ => Ok(Some(TransferAnswer::Done)),
                }
            }
        }
    }

    async fn tell(&self, event: TransferEvent) -> Result<(), Trouble> {
        let input = Input::Transfer { transfer: self.id, event };
        self.inputs.send(input).await.map_err(|_| Trouble::Machine)
    }

    /// A draft with all that was announced, and no more.
    async fn receive(&self, transfer: &mut Transfer, length: u64) -> Result<Draft, Trouble> {
        let files = self.desk.files.clone();
        let mut draft = on_disk(move || files.draft()).await?;
        transfer.say(TransferAnswer::GoOn { length }).await?;
        let (mut left, mut piece) = (length, Vec::with_capacity(PIECE));
        while left > 0 {
            piece.clear();
            let wanted = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            transfer.fill(&mut piece, wanted).await?;
            (draft, piece) = on_disk(move || draft.write(&piece).map(|()| (draft, piece))).await?;
            left -= wanted as u64;
        }
        // Whoever says more than was announced is not taken at their word.
        if transfer.read().await?.is_some() { Err(Trouble::Link) } else { Ok(draft) }
    }

    /// Makes a draft durable, and tells the machine, whether or not somebody still waits: else there would be a file that
    /// nobody knows of.
    fn keep(&self, draft: Draft, blob: BlobId) {
        let (inputs, transfer) = (self.inputs.clone(), self.id);
        tokio::spawn(async move {
            let kept = on_disk(move || draft.keep(&name_of(blob))).await.is_ok();
            let event = if kept { TransferEvent::Arrived { blob } } else { TransferEvent::Ended };
            let _ = inputs.send(Input::Transfer { transfer, event }).await;
        });
    }

    async fn send(
        &self,
        transfer: &mut Transfer,
        blob: BlobId,
        offset: u64,
        length: u64,
    ) -> Result<Option<TransferAnswer>, Trouble> {
        let files = self.desk.files.clone();
        // A file that is gone, whoever took it away, won't come again.
        let Ok(mut file) = on_disk(move || files.read(&name_of(blob), offset)).await else {
            return Ok(Some(TransferAnswer::Refused(Refusal::NoBlob)));
        };
        transfer.say(TransferAnswer::GoOn { length }).await?;
        let (mut left, mut piece) = (length.saturating_sub(offset), vec![0; PIECE]);
        while left > 0 {
            let read;
            (file, piece, read) = on_disk(move || read_some(file, piece)).await?;
            let bytes = piece.get(..read).filter(|bytes| !bytes.is_empty()).ok_or(Trouble::Disk)?;
            transfer.write(bytes).await?;
            left = left.saturating_sub(read as u64);
        }
        Ok(None)
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        lock(&self.desk.waiting).remove(&self.id);
        // What was to come does not, unless it has. A full queue is one whose machine hears that the connection is gone.
        let ended = Input::Transfer { transfer: self.id, event: TransferEvent::Ended };
        let inputs = self.inputs.clone();
        if let Err(mpsc::error::TrySendError::Full(ended)) = self.inputs.try_send(ended)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { inputs.send(ended).await });
        }
    }
}

impl From<TransferError> for Trouble {
    fn from(_: TransferError) -> Self {
        Self::Link
    }
}

/// Of its file: hexadecimal digits, as a link key has.
fn name_of(blob: BlobId) -> String {
    LinkKey(blob.0).to_string()
}

/// The blob whose file has this name.
pub(super) fn blob_of(name: &str) -> Option<BlobId> {
    name.parse().ok().map(|key: LinkKey| BlobId(key.0))
}

fn read_some(mut file: File, mut piece: Vec<u8>) -> io::Result<(File, Vec<u8>, usize)> {
    let read = file.read(&mut piece)?;
    Ok((file, piece, read))
}

/// Does what may wait for a disk where nothing else waits for it.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Trouble> {
    match spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            tracing::warn!(error = %error.kind(), "a blob's file can't be read or written");
            Err(Trouble::Disk)
        }
        Err(_) => Err(Trouble::Disk),
    }
}
