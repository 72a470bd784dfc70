//! The node's live shell: a listening socket (`front`), perhaps one with TLS (`https`), a poster of webhooks (`poster`), a connection to the relay, and here
//! the loop that runs a node, and runs it again when the store has failed. It carries; what is said is decided by the
//! [`Node`].

mod carrier;
mod controls;
mod downloads;
mod front;
mod https;
mod poster;
mod sealed;
mod tls;
mod uploads;

pub use controls::{Controls, Observer};
pub use https::Https;
pub use tls::{Credentials, TlsError, Trust};

use crate::Node;
use crate::config::NodeConfig;
use crate::media::{FileName, MediaWork};
use crate::node::Input;
use crate::output::{Notice, Output};
use crate::shell::carrier::Carrier;
use crate::shell::front::{Front, Said};
use crate::shell::poster::Poster;
use kernel::Rng;
use link::Uplink;
use live::{Seldom, StartError};
use metrics::{counter, gauge};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use store::{Partition, Shelf};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Inputs that may wait for the node; requests and the relay wait beyond that.
const INPUT_QUEUE: usize = 4096;

/// How long answers that are being written may take when the node stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The node can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its rows can't be read.
    #[error("the node can't start: {0}")]
    Start(#[from] StartError),
    /// What its media's directory has that is nobody's can't be removed.
    #[error("the node can't tidy the directory of its media: {0}")]
    Media(io::Error),
    /// There is no TLS for webhooks.
    #[error("webhooks can't be posted with TLS: {0}")]
    Tls(#[from] TlsError),
}

/// Where a node meets businesses: where they come in, and whom it trusts when it goes to them.
pub struct Doors {
    /// The Graph API.
    pub http: TcpListener,
    /// The same with TLS.
    pub https: Option<Https>,
    /// For webhooks to `https` URLs; `None`: whom the system trusts.
    pub trust: Option<Trust>,
}

impl From<TcpListener> for Doors {
    fn from(http: TcpListener) -> Self {
        Self { http, https: None, trust: None }
    }
}

/// A node as its rows and its tenants file have it, before it says or changes anything.
pub struct Restored {
    node: Node,
    config: NodeConfig,
    partition: Partition,
    controls: Option<Controls>,
}

impl Restored {
    /// Reads the rows of a node.
    ///
    /// # Errors
    /// They can't be read.
    pub fn new(config: NodeConfig, partition: Partition) -> Result<Self, ServeError> {
        Ok(Self { node: live::restore(config.clone(), &partition)?, config, partition, controls: None })
    }

    /// The same, with a way in for the control interface.
    #[must_use]
    pub fn with_controls(self, controls: Option<Controls>) -> Self {
        Self { controls, ..self }
    }

    /// The node, to look at.
    pub fn node(&self) -> &Node {
        &self.node
    }
}

/// Runs a node until `shutdown` completes: the Graph API at its `doors`, what is uploaded in `media`, `uplink` to the relay. `observe`
/// hears the bill and the notices.
///
/// If the store fails (a full disk, say), what was not durable was never promised: requests that wait
/// are answered 503, the node reads its rows again and goes on as soon as the store does. The socket
/// stays open, and requests in the meantime are answered 503 too.
///
/// # Errors
/// The store has failed, and then its rows can't be read.
pub async fn serve(
    restored: Restored,
    doors: impl Into<Doors>,
    media: Shelf,
    uplink: Uplink,
    mut rng: Rng,
    mut observe: impl FnMut(Output),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let Restored { mut node, config, partition, controls } = restored;
    let carrier = Carrier { shelf: media, relay: uplink.transfers.clone() };
    let front = Arc::new(Front::new(&mut rng, carrier.clone()));
    let Doors { http, https, trust } = doors.into();
    let trust = trust.map_or_else(|| Trust::new(None, None), Ok)?;
    let (stop, stopped) = oneshot::channel();
    let (stop_tls, stopped_tls) = oneshot::channel();
    // Listens once there is a node: the first request should not find nobody at home.
    let mut unserved = Some((http, stopped, https, stopped_tls));
    let mut servers = JoinSet::new();
    let mut refusals = BTreeMap::new();
    let serving = async {
        loop {
            let (inputs, mut waiting) = mpsc::channel(INPUT_QUEUE);
            let (outgoing, frames) = mpsc::unbounded_channel();
            // What no row names is nobody's: an upload that was cut off, a file whose row is gone.
            let named = |name: &str| name.parse::<FileName>().is_ok_and(|name| node.keeps_file(name));
            carrier.shelf.sweep(named).map_err(ServeError::Media)?;
            let mut poster = Poster::new(inputs.clone(), &trust, controls.clone());
            let puts = inputs.clone();
            uplink.switch.turn(true);
            let release = |output| match output {
                // No connection: the endpoint says it again on the next.
                Output::Send(frame) => drop(outgoing.send(frame)),
                Output::Respond { reply, response } => front.respond(reply, Said::Answer(response)),
                Output::Media(work) => carry(work, &front, &carrier, &puts),
                Output::PostWebhook(post) => poster.post(post),
                Output::Challenge(challenge) => poster.challenge(challenge),
                Output::Done { reply, done } => {
                    controls.iter().for_each(|controls| controls.done(reply, done.clone()));
                }
                Output::Unplug(unplugged) => uplink.switch.turn(!unplugged),
                Output::Metered(bill) => observe(Output::Metered(bill)),
                Output::Notice(notice) => {
                    log(notice, &mut refusals);
                    observe(Output::Notice(notice));
                }
            };
            front.open(inputs.clone());
            controls.iter().for_each(|controls| controls.open(inputs.clone()));
            if let Some((http, stopped, https, stopped_tls)) = unserved.take() {
                servers.spawn(Arc::clone(&front).listen(http, stopped));
                if let Some(https) = https {
                    servers.spawn(Arc::clone(&front).listen_securely(https, stopped_tls));
                }
            }
            let lived = tokio::select! {
                () = uplink.run(Input::Link, inputs, frames) => Ok(()),
                driven = live::drive(node, &partition, &mut rng, &mut waiting, release) => driven,
            };
            // First nobody takes requests any more, then all that were taken are answered.
            drop(waiting);
            front.close();
            controls.iter().for_each(Controls::close);
            let Err(failure) = lived else { return Ok(()) };
            node = live::recover(&config, &partition, failure).await?;
        }
    };
    let served = tokio::select! {
        () = shutdown => Ok(()),
        served = serving => served,
    };
    front.close();
    controls.iter().for_each(Controls::close);
    let _ = (stop.send(()), stop_tls.send(()));
    let _ = tokio::time::timeout(LAST_ANSWERS, async { while servers.join_next().await.is_some() {} }).await;
    servers.detach_all();
    served
}

/// Does what the node wants done with bytes.
fn carry(work: MediaWork, front: &Front, carrier: &Carrier, inputs: &mpsc::Sender<Input>) {
    match work {
        MediaWork::Take { reply, file } => front.respond(reply, Said::Take(file)),
        MediaWork::Give { reply, bytes, mime_type } => front.respond(reply, Said::Give(bytes, mime_type)),
        MediaWork::Drop(name) => carrier.shelf.remove(&name.to_string()),
        MediaWork::Put { put, file, blob } => {
            let (carrier, inputs) = (carrier.clone(), inputs.clone());
            tokio::spawn(async move {
                let answer = carrier.put(&file, &blob).await;
                let _ = inputs.send(Input::BlobPut { put, answer }).await;
            });
        }
        MediaWork::Forget(blob) => {
            let carrier = carrier.clone();
            tokio::spawn(async move { carrier.forget(blob).await });
        }
    }
}

/// Counts what happens and says it, but for refusals: the relay may refuse each attempt, and each code is said once in a minute.
fn log(notice: Notice, refusals: &mut BTreeMap<&str, Seldom>) {
    match notice {
        Notice::Online => gauge!("blindpost_node_online").set(1),
        Notice::Offline => gauge!("blindpost_node_online").set(0),
        Notice::Unreadable(_) => counter!("blindpost_node_unreadable_total").increment(1),
        Notice::Rejected(_) => counter!("blindpost_node_rejections_total").increment(1),
        Notice::WebhookDropped => counter!("blindpost_node_webhooks_dropped_total").increment(1),
        Notice::StartedOver | Notice::WebhookFailed { .. } | Notice::Overruled(_) | Notice::Unnamed(_) => {}
    }
    if let Notice::Rejected(code) = &notice
        && !refusals.entry(code.as_str_name()).or_default().may_say(live::now())
    {
        return;
    }
    match notice {
        Notice::Online | Notice::Offline => tracing::info!("{notice}"),
        // Not which thing: the log is for whoever operates the node, and which business it is they need not know.
        Notice::StartedOver
        | Notice::Unreadable(_)
        | Notice::Rejected(_)
        | Notice::WebhookDropped
        | Notice::WebhookFailed { .. }
        | Notice::Overruled(_)
        | Notice::Unnamed(_) => tracing::warn!("{notice}"),
    }
}
