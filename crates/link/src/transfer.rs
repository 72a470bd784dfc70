//! Streams of their own for what is too large for a message: each transfer has one, with the lowest priority, so that no
//! message waits behind it.
//!
//! The endpoint opens it and says what it wants ([`TransferRequest`]); the relay answers ([`TransferAnswer`]); the blob's bytes
//! follow one way or the other. Nobody holds more of them than a piece and the windows of the connection.

use crate::count::count;
use crate::tap::{Direction, Tap, Tapped};
use bytes::{Bytes, BytesMut};
use quinn::{RecvStream, SendStream, VarInt};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use wire::{Decoder, Frame, FrameError, TransferAnswer, TransferRequest};

/// Below messages, which have 0.
const PRIORITY: i32 = -1;

/// Why a half of a stream was reset or stopped: the transfer was given up.
const GIVEN_UP: VarInt = VarInt::from_u32(1);

/// What one read gives at most, in bytes.
const PIECE: usize = 64 * 1024;

/// Pieces between the ends of a transfer in memory.
const PIECES: usize = 4;

/// A transfer is at an end before it was done.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum TransferError {
    /// The connection is gone, or the other end has given the transfer up.
    #[error("the transfer was cut off")]
    Gone,
    /// The other end took or sent nothing for too long.
    #[error("the other end of the transfer has stopped")]
    Idle,
    /// The other end sent what is no frame.
    #[error("the other end of the transfer says what can't be understood: {0}")]
    Frame(#[from] FrameError),
}

/// The transfers of one connection. The endpoint opens them, and the relay accepts them.
#[derive(Clone)]
pub struct Transfers {
    medium: Medium,
    idle: Duration,
    tap: Option<Arc<dyn Tap>>,
}

#[derive(Clone)]
enum Medium {
    Quic(quinn::Connection),
    /// What an endpoint in memory opens.
    Opens(mpsc::Sender<(Sending, Receiving)>),
    /// What a relay in memory accepts.
    Accepts(Arc<Mutex<mpsc::Receiver<(Sending, Receiving)>>>),
}

/// One transfer, at either end. If it is dropped before [`finish`](Self::finish), the other end hears that it was given up.
pub struct Transfer {
    sending: Sending,
    receiving: Receiving,
    /// Arrived behind the last frame.
    rest: Bytes,
    idle: Duration,
    /// Nothing more will be sent.
    finished: bool,
    /// What was sent and received, for who watches the relay.
    taps: Option<(Tapped, Tapped)>,
}

enum Sending {
    Quic(SendStream),
    Memory(mpsc::Sender<Option<Bytes>>),
}

enum Receiving {
    Quic(RecvStream),
    Memory(mpsc::Receiver<Option<Bytes>>),
}

impl Transfers {
    /// Those of a QUIC connection; who stops for `idle` is given up.
    pub(crate) fn quic(connection: quinn::Connection, idle: Duration, tap: Option<Arc<dyn Tap>>) -> Self {
        Self { medium: Medium::Quic(connection), idle, tap }
    }

    /// Those of a connection in memory, `at_once` of them: the endpoint's side and the relay's.
    pub(crate) fn in_memory(at_once: u32, idle: Duration, tap: Option<Arc<dyn Tap>>) -> (Self, Self) {
        let at_once = usize::try_from(at_once).unwrap_or(1).max(1);
        let (sender, receiver) = mpsc::channel(at_once);
        let opens = Medium::Opens(sender);
        let accepts = Medium::Accepts(Arc::new(Mutex::new(receiver)));
        (Self { medium: opens, idle, tap: None }, Self { medium: accepts, idle, tap })
    }

    /// Opens a stream, as soon as there may be one more, and says what is wanted on it. Of endpoints.
    ///
    /// # Errors
    /// [`TransferError::Gone`] or [`TransferError::Idle`].
    pub async fn open(&self, request: TransferRequest) -> Result<Transfer, TransferError> {
        let mut transfer = match &self.medium {
            Medium::Quic(connection) => {
                let (send, recv) = connection.open_bi().await.map_err(|_| TransferError::Gone)?;
                self.of_streams(send, recv)
            }
            Medium::Opens(sender) => {
                let (to_relay, at_relay) = mpsc::channel(PIECES);
                let (to_endpoint, at_endpoint) = mpsc::channel(PIECES);
                let other = (Sending::Memory(to_endpoint), Receiving::Memory(at_relay));
                sender.send(other).await.map_err(|_| TransferError::Gone)?;
                self.transfer(Sending::Memory(to_relay), Receiving::Memory(at_endpoint))
            }
            Medium::Accepts(_) => return Err(TransferError::Gone),
        };
        transfer.say(request).await?;
        Ok(transfer)
    }

    /// The next transfer that the endpoint opens; `None` when the connection is at an end. Of relays.
    pub async fn accept(&self) -> Option<Transfer> {
        match &self.medium {
            Medium::Quic(connection) => {
                let (send, recv) = connection.accept_bi().await.ok()?;
                Some(self.of_streams(send, recv))
            }
            Medium::Accepts(receiver) => {
                let (sending, receiving) = receiver.lock().await.recv().await?;
                Some(self.transfer(sending, receiving))
            }
            Medium::Opens(_) => None,
        }
    }

