//! `blindpost serve`: relay and node in one process, each with its own directory and keys, for SDKs and for people; and beside
//! them the control interface, which has people with phones, the clock, and what else a test needs.

use crate::address::address;
use crate::authority::Authority;
use crate::cloud::{ApiArguments, Facts, base_url, listen};
use crate::data::{Data, empty};
use crate::manifest::{Manifest, Party};
use crate::out::errln;
use crate::people::Directories;
use crate::shutdown::{self, Shutdown};
use crate::uplink::default_relay;
use ::cloud::{Doors, Https, Restored};
use ::control::{Control, Reset, Stack};
use clap::Args;
use link::{Connector, Limits, Listener, Pin, Uplink, UplinkTransfers};
use miette::{IntoDiagnostic as _, WrapErr as _};
use relay::RelayConfig;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

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
    /// Loopback address of the control interface (people, their phones, the clock, faults), or `off`
    /// [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR", value_parser = control_address)]
    control: Option<ControlAddress>,
    #[command(flatten)]
    api: ApiArguments,
}

/// Where the control interface listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ControlAddress {
    Off,
    At(SocketAddr),
}

const DEFAULT_CONTROL: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8081);

/// The control interface, and what it wants of the parties.
struct Beside {
    control: Control,
    url: String,
    resets: mpsc::Receiver<Reset>,
}

impl Serve {
    pub(crate) async fn run(mut self) -> miette::Result<()> {
        Manifest::check_holds_others(&self.data)?;
        self.api.metrics.serve().await?;
        let stop = Shutdown::new();
        let stopper = stop.clone();
        tokio::spawn(async move {
            shutdown::requested().await;
            stopper.request();
        });
        let mut beside = self.control(&stop).await?;
        let mut reset = None;
        while let Some(wanted) = self.live(&mut beside, reset.take(), &stop).await? {
            for party in ["relay", "cloud"] {
                let dir = self.data.join(party);
                empty(&dir).into_diagnostic().wrap_err_with(|| format!("can't empty {}", dir.display()))?;
            }
            reset = Some(wanted);
        }
        Ok(())
    }

    /// Runs the parties until they are to stop, or to begin anew: then that is what is given back. `begun` is the reset
    /// that they follow.
    async fn live(
        &mut self,
        beside: &mut Option<Beside>,
        begun: Option<Reset>,
        stop: &Shutdown,
    ) -> miette::Result<Option<Reset>> {
        let key_lifetime = Duration::from_secs(self.api.key_lifetime);
        let relay = Data::open(&self.data.join("relay"), Party::Relay, key_lifetime)?;
        let mut node = Data::open(&self.data.join("cloud"), Party::Node, key_lifetime)?;
        let tenants = self.api.tenants(Vec::new(), &mut node)?;
        let (address, limits) = (self.listen.unwrap_or_else(default_relay), Limits::default());
        let listener = match &begun {
            Some(_) => Listener::bind_again(address, &relay.identity, limits).await,
            None => Listener::bind(address, &relay.identity, limits),
        };
        let listener = listener.into_diagnostic()?;
        let trust = self.api.trust()?;
        let http = listen(self.api.http).await?;
        let tls = match self.tls {
            Some(address) => Some((Authority::open(&mut node)?, listen_securely(address).await?)),
            None => None,
        };
        // Whoever begins anew is where it was.
        self.listen = Some(listener.local_addr());
        self.api.http = Some(http.local_addr().into_diagnostic()?);
        let uplink = Uplink {
            connector: Arc::new(Connector::new(Limits::default())),
            relay: listener.local_addr(),
            pin: Pin::Key(relay.identity.public()),
            switch: link::Switch::default(),
            identity: node.identity.clone(),
            transfers: UplinkTransfers::default(),
        };
        let mut node_config = self.api.node_config(&tenants)?;
        node_config.base_url = base_url(&http)?.into();
        let media = node.media()?;
        let restored = Restored::new(node_config, node.store.partition("node")).into_diagnostic()?;
        let restored = restored.with_controls(beside.as_ref().map(|beside| beside.control.controls()));
        let url = beside.as_ref().map(|beside| beside.url.clone());
        let mut facts = Facts::new(&http, &tenants, &uplink, restored.node())?.with_control(url);
        let mut https = None;
        if let Some((authority, listener)) = tls {
            let address = listener.local_addr().into_diagnostic()?;
            facts = facts.with_tls(address, authority.ca.clone());
            self.tls = Some(address);
            https = Some(Https::new(listener, authority.credentials()?).into_diagnostic()?);
        }

        let config = RelayConfig { gateways: [uplink.identity.public()].into(), ..RelayConfig::default() };
        let (connector, people) =
            (Arc::clone(&uplink.connector), Arc::new(Connector::new(Limits::default())));
        if let Some(Beside { control, .. }) = &beside {
            let stack = Stack {
                facts: facts.to_json(),
                businesses: facts.businesses(),
                policy: endpoint::Policy { suites: self.api.suite.suites()?, ..endpoint::Policy::default() },
                connector: Arc::clone(&people),
                relay: uplink.relay,
                relay_key: relay.identity.public(),
            };
            control.attach(stack).await.map_err(|error| miette::miette!("{error}"))?;
        }
        match begun {
            Some(reset) => reset.done(),
            None => facts.print(self.api.json)?,
        }

        let over = Shutdown::new();
        let blobs = relay.blobs()?;
        let transport =
            relay::serve(config, relay.store.partition("relay"), blobs, listener, relay.rng, over.wait());
        let control = beside.as_ref().map(|beside| beside.control.clone());
        let observe = |output: ::cloud::Output| {
            control.iter().for_each(|control| control.observe(&output));
        };
        let cloud = ::cloud::serve(
            restored,
            Doors { http, https, trust: Some(trust) },
            media,
            uplink,
            node.rng,
            observe,
            over.wait(),
        );
        let stopper = async {
            let reset = tokio::select! {
                () = stop.wait() => None,
                reset = wanted(beside) => Some(reset),
            };
            if let Some(control) = &control {
                control.detach().await;
            }
            over.request();
            reset
        };
        let (reset, cloud, transport) = tokio::join!(stopper, cloud, transport);
        connector.close().await;
        people.close().await;
        node.store.close();
        relay.store.close();
        cloud.into_diagnostic()?;
        transport.into_diagnostic()?;
        Ok(reset)
    }

