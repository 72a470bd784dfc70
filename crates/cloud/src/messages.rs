//! Messages both ways: what a business sends and how far that has come, what consumers send and what of it was read.

mod conversations;
mod identities;
mod inbound;
mod outbound;
mod outgoing;
mod receive;
mod received;
mod send;
mod statuses;

pub(crate) use conversations::{Conversations, REMEMBERED};
pub(crate) use inbound::Inbound;
pub(crate) use outbound::Outbound;
pub(crate) use send::{post_message, send_message};
pub(crate) use statuses::{IDENTITY_CHANGED, Progress};
