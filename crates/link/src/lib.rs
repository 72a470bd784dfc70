//! Authenticated connections between endpoints (consumer devices, Cloud API nodes) and the relay.
//!
//! A [`Connection`] carries frames of [`wire`] both ways, in order, with backpressure, and says who is
//! at the other end: [`Connection::peer`] is the Ed25519 key that the other end proved to hold. How it
//! gets there is one of two things with the same face:
//! - QUIC ([`Listener::bind`], [`Connector::new`]): TLS 1.3 with raw public keys on both sides
//!   (RFC 7250), one long-lived stream per connection, and one for each transfer of a blob ([`Transfers`]);
//! - memory ([`in_memory`], [`MemoryNetwork`]): no sockets, but the same bytes.
//!
//! Who may do what is not decided here: the relay looks the key up.

mod backoff;
mod connection;
mod connector;
mod count;
mod error;
mod identity;
mod limits;
mod listener;
mod memory;
mod new_file;
mod outbox;
mod quic;
mod source;
mod switch;
mod tap;
mod tls;
mod transfer;
mod uplink;

pub use backoff::Backoff;
pub use connection::{Connection, FrameReceiver, FrameSender};
pub use connector::Connector;
pub use error::{BindError, CloseReason, ConnectError, LinkError, Loss, SendError};
pub use identity::{IdentityError, LinkIdentity};
pub use limits::Limits;
pub use listener::{Counts, Listener};
pub use memory::{MemoryNetwork, in_memory};
pub use new_file::{remove_drafts, replace_file, write_new_file};
pub use switch::Switch;
pub use tap::{Direction, Observer, Tap};
pub use transfer::{Transfer, TransferError, Transfers};
pub use uplink::{Pin, Uplink, UplinkTransfers, advice};
