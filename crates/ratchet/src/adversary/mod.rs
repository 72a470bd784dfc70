//! What an attacker reads.

mod attacker;
mod chain;
mod closure;
mod knowledge;
mod message;
mod oracle;
mod recording;
mod session;
mod snapshot;

pub use attacker::{Attacker, Reading, Unread};
pub use oracle::{BrokenCurve, BrokenKem, Oracles, Watched};
pub use recording::{RecordedMessage, Recording};
pub use snapshot::Snapshot;
