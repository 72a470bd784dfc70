//! All that a node knows. Each part is an idea's own, in its folder; the calls there work on the whole.

use crate::accounts::Directory;
use crate::billing::Bill;
use crate::config::NodeConfig;
use crate::messages::{Inbound, Outbound};
use crate::webhooks::{Callbacks, Challenges, Queue};
use endpoint::Provider;
use endpoint::generic::Endpoint;

/// The state of a node.
pub(crate) struct State<P: Provider> {
    pub(crate) config: NodeConfig,
    /// Who the tenants are.
    pub(crate) directory: Directory,
    /// Keys, sessions, and what is on its way to consumers.
    pub(crate) endpoint: Endpoint<P>,
    /// How far messages to consumers have come.
    pub(crate) outbound: Outbound,
    /// Which messages of consumers arrived.
    pub(crate) inbound: Inbound,
    /// Where webhooks go.
    pub(crate) callbacks: Callbacks,
    /// Handshakes that are going on.
    pub(crate) challenges: Challenges,
    /// Webhooks that are not acknowledged.
    pub(crate) webhooks: Queue,
    /// What the relay counted.
    pub(crate) bill: Bill,
}

impl<P: Provider> State<P> {
    /// Of a node that has no rows but those of its endpoint.
    pub(crate) fn new(config: NodeConfig, endpoint: Endpoint<P>) -> Self {
        let directory = Directory::new(&config.tenants);
        Self {
            callbacks: Callbacks::new(&directory),
            config,
            directory,
            endpoint,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            challenges: Challenges::default(),
            webhooks: Queue::default(),
            bill: Bill::default(),
        }
    }
}
