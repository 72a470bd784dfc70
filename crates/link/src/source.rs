//! Where a receiver's bytes come from: the receiving half of a QUIC stream, or the other end's outbox.

use crate::outbox::Outbox;
use crate::{CloseReason, LinkError, Loss};
use bytes::Bytes;
use quinn::{ConnectionError, ReadError, RecvStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Where a receiver's bytes come from.
pub(crate) enum Source {
    Quic(QuicSource),
    /// The other end's outbox.
    Memory(Arc<Outbox>),
}

/// Chunks that one look at a QUIC stream takes: each is what one packet carried. Few, as they wait in the
/// future of every idle receiver.
pub(crate) type Chunks = [Bytes; 8];

/// What a source had.
#[expect(clippy::large_enum_variant, reason = "lives for one call")]
pub(crate) enum Piece {
    One(Bytes),
    /// As many as arrived; the others are empty.
    Many(Chunks),
    End(Result<CloseReason, LinkError>),
}

/// The receiving half of a QUIC link.
pub(crate) struct QuicSource {
    pub(crate) stream: RecvStream,
    pub(crate) connection: quinn::Connection,
    pub(crate) finished: bool,
    pub(crate) close_timeout: Duration,
}

impl QuicSource {
    /// What arrived next. Cancel-safe.
    pub(crate) async fn read(&mut self, outgoing: &Outbox) -> Piece {
        if !self.finished {
            let mut chunks = Chunks::default();
            match self.stream.read_chunks(&mut chunks).await {
                Ok(Some(_)) => return Piece::Many(chunks),
                Ok(None) => self.finished = true,
                Err(ReadError::ConnectionLost(error)) => return Piece::End(end_of(&error, outgoing)),
                Err(ReadError::Reset(code)) => {
                    return Piece::End(Err(Loss::Aborted(code.into_inner()).into()));
                }
                Err(_) => return Piece::End(Err(Loss::Aborted(INTERNAL_ERROR).into())),
            }
        }
        // The other end closes as soon as it knows that this end has everything, and says why.
        outgoing.answer();
        match timeout(self.close_timeout, self.connection.closed()).await {
            Ok(error) => Piece::End(end_of(&error, outgoing)),
            Err(_) => Piece::End(Ok(CloseReason::Done)),
        }
    }
}

/// RFC 9000 §20.1.
const INTERNAL_ERROR: u64 = 0x1;

fn end_of(error: &ConnectionError, outgoing: &Outbox) -> Result<CloseReason, LinkError> {
    let loss = match error {
        ConnectionError::ApplicationClosed(close) => {
            return Ok(CloseReason::from_code(close.error_code.into_inner()));
        }
        ConnectionError::LocallyClosed => return Ok(outgoing.reason()),
        ConnectionError::TimedOut => Loss::TimedOut,
        ConnectionError::Reset => Loss::Reset,
        ConnectionError::TransportError(error) => Loss::Aborted(error.code.into()),
        ConnectionError::ConnectionClosed(close) => Loss::Aborted(close.error_code.into()),
        ConnectionError::VersionMismatch | ConnectionError::CidsExhausted => Loss::Aborted(INTERNAL_ERROR),
    };
    Err(loss.into())
}
