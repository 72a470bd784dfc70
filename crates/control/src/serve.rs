//! The socket that the control interface listens on.

use crate::calls::router;
use crate::control::Control;
use std::io;
use tokio::net::TcpListener;

/// The control interface can't go on.
#[derive(Debug)]
pub struct ServeError(pub io::Error);

impl Control {
    /// Answers calls on `listener` until `shutdown` completes.
    ///
    /// # Errors
    /// The socket has failed.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let router = router(self);
        axum::serve(listener, router).with_graceful_shutdown(shutdown).await.map_err(ServeError)
    }
}
