//! All that a node knows. Each part is an idea's own, in its folder; the calls there work on the whole.

use crate::accounts::Directory;
use crate::billing::Bill;
use crate::config::NodeConfig;
use crate::control::numbers::Standings;
use crate::faults::Faults;
use crate::media::{Library, Sending};
use crate::messages::{Conversations, Inbound, Outbound};
use crate::output::Notice;
use crate::register::Drift;
use crate::templates::Templates;
use crate::webhooks::{Callbacks, Challenges, Queue, Signing};
use content::Content;
use endpoint::generic::Endpoint;
use endpoint::{IdentityKey, SendError, Terms};
use graph::{Signatures, SigningKey};
use kernel::Transaction;
use wire::Address;

/// The state of a node; to the calls that work on it, over whatever provider.
pub(crate) struct State<E: ?Sized = dyn Ends> {
    pub(crate) config: NodeConfig,
    /// Whose is what.
    pub(crate) directory: Directory,
    /// Message templates.
    pub(crate) templates: Templates,
    /// How far messages to consumers have come.
    pub(crate) outbound: Outbound,
    /// Which messages of consumers arrived.
    pub(crate) inbound: Inbound,
    /// What businesses have uploaded, and consumers sent.
    pub(crate) media: Library,
    /// Messages that wait for the relay to have their media.
    pub(crate) sending: Sending,
    /// When consumers wrote last.
    pub(crate) conversations: Conversations,
    /// Where webhooks go.
    pub(crate) callbacks: Callbacks,
    /// Handshakes that are going on.
    pub(crate) challenges: Challenges,
    /// Webhooks that are not acknowledged.
    pub(crate) webhooks: Queue,
    /// What the relay counted.
    pub(crate) bill: Bill,
    /// What a test has the platform decide.
    pub(crate) standings: Standings,
    /// What a test has go wrong.
    pub(crate) faults: Faults,
    /// Keys, sessions, and what is on its way to consumers.
    pub(crate) endpoint: E,
}

/// What becomes durable, and is said, with the first step of a node whose state follows the tenants file already.
pub(crate) struct Planted {
    pub(crate) transaction: Transaction,
    pub(crate) notices: Vec<Notice>,
}

/// What calls need of an endpoint.
pub(crate) trait Ends {
    /// True if it speaks for the address.
    fn speaks_for(&self, account: Address) -> bool;

    /// Signs what is posted to an app's webhook.
    fn sign(&self, key: &SigningKey, body: &[u8]) -> Signatures;

    /// The identity key that `account` trusts to be that of `peer`, if they ever spoke.
    fn peer_identity(&self, account: Address, peer: Address) -> Option<IdentityKey>;

    /// Takes a message on: from now it is the endpoint's to deliver.
    fn send(
        &mut self,
        pair: (Address, Address),
        content: &Content,
        terms: Terms,
        step: &mut endpoint::Step<'_>,
    ) -> Result<(), SendError>;
}

impl<P: Signing> Ends for Endpoint<P> {
    fn speaks_for(&self, account: Address) -> bool {
        self.identity(account).is_some()
    }

    fn sign(&self, key: &SigningKey, body: &[u8]) -> Signatures {
        P::sign(key, body)
    }

    fn peer_identity(&self, account: Address, peer: Address) -> Option<IdentityKey> {
        Self::peer_identity(self, account, peer)
    }

    fn send(
        &mut self,
        pair: (Address, Address),
        content: &Content,
        terms: Terms,
        step: &mut endpoint::Step<'_>,
    ) -> Result<(), SendError> {
        Self::send(self, pair, content, terms, step)
    }
}

impl State {
    /// The tenants file is the seed of the state (docs/decisions/0024): plants what it says, and says where what the API has
    /// made of it is in force instead.
    pub(crate) fn plant(&mut self) -> Planted {
        let tenants = &self.config.tenants;
        let mut transaction = Transaction::default();
        let of_directory = self.directory.follow(tenants, &mut transaction);
        let of_callbacks = self.callbacks.follow(tenants, &mut transaction);
        self.templates.follow(tenants, &mut transaction);
        let notice = |(thing, drift)| match drift {
            Drift::Overruled => Notice::Overruled(thing),
            Drift::Unnamed => Notice::Unnamed(thing),
        };
        Planted { transaction, notices: of_directory.into_iter().chain(of_callbacks).map(notice).collect() }
    }
}

impl<E: Ends> State<E> {
    /// Of a node that has no rows but those of its endpoint.
    pub(crate) fn new(config: NodeConfig, endpoint: E) -> Self {
        Self {
            config,
            endpoint,
            directory: Directory::default(),
            templates: Templates::default(),
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            media: Library::default(),
            sending: Sending::default(),
            conversations: Conversations::default(),
            callbacks: Callbacks::default(),
            challenges: Challenges::default(),
            webhooks: Queue::default(),
            bill: Bill::default(),
            standings: Standings::default(),
            faults: Faults::default(),
        }
    }
}
