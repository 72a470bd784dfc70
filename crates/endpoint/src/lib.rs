//! The end of an encrypted conversation: what the consumer's app and the node have in common.
//!
//! An [`Endpoint`] is a part that a machine embeds, pure like the machine itself. It owns the keys and
//! ratchet sessions of the addresses that it speaks for, numbers and resubmits what it sends until the
//! relay has it, keeps a message for retransmission until the recipient has it, and decrypts what
//! arrives exactly once. The machine around it hears [`Event`]s and decides what they mean.

mod account;
mod endpoint;
mod event;
mod lasting;
mod policy;
mod post;
mod retries;
mod rows;
mod sessions;
mod terms;
mod unconfirmed;

pub use endpoint::{Carried, SendError};
pub use event::{Event, Failure, Unreadable};
pub use policy::{IdentityChanges, Policy};
pub use ratchet::{Backend, IdentityKey, Modelled, Native, Provider, Suite, Suites};
pub use rows::TABLES;
pub use terms::{IdentityDigest, Terms};

/// An endpoint over any provider of primitives.
pub mod generic {
    pub use crate::endpoint::Endpoint;
}

/// The end of an encrypted conversation, with real keys.
pub type Endpoint = generic::Endpoint<Native>;

/// A step of the machine around it, as the endpoint sees it: all that an endpoint says are frames for the relay.
pub type Step<'a> = kernel::Step<'a, wire::Outgoing<wire::ToRelay>>;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.endpoint.rs"));
}