    /// The control interface, answering until `stop`; `None` if there is to be none.
    async fn control(&self, stop: &Shutdown) -> miette::Result<Option<Beside>> {
        let address = match self.control {
            Some(ControlAddress::Off) => return Ok(None),
            Some(ControlAddress::At(address)) => address,
            None => DEFAULT_CONTROL,
        };
        let listener = match TcpListener::bind(address).await {
            // Nobody has asked for it, and another program may have the port.
            Err(error) if self.control.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
                errln!(
                    "there is no control interface: {address} is taken; choose another address with --control, for example --control 127.0.0.1:0"
                );
                return Ok(None);
            }
            bound => bound
                .into_diagnostic()
                .wrap_err_with(|| format!("can't listen on {address}; choose another with --control"))?,
        };
        let url = format!("http://{}/control/v1", listener.local_addr().into_diagnostic()?);
        let key_lifetime = Duration::from_secs(self.api.key_lifetime);
        let homes = Directories::new(self.data.join("people"), key_lifetime);
        let (control, resets) = Control::new(Arc::new(homes));
        tokio::spawn(control.clone().serve(listener, stop.wait()));
        Ok(Some(Beside { control, url, resets }))
    }
}

/// Listens for API calls over TLS.
async fn listen_securely(address: SocketAddr) -> miette::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.into_diagnostic();
    listener.wrap_err_with(|| format!("can't listen on {address}; choose another with --tls"))
}

/// Until somebody wants everything to be as after the start.
async fn wanted(beside: &mut Option<Beside>) -> Reset {
    match beside {
        Some(Beside { resets, .. }) => match resets.recv().await {
            Some(reset) => reset,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Whoever reaches the control interface holds every phone of its people: only this machine does.
fn control_address(text: &str) -> Result<ControlAddress, String> {
    if text == "off" {
        return Ok(ControlAddress::Off);
    }
    match address(text)? {
        address if address.ip().is_loopback() => Ok(ControlAddress::At(address)),
        _ => Err("the control interface listens on loopback addresses only, such as 127.0.0.1:8081".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_interface_is_for_this_machine_only() {
        assert_eq!(control_address("off"), Ok(ControlAddress::Off));
        for loopback in ["127.0.0.1:0", "[::1]:8081", "localhost:8081"] {
            assert!(matches!(control_address(loopback), Ok(ControlAddress::At(_))), "{loopback}");
        }
        for other in ["0.0.0.0:8081", "[::]:8081", "192.0.2.1:8081", "8081", ""] {
            assert!(control_address(other).is_err(), "{other}");
        }
    }
}
