//! The loop that persists before it releases: inputs into the machine, its transactions to the store, and what it says
//! to the world only after that; ahead of the disk, and in order.

use crate::clock::{now, reached};
use kernel::{Effects, Machine, RestoreError, Rng, Time};
use std::collections::VecDeque;
use store::{Commit, CommitError, LoadError, Partition};
use tokio::sync::mpsc;

/// Inputs that are handled before their effects are committed, as one transaction.
const BATCH: usize = 128;

/// Transactions that may be on their way to the disk while further inputs are handled.
const IN_FLIGHT: usize = 32;

/// A party can't start from its store.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store can't read the party's rows.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The party can't read them.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// The machine as its last durable transaction left it.
///
/// # Errors
/// Any [`StartError`].
pub fn restore<M: Machine>(config: M::Config, partition: &Partition) -> Result<M, StartError> {
    Ok(M::restore(config, partition.load(M::TABLES)?)?)
}

/// Runs `machine` until `inputs` is closed and all that it promised has been released.
///
/// The machine runs ahead of the disk: while transactions are being written it handles further inputs.
/// Outputs leave in order, each after its own transaction and all before it are durable.
///
/// # Errors
/// A transaction could not be made durable. Nothing of what followed from it was released; the machine
/// has seen inputs that never happened and is gone. Restore it from the store and go on.
pub async fn drive<M: Machine>(
    mut machine: M,
    partition: &Partition,
    rng: &mut Rng,
    inputs: &mut mpsc::Receiver<M::Input>,
    mut release: impl FnMut(M::Output),
) -> Result<(), CommitError> {
    let mut in_flight: VecDeque<(Commit, Vec<M::Output>)> = VecDeque::new();
    let mut batch = Vec::with_capacity(BATCH);
    let mut open = true;
    while open || !in_flight.is_empty() {
        let mut effects = Effects::none();
        let wake_at = machine.wake_at();
        tokio::select! {
            biased;
            committed = oldest(&mut in_flight), if !in_flight.is_empty() => {
                committed?.into_iter().for_each(&mut release);
            }
            received = inputs.recv_many(&mut batch, BATCH), if open && in_flight.len() < IN_FLIGHT => {
                open = received > 0;
                for input in batch.drain(..) {
                    effects.absorb(machine.handle(now(), input, rng));
                }
            }
            () = sleep_until(wake_at), if open && wake_at.is_some() && in_flight.len() < IN_FLIGHT => {
                effects = machine.wake(now(), rng);
            }
        }
        if !effects.is_empty() {
            in_flight.push_back((partition.commit(effects.transaction), effects.outputs));
        }
    }
    Ok(())
}

/// Waits for the oldest transaction, and gives what may be said now that it is durable.
async fn oldest<O>(in_flight: &mut VecDeque<(Commit, Vec<O>)>) -> Result<Vec<O>, CommitError> {
    if let Some((commit, _)) = in_flight.front_mut() {
        commit.await?;
    }
    Ok(in_flight.pop_front().map(|(_, outputs)| outputs).unwrap_or_default())
}

async fn sleep_until(time: Option<Time>) {
    match time {
        Some(time) => reached(time).await,
        None => std::future::pending().await,
    }
}
