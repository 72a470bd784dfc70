//! The Cloud API node: a pure machine that answers the Graph API, holds the encrypted conversations of
//! the businesses that it acts for, and posts their webhooks; and the shell that gives it sockets.
//!
//! [`Node`] decides everything, HTTP included: the world drives it in virtual time with the same
//! requests that SDKs send to the shell.

mod api;
mod bill;
mod callbacks;
mod calls;
mod challenges;
mod codes;
mod config;
mod directory;
mod exchange;
mod ids;
mod inbound;
mod node;
mod outbound;
mod retry;
mod rows;
mod secret;
mod shell;
mod signature;
mod sizes;
mod statuses;
mod wamid;
mod webhook_body;
mod webhooks;

pub use bill::BillLine;
pub use config::{
    AccessToken, App, BusinessAccount, BusinessNumber, Callback, ConfigError, NodeConfig, Tenant,
    WebhookPolicy,
};
pub use exchange::{
    ApiRequest, ApiResponse, Challenge, ChallengeId, ChallengeOutcome, DeliveryId, HttpFailure, Method,
    ReplyId, WebhookOutcome, WebhookPost,
};
pub use ids::{AppId, GraphIdError, PhoneNumberId, WabaId};
pub use node::{Input, Node, Notice, Output};
pub use retry::RetrySchedule;
pub use secret::Secret;
pub use shell::{ServeError, serve};
pub use sizes::{Sizes, Told};
pub use wamid::{Sender, Wamid};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.cloud.rs"));
}
