//! When the program should stop.

use miette::IntoDiagnostic as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Completes at Ctrl-C or SIGTERM.
pub(crate) async fn requested() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// One signal for several parties in one process.
#[derive(Clone)]
pub(crate) struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn request(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once it was requested.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut requested = self.0.subscribe();
        async move {
            let _ = requested.wait_for(|requested| *requested).await;
        }
    }
}

/// Sets `stop` when the process is asked to end, for work that is no future.
pub(crate) fn sets(stop: Arc<AtomicBool>) -> miette::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().into_diagnostic()?;
    std::thread::spawn(move || {
        runtime.block_on(requested());
        stop.store(true, Ordering::Relaxed);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    #[tokio::test]
    async fn whoever_waits_hears_of_it_before_and_after() {
        let stop = Shutdown::new();
        let (early, other) = (stop.wait(), stop.clone());
        let late = tokio::time::timeout(Duration::from_millis(10), stop.wait());
        assert!(late.await.is_err(), "nobody has asked yet");
        other.request();
        early.await;
        stop.wait().await;
    }
}
