//! A connection: frames out, frames in, and who is at the other end.

use crate::count::count;
use crate::outbox::{Outbox, Taken};
use crate::source::{Piece, Source};
use crate::tap::Tapped;
use crate::transfer::Transfers;
use crate::{CloseReason, LinkError, SendError};
use bytes::BufMut as _;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use wire::{Decoder, Frame, LinkKey, ToEndpoint, ToRelay};

/// A connection whose other end proved to hold the key [`peer`](Self::peer).
///
/// It lives as long as both halves do. If the receiver or the last sender is dropped, the connection is
/// closed as by [`FrameSender::close`]: what is queued still goes out.
#[derive(Debug)]
pub struct Connection<In, Out> {
    /// Who is at the other end.
    pub peer: LinkKey,
    /// Frames to the other end.
    pub sender: FrameSender<Out>,
    /// Frames from the other end.
    pub receiver: FrameReceiver<In>,
    /// What is too large for a frame: the endpoint opens it, the relay accepts it.
    pub transfers: Transfers,
}

/// A connection as an endpoint has it.
pub(crate) type EndpointSide = Connection<ToEndpoint, ToRelay>;

/// A connection as the relay has it.
pub(crate) type RelaySide = Connection<ToRelay, ToEndpoint>;

/// Queues frames for the other end. Clones feed the same queue.
pub struct FrameSender<Out> {
    handle: Arc<SenderHandle>,
    frames: PhantomData<fn(Out)>,
}

impl<Out: Frame> FrameSender<Out> {
    /// Queues a frame as soon as there is room. If the future is dropped, the frame isn't sent.
    ///
    /// # Errors
    /// [`SendError::Closed`] or [`SendError::TooLarge`].
    pub async fn send(&self, frame: Out) -> Result<(), SendError> {
        let mut frame = Some(frame);
        loop {
            self.handle.outbox.room().await;
            let pushed = self.handle.outbox.push(|buffer| {
                if let Some(frame) = frame.take() {
                    frame.encode(buffer);
                }
            });
            match pushed {
                // Another sender was quicker.
                Err(SendError::Full) => {}
                pushed => return pushed,
            }
        }
    }

    /// Queues a frame if there is room.
    ///
    /// # Errors
    /// Any of [`SendError`]; the frame is then gone.
    pub fn try_send(&self, frame: Out) -> Result<(), SendError> {
        self.handle.outbox.push(|buffer| frame.encode(buffer))
    }

    /// Queues bytes that need not be a frame: for tests and adversaries of the simulator.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send).
    pub fn danger_send_bytes(&self, bytes: &[u8]) -> Result<(), SendError> {
        self.handle.outbox.push(|buffer| buffer.put_slice(bytes))
    }

    /// Takes no further frames, sends what is queued, then closes the connection with `reason`. Returns
    /// at once; before a program ends it should wait for [`closed`](Self::closed). Of several reasons the
    /// first counts.
    pub fn close(&self, reason: CloseReason) {
        self.handle.outbox.close(reason);
    }

    /// Waits until the connection is closed or lost. After [`close`](Self::close) that is when the other
    /// end has what was queued, or after [`Limits::close_timeout`](crate::Limits::close_timeout).
    pub async fn closed(&self) {
        match self.handle.medium {
            Medium::Quic => self.handle.outbox.ended().await,
            Medium::Memory => self.handle.outbox.closing().await,
        }
    }
}

impl<Out> Clone for FrameSender<Out> {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle), frames: PhantomData }
    }
}

impl<Out> fmt::Debug for FrameSender<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSender").finish_non_exhaustive()
    }
}

/// Yields the frames of the other end.
pub struct FrameReceiver<In> {
    source: Source,
    decoder: Decoder<In>,
    outgoing: Arc<Outbox>,
    tap: Option<Tapped>,
    end: Option<Result<CloseReason, LinkError>>,
}

impl<In: Frame> FrameReceiver<In> {
    /// The next frame; `None` if the connection was closed, by either end. Cancel-safe. As long as nobody
    /// asks, the other end can send only as much as the windows allow.
    ///
    /// # Errors
    /// No further frame will come: the bytes are no frame (the owner then answers and closes), or the
    /// connection was lost. Every further call says the same.
    pub async fn recv(&mut self) -> Result<Option<In>, LinkError> {
        loop {
            if let Some(end) = self.end {
                return end.map(|_| None);
            }
            match self.decoder.next_frame() {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) => self.read_more().await,
                Err(error) => self.end = Some(Err(error.into())),
            }
        }
    }

    /// Why the connection was closed, once [`recv`](Self::recv) has said `None`.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.end?.ok()
    }

    async fn read_more(&mut self) {
        let piece = match &mut self.source {
            Source::Quic(source) => source.read(&self.outgoing).await,
            Source::Memory(incoming) => tokio::select! {
                biased;
                taken = incoming.take() => match taken {
                    Taken::Bytes(bytes) => Piece::One(bytes),
                    Taken::Finish(reason) => Piece::End(Ok(reason)),
                    Taken::Yield | Taken::Ended => Piece::End(Ok(self.outgoing.reason())),
                },
                () = self.outgoing.closing() => Piece::End(Ok(self.outgoing.reason())),
            },
        };
        match piece {
            Piece::One(bytes) => self.feed(&bytes),
            Piece::Many(chunks) => chunks.iter().for_each(|chunk| self.feed(chunk)),
            Piece::End(end) => {
                self.end = Some(end);
                if let Source::Memory(incoming) = &self.source {
                    incoming.end();
                }
                match end {
                    Ok(_) => self.outgoing.answer(),
                    Err(_) => self.outgoing.end(),
                }
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        count("received", bytes);
        if let Some(tap) = &mut self.tap {
            tap.saw(bytes);
        }
        self.decoder.feed(bytes);
    }
}

impl<In> Drop for FrameReceiver<In> {
    fn drop(&mut self) {
        self.outgoing.close(CloseReason::Done);
        if let Source::Memory(incoming) = &self.source {
            incoming.end();
        }
    }
}

impl<In> fmt::Debug for FrameReceiver<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReceiver").field("end", &self.end).finish_non_exhaustive()
    }
}

pub(crate) fn assemble<In: Frame, Out: Frame>(
    peer: LinkKey,
    source: Source,
    outgoing: Arc<Outbox>,
    tap: Option<Tapped>,
    transfers: Transfers,
) -> Connection<In, Out> {
    let medium = match source {
        Source::Quic(_) => Medium::Quic,
        Source::Memory(_) => Medium::Memory,
    };
    let handle = Arc::new(SenderHandle { outbox: Arc::clone(&outgoing), medium });
    Connection {
        peer,
        sender: FrameSender { handle, frames: PhantomData },
        receiver: FrameReceiver { source, decoder: Decoder::default(), outgoing, tap, end: None },
        transfers,
    }
}

/// Shared by the clones of a sender; the last one closes the connection.
struct SenderHandle {
    outbox: Arc<Outbox>,
    medium: Medium,
}

/// When the other end has what was queued: in memory at once.
enum Medium {
    Quic,
    Memory,
}

impl Drop for SenderHandle {
    fn drop(&mut self) {
        self.outbox.close(CloseReason::Done);
    }
}
