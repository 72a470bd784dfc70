//! The app's live shell: it keeps a connection to the relay, takes commands, calls the screen, and starts the machine
//! again from its rows when the store has failed.

use crate::{Command, Consumer, ConsumerConfig, Input, Output};
use kernel::Rng;
use link::Uplink;
use live::StartError;
use std::io;
use store::Partition;
use tokio::sync::mpsc;

const INPUT_QUEUE: usize = 1024;

/// The app can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its rows can't be read.
    #[error("the consumer's app can't start: {0}")]
    Start(#[from] StartError),
    /// What the person should see can't be shown.
    #[error("what arrives can't be shown, and waits: {0}")]
    Screen(io::Error),
}

/// Runs the app until `shutdown` completes. `screen` gets everything but frames for the relay; a message
/// counts as shown when it returns without an error.
///
/// # Errors
/// The rows can't be read, or the screen can't show: what it could not show is shown after the next start.
pub async fn serve(
    mut config: ConsumerConfig,
    partition: Partition,
    uplink: Uplink,
    mut commands: mpsc::Receiver<Command>,
    mut rng: Rng,
    mut screen: impl FnMut(Output) -> io::Result<()>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let mut consumer = live::restore::<Consumer>(config.clone(), &partition)?;
    let serving = async {
        loop {
            let (inputs, mut waiting) = mpsc::channel(INPUT_QUEUE);
            let (outgoing, frames) = mpsc::unbounded_channel();
            let (seen, mut shown) = mpsc::unbounded_channel();
            let (broke, mut broken) = mpsc::channel(1);
            let release = |output| match output {
                // No connection: the endpoint says it again on the next.
                Output::Send(frame) => drop(outgoing.send(frame)),
                other => {
                    let through =
                        if let Output::Show(message) = &other { Some(message.sequence) } else { None };
                    // After the first failure nothing is shown: a later message would count for those before it.
                    if broke.capacity() == 0 {
                        return;
                    }
                    match screen(other) {
                        Ok(()) => {
                            through.into_iter().for_each(|through| drop(seen.send(Input::Shown { through })))
                        }
                        Err(error) => drop(broke.try_send(error)),
                    }
                }
            };
            let link = inputs.clone();
            let people = async {
                loop {
                    let input = tokio::select! {
                        Some(command) = commands.recv() => Input::Command(command),
                        Some(shown) = shown.recv() => shown,
                    };
                    // One that is started again from its rows goes on with what was set last.
                    if let Input::Command(Command::Change(habits)) = &input {
                        config.habits = habits.clone();
                    }
                    if inputs.send(input).await.is_err() {
                        return;
                    }
                }
            };
            let lived = tokio::select! {
                () = uplink.run(Input::Link, link, frames) => Ok(()),
                () = people => Ok(()),
                Some(error) = broken.recv() => return Err(ServeError::Screen(error)),
                driven = live::drive(consumer, &partition, &mut rng, &mut waiting, release) => driven,
            };
            let Err(failure) = lived else { return Ok(()) };
            consumer = live::recover(&config, &partition, failure).await?;
        }
    };
    tokio::select! {
        () = shutdown => Ok(()),
        served = serving => served,
    }
}
