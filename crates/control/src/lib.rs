//! The control interface: what a test needs and the Cloud API does not offer. People with real apps, the clock that all
//! parties of the process share, faults, the deliveries of webhooks, and what the platform decides.
//!
//! It is an instrument beside the parties, not one of them: it holds the phones of all its people and looks over the node's
//! shoulder, so it sees both ends of every conversation. It listens on a loopback address only, has a port of its own, and no
//! token of a business's opens it, nor is one needed (docs/decisions/0040).
//!
//! - `people`, `person`, `log`, `home`: people, what runs their apps, what these show, and where they are kept.
//! - `told`, `shown`: messages from JSON and to JSON.
//! - `calls`: a file for each group of calls; `ask` and `error` are what they have in common, `openapi` describes them.
//! - `watch`: what goes over HTTP between the node and businesses' servers.

mod ask;
mod calls;
mod control;
mod error;
mod home;
mod log;
mod media;
mod openapi;
mod people;
mod person;
mod serve;
mod shown;
mod stack;
mod told;
mod watch;
mod when;

pub use control::{Control, Reset};
pub use home::{Home, HomeError, Homes};
pub use serve::ServeError;
pub use stack::Stack;
