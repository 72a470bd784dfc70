//! What a node is told when it starts: its tenants, and how it behaves.
//!
//! Tenants are the seed; what the API changes later is in rows and wins over it.

use crate::directory::Directory;
use crate::ids::{AppId, PhoneNumberId, WabaId};
use crate::retry::RetrySchedule;
use crate::secret::Secret;
use kernel::Time;
use std::sync::Arc;
use std::time::Duration;
use wire::Number;

/// The configuration of a node, checked. Cheap to clone.
#[derive(Clone)]
pub struct NodeConfig {
    pub(crate) directory: Arc<Directory>,
    /// Prekeys, and how long an undelivered message is kept.
    pub endpoint: endpoint::Policy,
    /// How webhooks are posted.
    pub webhooks: WebhookPolicy,
    /// How long the trace of a message is kept after it last changed.
    pub retention: Duration,
}

/// How webhooks are posted.
#[derive(Debug, Clone)]
pub struct WebhookPolicy {
    /// When a webhook that was not acknowledged is posted again, and when it is given up.
    pub retry: RetrySchedule,
    /// How many of one app may be on their way at a time; the others queue.
    pub in_flight_per_app: usize,
    /// When an answer, of a webhook or to a challenge, is no longer waited for. The poster's own time
    /// limit is shorter.
    pub answer_within: Duration,
}

/// A business, or whoever acts for some: one app and what belongs to it.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The app.
    pub app: App,
    /// Its business accounts.
    pub accounts: Vec<BusinessAccount>,
    /// Its tokens.
    pub tokens: Vec<AccessToken>,
}

/// An app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// Signs webhooks; with the id it is the app token `id|secret`.
    pub secret: Secret,
    /// Where it wants its webhooks, until the API says otherwise. Used without a handshake.
    pub callback: Option<Callback>,
    /// The Graph version whose form its webhooks have, for example 23 for v23.0.
    pub webhook_version: u16,
}

/// Where webhooks go.
#[derive(Debug, Clone)]
pub struct Callback {
    /// An `http` URL.
    pub url: String,
    /// What the receiver wants to hear in the handshake.
    pub verify_token: Secret,
}

/// A WhatsApp Business Account.
#[derive(Debug, Clone)]
pub struct BusinessAccount {
    /// Its id.
    pub id: WabaId,
    /// What people call it.
    pub name: String,
    /// Whether the tenant's app hears of it without `POST /{waba-id}/subscribed_apps`.
    pub subscribed: bool,
    /// Its phone numbers.
    pub numbers: Vec<BusinessNumber>,
}

/// A business's phone number.
#[derive(Debug, Clone)]
pub struct BusinessNumber {
    /// Its Graph id.
    pub id: PhoneNumberId,
    /// The number.
    pub number: Number,
    /// The name that consumers see.
    pub display_name: String,
}

/// A bearer token of the tenant's app.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// What is sent as `Authorization: Bearer …`.
    pub value: Secret,
    /// The accounts that it opens; none named: all of the tenant.
    pub accounts: Vec<WabaId>,
    /// From when it opens nothing.
    pub expires: Option<Time>,
}

/// A configuration that can't be.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// Two apps, accounts or phone numbers have the same id: `GET /{id}` could mean either.
    #[error("the id {0} is given twice; every app, account and phone number has its own")]
    RepeatedId(String),
    /// A number is registered twice.
    #[error("the number of phone number id {} is registered under another id too", .0.as_str())]
    RepeatedNumber(PhoneNumberId),
    /// Two tokens are the same.
    #[error("two tokens are the same; one of them is of app {}", .0.as_str())]
    RepeatedToken(AppId),
    /// A token opens an account that there is not.
    #[error("a token of app {} is for account {}, which there is not", .app.as_str(), .account.as_str())]
    UnknownAccount {
        /// Whose token it is.
        app: AppId,
        /// Which account it names.
        account: WabaId,
    },
}

impl NodeConfig {
    /// A node for these tenants that behaves as the Cloud API does.
    ///
    /// # Errors
    /// Any [`ConfigError`].
    pub fn new(tenants: Vec<Tenant>) -> Result<Self, ConfigError> {
        Ok(Self {
            directory: Arc::new(Directory::new(tenants)?),
            endpoint: endpoint::Policy::default(),
            webhooks: WebhookPolicy::default(),
            retention: Duration::from_secs(30 * 24 * 3600),
        })
    }
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        Self {
            retry: RetrySchedule::default(),
            in_flight_per_app: 128,
            answer_within: Duration::from_secs(60),
        }
    }
}
