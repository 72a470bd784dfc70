//! What the tests of links share.
#![allow(dead_code, unreachable_pub, missing_docs)]

use link::{Connection, Connector, Limits, LinkIdentity, Listener, MemoryNetwork};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::net::SocketAddr;
use std::time::Duration;
use wire::{
    Address, BillingClass, Envelope, EnvelopeId, EnvelopeKind, InboxItem, Outcome, Receipt, ToEndpoint,
    ToRelay,
};

pub type EndpointSide = Connection<ToEndpoint, ToRelay>;
pub type RelaySide = Connection<ToRelay, ToEndpoint>;

/// A relay, an endpoint, and what connects them.
pub struct Net {
    pub relay: LinkIdentity,
    pub endpoint: LinkIdentity,
    pub connector: Connector,
    memory: Option<MemoryNetwork>,
}

impl Net {
    pub fn quic() -> Self {
        let limits = Limits { handshake_timeout: Duration::from_secs(3), ..Limits::default() };
        Self::with(Connector::new(limits), None)
    }

    pub fn memory() -> Self {
        let network = MemoryNetwork::default();
        Self::with(network.connector(), Some(network))
    }

    fn with(connector: Connector, memory: Option<MemoryNetwork>) -> Self {
        Self { relay: identity(1), endpoint: identity(2), connector, memory }
    }

    pub fn listen(&self, limits: Limits) -> Listener {
        self.try_listen("127.0.0.1:0".parse().unwrap(), limits).unwrap()
    }

    /// Listens where another listener was, as soon as the port is free.
    pub async fn listen_again(&self, addr: SocketAddr) -> Listener {
        loop {
            if let Ok(listener) = self.try_listen(addr, Limits::default()) {
                return listener;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn try_listen(&self, addr: SocketAddr, limits: Limits) -> Result<Listener, link::BindError> {
        match &self.memory {
            Some(network) => network.listen(addr, &self.relay, limits),
            None => Listener::bind(addr, &self.relay, limits),
        }
    }

    pub async fn connect(&self, listener: &Listener) -> EndpointSide {
        let pin = Some(self.relay.public());
        self.connector.connect(&self.endpoint, listener.local_addr(), pin).await.unwrap()
    }

    pub async fn pair(&self) -> (EndpointSide, RelaySide, Listener) {
        let listener = self.listen(Limits::default());
        let endpoint = self.connect(&listener).await;
        let relay = listener.accept().await.unwrap();
        (endpoint, relay, listener)
    }
}

pub fn identity(seed: u64) -> LinkIdentity {
    LinkIdentity::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

pub async fn within(seconds: u64, test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(seconds), test).await.expect("the test hangs");
}

pub fn hello() -> ToRelay {
    ToRelay::Acknowledge { through: 999_999, unread: Vec::new() }
}

pub fn receipt(sequence: u64) -> ToEndpoint {
    let receipt = Receipt { envelope_id: EnvelopeId([3; 16]), outcome: Outcome::Delivered };
    ToEndpoint::Delivery { sequence, name: sequence, item: InboxItem::Receipt(receipt) }
}

pub fn submit(sequence: u64, ciphertext: &[u8]) -> ToRelay {
    let envelope = Envelope {
        id: EnvelopeId([9; 16]),
        from: Address::primary("16505551234".parse().unwrap()),
        to: Address::primary("15550783881".parse().unwrap()),
        kind: EnvelopeKind::Ratchet,
        ciphertext: ciphertext.to_vec().into(),
        billing_class: BillingClass::Service,
    };
    ToRelay::Submit { sequence, envelope }
}
