//! What one end has said and the other has not taken yet: a bounded buffer of encoded frames. Frames are
//! encoded where they are sent, so whoever writes takes all that has gathered as one piece.

use crate::{CloseReason, SendError};
use bytes::{Bytes, BytesMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wire::MAX_FRAME_BYTES;

#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    room: usize,
    /// Wakes the one that takes.
    filled: Notify,
    /// Wakes those that wait for room, or for the end.
    drained: Notify,
}

#[derive(Debug)]
struct State {
    queued: BytesMut,
    phase: Phase,
    reason: CloseReason,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Open,
    /// No further frames; what is queued still goes out.
    Closing,
    /// The same because the other end closes; it also has the last word.
    Answering,
    Ended,
}

/// What there is to do for the one that takes.
pub(crate) enum Taken {
    Bytes(Bytes),
    /// All bytes are taken: close.
    Finish(CloseReason),
    /// All bytes are taken: let the other end close.
    Yield,
    /// Nobody takes any more.
    Ended,
}

impl Outbox {
    /// Accepts frames as long as fewer than `room` bytes are queued.
    pub(crate) fn new(room: usize) -> Self {
        let state = State { queued: BytesMut::new(), phase: Phase::Open, reason: CloseReason::Done };
        Self { state: Mutex::new(state), room, filled: Notify::new(), drained: Notify::new() }
    }

    /// Appends one frame.
    pub(crate) fn push(&self, encode: impl FnOnce(&mut BytesMut)) -> Result<(), SendError> {
        {
            let mut state = self.lock();
            let before = state.queued.len();
            match state.phase {
                Phase::Open if before < self.room => encode(&mut state.queued),
                Phase::Open => return Err(SendError::Full),
                Phase::Closing | Phase::Answering | Phase::Ended => return Err(SendError::Closed),
            }
            // The length field isn't counted by the limit.
            if state.queued.len() - before > MAX_FRAME_BYTES + size_of::<u32>() {
                state.queued.truncate(before);
                return Err(SendError::TooLarge);
            }
        }
        self.filled.notify_one();
        Ok(())
    }

    /// Waits until [`push`](Self::push) would not say that it's full.
    pub(crate) async fn room(&self) {
        self.wait_drained(|state| !matches!(state.phase, Phase::Open) || state.queued.len() < self.room)
            .await;
    }

    /// Takes all that is queued, or waits. Cancel-safe. For one task only.
    pub(crate) async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.try_take() {
                return taken;
            }
            // A permit is stored if a push came in between.
            self.filled.notified().await;
        }
    }

    fn try_take(&self) -> Option<Taken> {
        let mut state = self.lock();
        if let Phase::Ended = state.phase {
            return Some(Taken::Ended);
        }
        if !state.queued.is_empty() {
            // Not `split`: an idle connection keeps no buffer.
            let bytes = std::mem::take(&mut state.queued).freeze();
            drop(state);
            self.drained.notify_waiters();
            return Some(Taken::Bytes(bytes));
        }
        match state.phase {
            Phase::Closing => Some(Taken::Finish(state.reason)),
            Phase::Answering => Some(Taken::Yield),
            Phase::Open | Phase::Ended => None,
        }
    }

    /// No further frames. The first reason counts.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.close_as(Phase::Closing, reason);
    }

    /// As [`close`](Self::close), because the other end closes.
    pub(crate) fn answer(&self) {
        self.close_as(Phase::Answering, CloseReason::Done);
    }

    fn close_as(&self, phase: Phase, reason: CloseReason) {
        {
            let mut state = self.lock();
            if let Phase::Open = state.phase {
                state.phase = phase;
                state.reason = reason;
            }
        }
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// No further frames, and those that are queued are lost.
    pub(crate) fn end(&self) {
        {
            let mut state = self.lock();
            state.phase = Phase::Ended;
            state.queued = BytesMut::new();
        }
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Why this end closes the connection, or would if it did now.
    pub(crate) fn reason(&self) -> CloseReason {
        self.lock().reason
    }

    /// Waits for [`end`](Self::end).
    pub(crate) async fn ended(&self) {
        self.wait_drained(|state| matches!(state.phase, Phase::Ended)).await;
    }

    /// Waits for [`close`](Self::close) or [`end`](Self::end).
    pub(crate) async fn closing(&self) {
        self.wait_drained(|state| !matches!(state.phase, Phase::Open)).await;
    }

    async fn wait_drained(&self, done: impl Fn(&State) -> bool) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            // Enlisted before looking, so that no notification falls in between.
            drained.as_mut().enable();
            if done(&self.lock()) {
                return;
            }
            drained.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in `encode` leaves at most part of a frame, and the peer refuses that.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut as _;

    fn push(outbox: &Outbox, bytes: usize) -> Result<(), SendError> {
        outbox.push(|buffer| buffer.put_bytes(7, bytes))
    }

    #[tokio::test]
    async fn frames_gather_until_taken() {
        let outbox = Outbox::new(10);
        assert_eq!([6, 6, 6].map(|bytes| push(&outbox, bytes)), [Ok(()), Ok(()), Err(SendError::Full)]);
        assert!(matches!(outbox.take().await, Taken::Bytes(bytes) if bytes.len() == 12));
        outbox.room().await;
        assert_eq!(push(&outbox, 1), Ok(()));
    }

    #[tokio::test]
    async fn closing_flushes_and_ending_does_not() {
        let outbox = Outbox::new(10);
        push(&outbox, 3).unwrap();
        outbox.close(CloseReason::Replaced);
        outbox.close(CloseReason::Done);
        assert_eq!(push(&outbox, 3), Err(SendError::Closed));
        assert!(matches!(outbox.take().await, Taken::Bytes(_)));
        assert!(matches!(outbox.take().await, Taken::Finish(CloseReason::Replaced)));
        outbox.end();
        outbox.ended().await;
        assert!(matches!(outbox.take().await, Taken::Ended));
    }

    #[test]
    fn a_frame_over_the_limit_leaves_no_trace() {
        let outbox = Outbox::new(10);
        push(&outbox, 3).unwrap();
        assert_eq!(push(&outbox, MAX_FRAME_BYTES + 5), Err(SendError::TooLarge));
        assert_eq!(outbox.lock().queued.len(), 3);
        assert_eq!(push(&outbox, MAX_FRAME_BYTES + 4), Ok(()));
    }
}
