//! A switch on the way to the relay: the flight mode of a telephone, the cable of a server that is pulled.

use tokio::sync::watch;

/// Whether there is to be a connection. On at first; clones are the same switch.
#[derive(Debug, Clone)]
pub struct Switch(watch::Sender<bool>);

impl Switch {
    /// Turns it on or off. A connection that there is ends at once if it is turned off.
    pub fn turn(&self, on: bool) {
        self.0.send_replace(on);
    }

    /// True if there is to be a connection.
    pub fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    /// Until it is turned on, or off; at once if it is so already.
    pub(crate) async fn is_turned(&self, on: bool) {
        // It can't be closed: this is one of its senders.
        let _ = self.0.subscribe().wait_for(|is_on| *is_on == on).await;
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}
