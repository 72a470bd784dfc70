//! When the program should stop.

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

    /// Completes once it was requested.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut requested = self.0.subscribe();
        async move {
            let _ = requested.wait_for(|requested| *requested).await;
        }
    }
}
