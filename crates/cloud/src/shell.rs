//! The node's live shell: a listening socket, a connection to the relay, and a poster of webhooks. It
//! carries; what is said is decided by the [`Node`](crate::Node).

mod front;
mod poster;
mod serve;

pub use serve::{ServeError, serve};
