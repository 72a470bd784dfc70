//! The Cloud API node: a pure machine that answers the Graph API, holds the encrypted conversations of
//! the businesses that it acts for, and posts their webhooks; and the shell that gives it sockets.
//!
//! [`Node`] decides everything, HTTP included: the world drives it in virtual time with the same
//! requests that SDKs send to the shell. What requests say and what answers look like is [`graph`].
//!
//! `node` is the table of contents: what there is, and which input goes where. A folder for each idea has its state,
//! its rows, its calls and its webhooks: `accounts`, `messages`, `media`, `templates`, `webhooks`, `billing`. `api` is what calls
//! have in common: the table of routes, and the way from a request to its answer. `register` is what objects have in common that
//! the tenants file names and the API changes: their rows, and which of the two wins.

mod accounts;
mod api;
mod billing;
mod config;
mod control;
mod faults;
mod held;
mod media;
mod messages;
mod node;
mod output;
mod register;
mod rows;
mod shell;
mod state;
mod templates;
mod webhooks;

pub use accounts::{
    AccessToken, App, BusinessAccount, BusinessNumber, ConfigError, Portfolio, Tenant, Thing,
};
pub use api::{ApiRequest, ApiResponse, Needs, Object, ROUTES, ReplyId, Route};
pub use billing::BillLine;
pub use config::{NodeConfig, WebhookPolicy};
pub use control::{Done, Order, Standing};
pub use faults::{Effect, Fault, Matching};
pub use graph::subscriptions::{Callback, is_callback};
pub use graph::templates::{Category, Quality, Reason, Status};
pub use graph::tokens::{Scope, Scopes, TokenKind};
pub use graph::webhook;
pub use graph::{
    AppId, GraphIdError, Method, PhoneNumberId, PortfolioId, Secret, Sender, TemplateId, WabaId, Wamid,
};
pub use media::{
    Attached, BlobAnswer, Bytes as MediaBytes, FileName, MediaFile, MediaWork, PutId, StoredFile,
};
pub use node::Input;
pub use output::{Notice, Output};
pub use shell::{
    Controls, Credentials, Doors, Https, Observer, Restored, ServeError, TlsError, Trust, serve,
};
pub use templates::{FlowState, ReviewPolicy, Reviewed, TemplatePolicy, Verdict, hello_world};
pub use webhooks::{
    Challenge, ChallengeId, ChallengeOutcome, DeliveryId, HttpFailure, Load, RetrySchedule, Signing,
    UpdateId, WebhookFailure, WebhookOutcome, WebhookPost,
};

/// The node over any provider of primitives: the world runs it with modelled ones, too.
pub mod generic {
    pub use crate::node::Node;
}

/// The Cloud API node, with real keys: what [`serve`] runs.
pub type Node = generic::Node<endpoint::Native>;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/blindpost.cloud.rs"));
}
