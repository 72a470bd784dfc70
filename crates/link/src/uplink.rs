//! An endpoint's standing connection to its relay: made again whenever it is lost.

use crate::{
    Backoff, CloseReason, ConnectError, Connection, Connector, LinkError, LinkIdentity, write_new_file,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io};
use tokio::sync::mpsc;
use wire::{ConnectionId, LinkEvent, LinkKey, Outgoing, ToEndpoint, ToRelay};

/// Where the relay is, and how to know it.
pub struct Uplink {
    /// Shared by all endpoints of a process.
    pub connector: Arc<Connector>,
    /// Who we are.
    pub identity: LinkIdentity,
    /// Where the relay listens.
    pub relay: SocketAddr,
    /// Which key it must have.
    pub pin: Pin,
}

/// Which key the relay must have.
#[derive(Debug, Clone)]
pub enum Pin {
    /// This one.
    Key(LinkKey),
    /// The one that it had when we first connected, kept as hexadecimal digits in this file.
    FirstSeen(PathBuf),
}

impl Uplink {
    /// Keeps a connection up for as long as it is polled. What happens on it goes to `inputs`, wrapped
    /// by `wrap`; `outgoing` frames go out on the connection that they were made for, or nowhere.
    /// Returns when nobody listens to `inputs` any more.
    pub async fn run<I>(
        &self,
        wrap: impl Fn(LinkEvent<ToEndpoint>) -> I,
        inputs: mpsc::Sender<I>,
        mut outgoing: mpsc::UnboundedReceiver<Outgoing<ToRelay>>,
    ) {
        let mut backoff = Backoff::default();
        let mut attempt = 0;
        for number in 1.. {
            let link = loop {
                match self.connect().await {
                    Ok(link) => break link,
                    Err(error) => {
                        attempt += 1;
                        let wait = backoff.next(jitter(self.identity.public(), attempt));
                        tracing::warn!(%error, ?wait, "no connection to the relay");
                        tokio::time::sleep(wait).await;
                    }
                }
                if inputs.is_closed() {
                    return;
                }
            };
            backoff.reset();
            if carry(ConnectionId(number), link, &wrap, &inputs, &mut outgoing).await.is_err() {
                return;
            }
        }
    }

    async fn connect(&self) -> Result<Connection<ToEndpoint, ToRelay>, UplinkError> {
        let pinned = match &self.pin {
            Pin::Key(key) => Some(*key),
            Pin::FirstSeen(file) => read_pin(file)?,
        };
        let link = self.connector.connect(&self.identity, self.relay, pinned).await?;
        if let (None, Pin::FirstSeen(file)) = (pinned, &self.pin) {
            write_new_file(file, format!("{}\n", link.peer).as_bytes())?;
            tracing::info!("the relay's key that was seen first is now the one; it is in relay.key");
        }
        Ok(link)
    }
}

/// Why there is no connection; it is tried again.
#[derive(Debug, thiserror::Error)]
enum UplinkError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the file with the relay's key: {0}")]
    Pin(#[from] io::Error),
}

/// Nobody listens any more.
struct Unheard;

/// Carries frames both ways until the connection ends.
async fn carry<I>(
    id: ConnectionId,
    link: Connection<ToEndpoint, ToRelay>,
    wrap: &impl Fn(LinkEvent<ToEndpoint>) -> I,
    inputs: &mpsc::Sender<I>,
    outgoing: &mut mpsc::UnboundedReceiver<Outgoing<ToRelay>>,
) -> Result<(), Unheard> {
    let Connection { peer, sender, mut receiver } = link;
    let tell = async |event| inputs.send(wrap(event)).await.map_err(|_| Unheard);
    tell(LinkEvent::Up { connection: id, peer }).await?;
    let reading = async {
        loop {
            match receiver.recv().await {
                Ok(Some(frame)) => tell(LinkEvent::Frame { connection: id, frame }).await?,
                Err(LinkError::Frame(error)) => {
                    return tell(LinkEvent::Garbled { connection: id, error }).await;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    tracing::info!(%error, "connection to the relay lost");
                    return Ok(());
                }
            }
        }
    };
    let writing = async {
        while let Some(Outgoing { connection, frame }) = outgoing.recv().await {
            if connection == id && sender.send(frame).await.is_err() {
                break;
            }
        }
        // The reader learns that the connection is gone, or the machine is.
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = reading => ended,
        () = writing => Ok(()),
    };
    sender.close(CloseReason::Done);
    ended?;
    tell(LinkEvent::Down { connection: id }).await
}

fn read_pin(file: &PathBuf) -> io::Result<Option<LinkKey>> {
    match fs::read_to_string(file) {
        Ok(text) => {
            text.trim().parse().map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Different for each endpoint and attempt, which is all that jitter needs (SplitMix64's finalizer).
fn jitter(key: LinkKey, attempt: u64) -> u32 {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    let mut z = u64::from_be_bytes([a, b, c, d, e, f, g, h])
        .wrapping_add(attempt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)
}
