//! The relay's live shell: a task for each connection that carries its frames (and one for each transfer: `transfers`), one
//! machine behind all of them, and the way back for what it says; started again from its rows when the store has failed.

mod transfers;

use crate::shell::transfers::{Desk, OF_A_GATEWAY, blob_of};
use crate::{Input, Notice, Output, Relay, RelayConfig, Shards};
use kernel::Rng;
use link::{CloseReason, Connection, Limits, Listener};
use live::{Seldom, StartError};
use metrics::{counter, gauge};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Partition, Shelf};
use tokio::sync::mpsc;
use wire::{ConnectionId, LinkEvent, ToEndpoint, ToRelay};

/// Inputs that may wait for the machine; readers of connections wait beyond that.
const INPUT_QUEUE: usize = 4096;

/// Frames that may wait for one endpoint to take them. Deliveries stop at the window long before that; who asks
/// for more answers than it reads is disconnected.
const OUTBOX: usize = 65_536;

/// The relay can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its rows can't be read.
    #[error("the relay can't start: {0}")]
    Start(#[from] StartError),
    /// What its blobs' directory has that is no blob's can't be removed.
    #[error("the relay can't tidy the directory of its blobs: {0}")]
    Blobs(io::Error),
    /// It is one shard of several.
    #[error("a relay is served whole: there is nobody to carry letters between shards")]
    Shards,
}

/// Where frames for each connection go.
type Outboxes = Arc<Mutex<BTreeMap<ConnectionId, mpsc::Sender<ToEndpoint>>>>;

/// Runs the relay on `listener` until `shutdown` completes, with its blobs in `blobs`.
///
/// If the store fails, the relay closes its connections and starts again from its rows.
///
/// # Errors
/// The rows can't be read, or the relay is one shard of several.
pub async fn serve(
    config: RelayConfig,
    partition: Partition,
    blobs: Shelf,
    listener: Listener,
    mut rng: Rng,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    if config.shards != Shards::ONE {
        return Err(ServeError::Shards);
    }
    let mut next_connection = 0;
    let mut relay = live::restore::<Relay>(config.clone(), &partition)?;
    let desk = Desk::new(blobs.clone());
    let serving = async {
        loop {
            let (inputs, mut waiting) = mpsc::channel(INPUT_QUEUE);
            let outboxes = Outboxes::default();
            blobs
                .sweep(|name| blob_of(name).is_some_and(|blob| relay.keeps(blob)))
                .map_err(ServeError::Blobs)?;
            let release = releaser(Arc::clone(&outboxes), desk.clone());
            let lived = tokio::select! {
                () = accept(&listener, inputs, &outboxes, &desk, &mut next_connection) => Ok(()),
                driven = live::drive(relay, &partition, &mut rng, &mut waiting, release) => driven,
            };
            lock(&outboxes).clear();
            let Err(failure) = lived else { return Ok(()) };
            relay = live::recover(&config, &partition, failure).await?;
        }
    };
    let served = tokio::select! {
        () = shutdown => Ok(()),
        served = serving => served,
    };
    listener.close().await;
    served
}

/// Takes connections until the listener is closed.
async fn accept(
    listener: &Listener,
    inputs: mpsc::Sender<Input>,
    outboxes: &Outboxes,
    desk: &Desk,
    next: &mut u64,
) {
    while let Some(connection) = listener.accept().await {
        *next += 1;
        let id = ConnectionId(*next);
        let (outbox, frames) = mpsc::channel(OUTBOX);
        lock(outboxes).insert(id, outbox);
        tokio::spawn(serve_connection(
            id,
            connection,
            inputs.clone(),
            frames,
            Arc::clone(outboxes),
            desk.clone(),
        ));
    }
}

/// Carries frames between one connection and the machine until either is done.
async fn serve_connection(
    id: ConnectionId,
    connection: Connection<ToRelay, ToEndpoint>,
    inputs: mpsc::Sender<Input>,
    mut frames: mpsc::Receiver<ToEndpoint>,
    outboxes: Outboxes,
    desk: Desk,
) {
    let Connection { peer, sender, mut receiver, transfers } = connection;
    let opened = desk.serve(id, transfers.clone(), inputs.clone());
    let connections = gauge!("blindpost_relay_connections");
    connections.increment(1);
    if inputs.send(Input::Link(LinkEvent::Up { connection: id, peer })).await.is_err() {
        connections.decrement(1);
        return;
    }
    let writer = async {
        // Ends when the outbox is taken away: then what was said before still goes out.
        while let Some(frame) = frames.recv().await {
            if sender.send(frame).await.is_err() {
                return;
            }
        }
        sender.close(CloseReason::Rejected);
    };
    let reader = async {
        loop {
            let event = match receiver.recv().await {
                Ok(Some(frame)) => {
                    counter!("blindpost_relay_frames_total").increment(1);
                    if matches!(frame, ToRelay::Submit { .. }) {
                        counter!("blindpost_relay_submissions_total").increment(1);
                    }
                    if matches!(frame, ToRelay::Hello { gateway: true, .. }) {
                        // If it is none the machine ends the connection.
                        transfers.allow(OF_A_GATEWAY, Limits::default().receive_window);
                    }
                    LinkEvent::Frame { connection: id, frame }
                }
                Err(link::LinkError::Frame(error)) => LinkEvent::Garbled { connection: id, error },
                Ok(None) | Err(_) => return,
            };
            let garbled = matches!(event, LinkEvent::Garbled { .. });
            if inputs.send(Input::Link(event)).await.is_err() {
                return;
            }
            if garbled {
                // The machine answers with a code and closes; the writer carries that out.
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = reader => {}
        () = writer => {}
        () = opened => {}
    }
    connections.decrement(1);
    lock(&outboxes).remove(&id);
    let _ = inputs.send(Input::Link(LinkEvent::Down { connection: id })).await;
}

/// Carries out what the machine says, now that it may be said.
fn releaser(outboxes: Outboxes, desk: Desk) -> impl FnMut(Output) {
    let mut rejections = BTreeMap::<&str, Seldom>::new();
    move |output| match output {
        Output::Send(outgoing) => {
            if matches!(outgoing.frame, ToEndpoint::Delivery { .. }) {
                counter!("blindpost_relay_deliveries_total").increment(1);
            }
            let mut outboxes = lock(&outboxes);
            let full = outboxes
                .get(&outgoing.connection)
                .is_some_and(|outbox| outbox.try_send(outgoing.frame).is_err());
            if full {
                outboxes.remove(&outgoing.connection);
            }
        }
        Output::Close(connection) => drop(lock(&outboxes).remove(&connection)),
        Output::Transfer { transfer, verdict } => desk.hear(transfer, verdict),
        Output::DropBlob(blob) => desk.drop_blob(blob),
        // The whole relay has nobody to write to. If it had, the letter would be a row, and go out again.
        Output::Mail(_) | Output::Notice(Notice::AnotherPast(_)) => {}
        // Not which key: the log is for whoever operates the relay, and keys are not for them.
        Output::Notice(Notice::GatewayEnrolled(_)) => {
            tracing::info!("first gateway enrolled; name its node key in the configuration to pin it");
        }
        Output::Notice(Notice::Rejected(code)) => {
            counter!("blindpost_relay_rejections_total", "code" => code.as_str_name()).increment(1);
            // Anybody can be refused as often as they like. How often that was, the counter says.
            if rejections.entry(code.as_str_name()).or_default().may_say(live::now()) {
                tracing::warn!(?code, "frame or request rejected");
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
