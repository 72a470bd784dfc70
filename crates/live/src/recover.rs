//! What a party does when its store fails: it forgets what was not durable, and goes on from the rows that are.

use crate::{StartError, restore};
use kernel::Machine;
use std::time::Duration;
use store::{CommitError, Partition};

/// How long a party waits before it tries a failed store again.
const STORAGE_RETRY: Duration = Duration::from_secs(1);

/// The machine as its last durable transaction left it, as soon as the store that failed with `failure`
/// (a full disk, say) can be read again.
///
/// What was not durable was never promised. So the party goes on as after a crash, without one.
///
/// # Errors
/// The rows are no longer what a machine can be restored from.
pub async fn recover<M: Machine<Config: Clone>>(
    config: &M::Config,
    partition: &Partition,
    failure: CommitError,
) -> Result<M, StartError> {
    tracing::error!(%failure, "store failed; nothing unsaved was promised");
    loop {
        tokio::time::sleep(STORAGE_RETRY).await;
        match restore::<M>(config.clone(), partition) {
            Err(StartError::Load(error)) => tracing::error!(%error, "store still failing"),
            restored => return restored,
        }
    }
}
