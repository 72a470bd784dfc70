//! The transport relay: forwards ciphertext between consumers' devices and nodes, and sees nothing
//! else but routing and metering.
//!
//! It does not link `ratchet` or `content` (invariant 1, `relay_cannot_link_plaintext`): there is no
//! code here that could read a message.

/// The example of docs/architecture.md, which is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/architecture.md")]
struct Architecture;

mod addresses;
mod blobs;
mod config;
mod directory;
mod endpoints;
mod inbox;
mod kept;
mod letter;
mod meter;
mod post;
mod relay;
mod rows;
mod shards;
mod shell;

pub use config::RelayConfig;
pub use letter::{Channel, Letter};
pub use post::{Mail, MailItem};
pub use relay::{Input, Notice, Output, Relay, TransferEvent, Verdict};
pub use shards::{Shard, Shards};
pub use shell::{ServeError, serve};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.relay.rs"));
}
