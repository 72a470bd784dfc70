//! The answer to a transaction: awaited by a task or waited for by a thread.

use crate::CommitError;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The outcome of a transaction: a future, or [`wait`](Commit::wait) on a thread.
#[must_use = "nothing may be promised to anybody before the commit succeeded"]
pub struct Commit(Answer<Result<(), CommitError>>);

impl Commit {
    pub(crate) fn new(answer: Answer<Result<(), CommitError>>) -> Self {
        Self(answer)
    }

    /// Blocks the thread until the outcome is known.
    ///
    /// # Errors
    /// The transaction was refused, or the storage failed.
    pub fn wait(self) -> Result<(), CommitError> {
        self.0.wait().unwrap_or_else(|| Err(CommitError::closed()))
    }
}

impl Future for Commit {
    type Output = Result<(), CommitError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context).map(|answer| answer.unwrap_or_else(|| Err(CommitError::closed())))
    }
}

/// Two ends of one answer.
pub(crate) fn pair<T>() -> (Promise<T>, Answer<T>) {
    let cell = Arc::new(Cell { slot: Mutex::new(Slot::Waiting(None)), changed: Condvar::new() });
    (Promise(Arc::clone(&cell)), Answer(cell))
}

/// The end that answers. Dropped without an answer it tells the other end so.
pub(crate) struct Promise<T>(Arc<Cell<T>>);

impl<T> Promise<T> {
    pub(crate) fn keep(self, value: T) {
        self.0.set(Slot::Kept(value));
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if matches!(*self.0.lock(), Slot::Waiting(_)) {
            self.0.set(Slot::Gone);
        }
    }
}

/// The end that waits; `None` if nobody will answer any more.
pub(crate) struct Answer<T>(Arc<Cell<T>>);

impl<T> Answer<T> {
    pub(crate) fn wait(self) -> Option<T> {
        let mut slot = self.0.lock();
        while matches!(*slot, Slot::Waiting(_)) {
            slot = self.0.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
        slot.take()
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = self.0.lock();
        if let Slot::Waiting(waker) = &mut *slot {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(slot.take())
    }
}

struct Cell<T> {
    slot: Mutex<Slot<T>>,
    changed: Condvar,
}

enum Slot<T> {
    Waiting(Option<Waker>),
    Kept(T),
    /// Answered and taken, or never to be answered.
    Gone,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, slot: Slot<T>) {
        let before = std::mem::replace(&mut *self.lock(), slot);
        self.changed.notify_all();
        if let Slot::Waiting(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Slot<T> {
    fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, Self::Gone) {
            Self::Kept(value) => Some(value),
            Self::Waiting(_) | Self::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_answer_wakes_the_task_that_waits() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);
        let (promise, answer) = pair();
        assert_eq!(answer.poll(&mut context), Poll::Pending);
        promise.keep(7);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert_eq!(answer.poll(&mut context), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_broken_promise_is_told() {
        let (promise, answer) = pair::<u8>();
        drop(promise);
        assert_eq!(answer.wait(), None);
        let (promise, answer) = pair::<u8>();
        let waiting = std::thread::spawn(move || answer.wait());
        promise.keep(1);
        assert_eq!(waiting.join().unwrap(), Some(1));
    }
}
