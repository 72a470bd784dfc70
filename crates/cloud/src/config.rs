//! How a node behaves, and which tenants are the seed of it: retention, webhooks, and what its endpoint is told.

use crate::accounts::{ConfigError, Tenant, Tenants};
use crate::templates::TemplatePolicy;
use crate::webhooks::{Load, RetrySchedule};
use graph::webhook::post;
use std::sync::Arc;
use std::time::Duration;

/// The configuration of a node, checked. Cheap to clone.
#[derive(Clone)]
pub struct NodeConfig {
    pub(crate) tenants: Arc<Tenants>,
    /// Prekeys, and how long an undelivered message is kept.
    pub endpoint: endpoint::Policy,
    /// How webhooks are posted.
    pub webhooks: WebhookPolicy,
    /// How templates are reviewed, and how many there may be.
    pub templates: TemplatePolicy,
    /// Where the node's own URLs begin, without a slash at the end: media are fetched below it.
    pub base_url: Arc<str>,
    /// How long the trace of a message is kept after it last changed.
    pub retention: Duration,
}

/// How webhooks are posted.
#[derive(Debug, Clone)]
pub struct WebhookPolicy {
    /// When a webhook that was not acknowledged is posted again, and when it is given up.
    pub retry: RetrySchedule,
    /// How many posts of one app may be on their way at a time; what happens meanwhile waits, and travels together.
    pub in_flight_per_app: usize,
    /// The most updates in one post, from 1. With 1 nothing travels together, for receivers that read only the first.
    pub updates_per_post: usize,
    /// So much of one app may wait for acknowledgement: from there on its numbers send nothing until it is less. What consumers
    /// write is taken until it is twice as much, and then waits at the relay.
    pub unacknowledged_per_app: Load,
    /// When an answer, of a webhook or to a challenge, is no longer waited for. The poster's own time
    /// limit is shorter.
    pub answer_within: Duration,
}

impl NodeConfig {
    /// A node for these tenants that behaves as the Cloud API does.
    ///
    /// # Errors
    /// Any [`ConfigError`].
    pub fn new(tenants: Vec<Tenant>) -> Result<Self, ConfigError> {
        Ok(Self {
            tenants: Arc::new(Tenants::new(tenants)?),
            endpoint: endpoint::Policy::default(),
            webhooks: WebhookPolicy::default(),
            templates: TemplatePolicy::default(),
            base_url: "http://127.0.0.1:8080".into(),
            retention: Duration::from_secs(30 * 24 * 3600),
        })
    }
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        Self {
            retry: RetrySchedule::default(),
            in_flight_per_app: 128,
            updates_per_post: post::MOST_UPDATES,
            unacknowledged_per_app: Load { updates: 50_000, bytes: 64 << 20 },
            answer_within: Duration::from_secs(60),
        }
    }
}
