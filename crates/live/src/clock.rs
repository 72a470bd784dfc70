//! The wall clock: the one place in the program where the time comes from.
//!
//! All parties of a process share it. It can be put ahead, so that tests need not wait a day for what a day brings: what
//! machines wait for comes then; sockets and disks take the time that they take.

use kernel::Time;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// How far this process is ahead of the operating system's clock, in microseconds.
static AHEAD_US: AtomicU64 = AtomicU64::new(0);
static PUT_AHEAD: Notify = Notify::const_new();

/// The time by the operating system's clock, and as far ahead as this process was put; it may step back, and machines bear
/// that.
#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock enters")]
pub fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::EPOCH + since_epoch + Duration::from_micros(AHEAD_US.load(Ordering::Acquire))
}

/// Puts the clock of this process ahead; whoever waits for a time in between is woken.
pub fn advance(by: Duration) {
    let by_us = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
    let _ =
        AHEAD_US.fetch_update(Ordering::AcqRel, Ordering::Acquire, |ahead| Some(ahead.saturating_add(by_us)));
    PUT_AHEAD.notify_waiters();
}

/// Until it is `time` or later, however that comes.
pub(crate) async fn reached(time: Time) {
    loop {
        // Listens before it looks: it can't be put ahead unnoticed in between.
        let put_ahead = PUT_AHEAD.notified();
        let left = time.since(now());
        tokio::select! {
            () = tokio::time::sleep(left) => return,
            () = put_ahead => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_tomorrow_is_woken_when_the_clock_is_put_there() {
        let day = Duration::from_secs(24 * 3600);
        let (before, tomorrow) = (now(), now() + day);
        let waiting = tokio::spawn(reached(tomorrow));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        advance(day + Duration::from_secs(1));
        waiting.await.unwrap();
        assert!(now().since(before) > day);
    }
}
