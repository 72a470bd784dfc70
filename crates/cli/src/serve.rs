//! `blindpost serve`: relay and node in one process, each with its own directory and keys, for SDKs and for people.

use crate::address::address;
use crate::authority::Authority;
use crate::cloud::{ApiArguments, Facts, base_url, listen};
use crate::data::Data;
use crate::manifest::{Manifest, Party};
use crate::shutdown::{self, Shutdown};
use crate::uplink::default_relay;
use ::cloud::{Doors, Https, Restored};
use clap::Args;
use link::{Connector, Limits, Listener, Pin, Uplink, UplinkTransfers};
use miette::{IntoDiagnostic as _, WrapErr as _};
use relay::RelayConfig;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Relay and node together, for real clients: prints base URL, token and webhook settings.
///
/// Example: blindpost serve --data ./data --webhook http://127.0.0.1:9000/webhooks
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Directory for keys, tenants and stores; made if there is none
    #[arg(long, value_name = "DIR", default_value = "blindpost-data")]
    data: PathBuf,
    /// UDP address of the relay, for consumers [default: 127.0.0.1:4433]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
    /// TCP address of HTTPS beside HTTP, with certificates of a test CA that is kept in the data directory
    #[arg(long, value_name = "ADDR", value_parser = address)]
    tls: Option<SocketAddr>,
    #[command(flatten)]
    api: ApiArguments,
}

impl Serve {
    pub(crate) async fn run(self) -> miette::Result<()> {
        let key_lifetime = Duration::from_secs(self.api.key_lifetime);
        Manifest::check_holds_others(&self.data)?;
        self.api.metrics.serve().await?;
        let relay = Data::open(&self.data.join("relay"), Party::Relay, key_lifetime)?;
        let mut node = Data::open(&self.data.join("cloud"), Party::Node, key_lifetime)?;
        let tenants = self.api.tenants(Vec::new(), &mut node)?;
        let listener =
            Listener::bind(self.listen.unwrap_or_else(default_relay), &relay.identity, Limits::default())
                .into_diagnostic()?;
        let trust = self.api.trust()?;
        let http = listen(self.api.http).await?;
        let tls = match self.tls {
            Some(address) => Some((Authority::open(&mut node)?, listen_securely(address).await?)),
            None => None,
        };
        let uplink = Uplink {
            connector: Arc::new(Connector::new(Limits::default())),
            relay: listener.local_addr(),
            pin: Pin::Key(relay.identity.public()),
            identity: node.identity.clone(),
            transfers: UplinkTransfers::default(),
        };
        let mut node_config = self.api.node_config(&tenants)?;
        node_config.base_url = base_url(&http)?.into();
        let media = node.media()?;
        let restored = Restored::new(node_config, node.store.partition("node")).into_diagnostic()?;
        let mut facts = Facts::new(&http, &tenants, &uplink, restored.node())?;
        let mut https = None;
        if let Some((authority, listener)) = tls {
            facts = facts.with_tls(listener.local_addr().into_diagnostic()?, authority.ca.clone());
            https = Some(Https::new(listener, authority.credentials()?).into_diagnostic()?);
        }
        facts.print(self.api.json)?;

        let config = RelayConfig { gateways: [uplink.identity.public()].into(), ..RelayConfig::default() };
        let blobs = relay.blobs()?;
        let connector = Arc::clone(&uplink.connector);
        let stop = Shutdown::new();
        let transport =
            relay::serve(config, relay.store.partition("relay"), blobs, listener, relay.rng, stop.wait());
        let cloud = ::cloud::serve(
            restored,
            Doors { http, https, trust: Some(trust) },
            media,
            uplink,
            node.rng,
            |_| {},
            stop.wait(),
        );
        let stopper = async {
            shutdown::requested().await;
            stop.request();
        };
        let (_, cloud, transport) = tokio::join!(stopper, cloud, transport);
        connector.close().await;
        node.store.close();
        relay.store.close();
        cloud.into_diagnostic()?;
        transport.into_diagnostic()
    }
}

/// Listens for API calls over TLS.
async fn listen_securely(address: SocketAddr) -> miette::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.into_diagnostic();
    listener.wrap_err_with(|| format!("can't listen on {address}; choose another with --tls"))
}