    /// So many may be open at once from now on, beside the messages, with windows of `window` bytes each.
    pub fn allow(&self, at_once: u32, window: u32) {
        if let Medium::Quic(connection) = &self.medium {
            let streams = at_once.saturating_add(1);
            connection.set_max_concurrent_bi_streams(VarInt::from_u32(streams));
            connection.set_receive_window(VarInt::from_u32(window.saturating_mul(streams)));
        }
    }

    fn of_streams(&self, send: SendStream, recv: RecvStream) -> Transfer {
        // Fails only for a stream that is at an end.
        let _ = send.set_priority(PRIORITY);
        self.transfer(Sending::Quic(send), Receiving::Quic(recv))
    }

    fn transfer(&self, sending: Sending, receiving: Receiving) -> Transfer {
        let tapped = |tap: &Arc<dyn Tap>| {
            (Tapped::transfer(tap, Direction::ToEndpoint), Tapped::transfer(tap, Direction::ToRelay))
        };
        let taps = self.tap.as_ref().map(tapped);
        Transfer { sending, receiving, rest: Bytes::new(), idle: self.idle, finished: false, taps }
    }
}

impl Transfer {
    /// Sends a frame.
    ///
    /// # Errors
    /// [`TransferError::Gone`] or [`TransferError::Idle`].
    pub async fn say(&mut self, frame: impl Frame) -> Result<(), TransferError> {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        self.write(&bytes).await
    }

    /// What the endpoint wants. Of relays, before anything else.
    ///
    /// # Errors
    /// Any [`TransferError`].
    pub async fn request(&mut self) -> Result<TransferRequest, TransferError> {
        self.hear().await
    }

    /// What the relay answers.
    ///
    /// # Errors
    /// Any [`TransferError`].
    pub async fn answer(&mut self) -> Result<TransferAnswer, TransferError> {
        self.hear().await
    }

    /// Sends bytes, as soon as the other end takes them.
    ///
    /// # Errors
    /// [`TransferError::Gone`] or [`TransferError::Idle`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        count("sent", bytes);
        if let Some((sent, _)) = &mut self.taps {
            sent.saw(bytes);
        }
        let writing = async {
            match &mut self.sending {
                Sending::Quic(stream) => stream.write_all(bytes).await.map_err(|_| TransferError::Gone),
                Sending::Memory(sender) => {
                    let piece = Bytes::copy_from_slice(bytes);
                    sender.send(Some(piece)).await.map_err(|_| TransferError::Gone)
                }
            }
        };
        timeout(self.idle, writing).await.map_err(|_| TransferError::Idle)?
    }

    /// Nothing more will be sent; what was sent still goes out.
    pub async fn finish(&mut self) {
        match &mut self.sending {
            Sending::Quic(stream) => drop(stream.finish()),
            Sending::Memory(sender) => drop(sender.send(None).await),
        }
        self.finished = true;
    }

    /// The next bytes that came; `None` after the last.
    ///
    /// # Errors
    /// [`TransferError::Gone`] or [`TransferError::Idle`].
    pub async fn read(&mut self) -> Result<Option<Bytes>, TransferError> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        let reading = async {
            match &mut self.receiving {
                Receiving::Quic(stream) => match stream.read_chunk(PIECE, true).await {
                    Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
                    Err(_) => Err(TransferError::Gone),
                },
                // Without an end it was dropped.
                Receiving::Memory(receiver) => receiver.recv().await.ok_or(TransferError::Gone),
            }
        };
        let read = timeout(self.idle, reading).await.map_err(|_| TransferError::Idle)??;
        if let Some(bytes) = &read {
            count("received", bytes);
            if let Some((_, received)) = &mut self.taps {
                received.saw(bytes);
            }
        }
        Ok(read)
    }

    /// Fills `buffer` up to `length` with what comes.
    ///
    /// # Errors
    /// Any [`TransferError`]; it is [`TransferError::Gone`] if less comes.
    pub async fn fill(&mut self, buffer: &mut Vec<u8>, length: usize) -> Result<(), TransferError> {
        while buffer.len() < length {
            let mut bytes = self.read().await?.ok_or(TransferError::Gone)?;
            let taken = bytes.split_to(bytes.len().min(length - buffer.len()));
            buffer.extend_from_slice(&taken);
            self.rest = bytes;
        }
        Ok(())
    }

    async fn hear<F: Frame>(&mut self) -> Result<F, TransferError> {
        let mut decoder = Decoder::<F>::default();
        loop {
            if let Some(frame) = decoder.next_frame()? {
                self.rest = decoder.into_rest();
                return Ok(frame);
            }
            let bytes = self.read().await?.ok_or(TransferError::Gone)?;
            decoder.feed(&bytes);
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        // A stream that is dropped would be finished, and what was sent so far looked like all.
        if let (Sending::Quic(stream), false) = (&mut self.sending, self.finished) {
            let _ = stream.reset(GIVEN_UP);
        }
    }
}

impl fmt::Debug for Transfers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfers").finish_non_exhaustive()
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer").finish_non_exhaustive()
    }
}
