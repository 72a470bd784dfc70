//! An endpoint's standing connection to its relay: made again whenever it is lost.

use crate::{
    Backoff, CloseReason, ConnectError, Connection, Connector, LinkError, LinkIdentity, Switch, Transfer,
    TransferError, Transfers, replace_file,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use wire::{ConnectionId, LinkEvent, LinkKey, Outgoing, RejectCode, ToEndpoint, ToRelay, TransferRequest};

/// A connection that stays for so long, as long as the longest wait, makes no storm, even if there was nothing to do.
const STAYED: Duration = Duration::from_secs(30);

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
    /// Whether to connect.
    pub switch: Switch,
    /// Told of the transfers of each connection that is made.
    pub transfers: UplinkTransfers,
}

/// The transfers of whichever connection there is. Clones are of the same uplink.
#[derive(Debug, Clone)]
pub struct UplinkTransfers(Arc<watch::Sender<Option<Transfers>>>);

impl UplinkTransfers {
    /// Opens a stream for a transfer on the connection that there is, or says at once that there is none.
    ///
    /// # Errors
    /// [`TransferError::Gone`] or [`TransferError::Idle`].
    pub async fn open(&self, request: TransferRequest) -> Result<Transfer, TransferError> {
        let transfers = self.0.borrow().clone().ok_or(TransferError::Gone)?;
        transfers.open(request).await
    }
}

impl Default for UplinkTransfers {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

/// Which key the relay must have.
#[derive(Debug, Clone)]
pub enum Pin {
    /// This one.
    Key(LinkKey),
    /// The one that it had when we first connected, kept as hexadecimal digits in this file; until then that says
    /// [`NONE_YET`](Pin::NONE_YET). A file that is gone is not taken for that.
    FirstSeen(PathBuf),
}

impl Pin {
    /// What the file says before the first connection.
    pub const NONE_YET: &str = "none yet";

    /// The key that the file holds; `None` if it says [`NONE_YET`](Self::NONE_YET).
    ///
    /// # Errors
    /// It can't be read, or is neither.
    pub fn read(file: &Path) -> io::Result<Option<LinkKey>> {
        let text = fs::read_to_string(file)?;
        match text.trim() {
            Self::NONE_YET => Ok(None),
            key => key.parse().map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
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
        let mut trouble = Trouble::default();
        for number in 1.. {
            tokio::select! {
                () = self.switch.is_turned(true) => {}
                () = inputs.closed() => return,
            }
            let reason = match self.connect().await {
                Ok(link) => {
                    let begun = Instant::now();
                    self.transfers.0.send_replace(Some(link.transfers.clone()));
                    let id = ConnectionId(number);
                    let carried = carry(id, link, &wrap, &inputs, &mut outgoing, &self.switch).await;
                    self.transfers.0.send_replace(None);
                    match carried {
                        Ok(Session::Idle(reason)) if begun.elapsed() < STAYED => reason,
                        Ok(Session::Idle(_) | Session::Worked) => {
                            trouble = Trouble::default();
                            continue;
                        }
                        Err(Unheard) => return,
                    }
                }
                Err(error) => error.to_string(),
            };
            if inputs.is_closed() {
                return;
            }
            tokio::time::sleep(trouble.wait(reason, jitter(self.identity.public(), number))).await;
        }
    }

    async fn connect(&self) -> Result<Connection<ToEndpoint, ToRelay>, UplinkError> {
        let pinned = match &self.pin {
            Pin::Key(key) => Some(*key),
            Pin::FirstSeen(file) => Pin::read(file)?,
        };
        let link = self.connector.connect(&self.identity, self.relay, pinned).await?;
        if let (None, Pin::FirstSeen(file)) = (pinned, &self.pin) {
            replace_file(file, format!("{}\n", link.peer).as_bytes())?;
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

/// What came of a connection.
enum Session {
    /// Something was submitted or delivered.
    Worked,
    /// It ended before anything was, and perhaps the relay said why.
    Idle(String),
}

/// Attempts after which nothing was done: connections that were not made, and those that did no work.
#[derive(Default)]
struct Trouble {
    backoff: Backoff,
    reason: String,
}

impl Trouble {
    /// How long to wait before the next attempt. A reason is told to whoever runs the endpoint once, not with each attempt.
    fn wait(&mut self, reason: String, random: u32) -> Duration {
        // In whole milliseconds: nothing that is drawn stands in a log to the last digit.
        let wait = self.backoff.next(random).as_millis();
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(u64::MAX));
        if reason == self.reason {
            tracing::debug!(?wait, "no connection to the relay yet");
        } else {
            tracing::warn!(error = %reason, ?wait, "no connection to the relay");
            self.reason = reason;
        }
        wait
    }
}

/// What a refusal means to whoever runs the endpoint, and what can be done about it.
pub fn advice(code: RejectCode) -> &'static str {
    match code {
        RejectCode::NotAGateway => {
            "the relay does not let this key speak for businesses: name it among the relay's gateways, or use the \
             directory of the node that is named there"
        }
        RejectCode::OutOfSequence | RejectCode::HelloExpected => {
            "what this endpoint has submitted does not fit what the relay has: is one of their directories an older copy?"
        }
        RejectCode::AddressTaken => "the number is another device's at this relay",
        RejectCode::TooManyPrekeys => "the relay keeps fewer prekeys than this endpoint publishes",
        RejectCode::UnsupportedVersion
        | RejectCode::FrameTooLarge
        | RejectCode::MalformedFrame
        | RejectCode::UnknownFrame
        | RejectCode::InvalidField
        | RejectCode::Unspecified => {
            "the relay does not understand this endpoint: are both of the same version?"
        }
    }
}

/// Carries frames both ways until the connection ends.
async fn carry<I>(
    id: ConnectionId,
    link: Connection<ToEndpoint, ToRelay>,
    wrap: &impl Fn(LinkEvent<ToEndpoint>) -> I,
    inputs: &mpsc::Sender<I>,
    outgoing: &mut mpsc::UnboundedReceiver<Outgoing<ToRelay>>,
    switch: &Switch,
) -> Result<Session, Unheard> {
    let Connection { peer, sender, mut receiver, transfers: _ } = link;
    let tell = async |event| inputs.send(wrap(event)).await.map_err(|_| Unheard);
    tell(LinkEvent::Up { connection: id, peer }).await?;
    let mut session = Session::Idle("the relay ends the connection before anything is done".to_owned());
    let reading = async {
        loop {
            match receiver.recv().await {
                Ok(Some(frame)) => {
                    match &frame {
                        ToEndpoint::Accepted { .. } | ToEndpoint::Delivery { .. } => {
                            session = Session::Worked
                        }
                        ToEndpoint::Rejected(code) if !matches!(session, Session::Worked) => {
                            session = Session::Idle(advice(*code).to_owned());
                        }
                        _ => {}
                    }
                    tell(LinkEvent::Frame { connection: id, frame }).await?;
                }
                Err(LinkError::Frame(error)) => {
                    return tell(LinkEvent::Garbled { connection: id, error }).await;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    tracing::info!(%error, "connection to the relay lost");
                    if let Session::Idle(reason) = &mut session {
                        *reason = error.to_string();
                    }
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
        () = switch.is_turned(false) => Ok(()),
    };
    sender.close(CloseReason::Done);
    ended?;
    if !switch.is_on() {
        // It was wanted, and is no trouble.
        session = Session::Worked;
    }
    tell(LinkEvent::Down { connection: id }).await?;
    Ok(session)
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
