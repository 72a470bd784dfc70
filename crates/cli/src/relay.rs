//! `blindpost relay`: the transport as its own process, with its link key and its store in one directory.

use crate::address::address;
use crate::data::Data;
use crate::manifest::Party;
use crate::metrics::MetricsArguments;
use crate::out::outln;
use crate::settings::Settings;
use crate::shutdown;
use crate::uplink::{default_relay, parse_key};
use clap::Args;
use link::{Limits, Listener};
use miette::IntoDiagnostic as _;
use relay::RelayConfig;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The transport relay as its own process.
///
/// Example: blindpost relay --data ./relay --listen 127.0.0.1:4433
#[derive(Debug, Args)]
pub(crate) struct RelayArguments {
    /// Directory for the relay's link key and store; made if there is none [default: blindpost-data/relay]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// UDP address to listen on (QUIC) [default: 127.0.0.1:4433]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Link key of a node that may speak for businesses, 64 hex digits; may be repeated. If none is
    /// given, the first node that connects becomes the only one
    #[arg(long = "gateway", value_name = "KEY")]
    gateways: Vec<String>,
    /// Settings file, section [relay]; flags win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Deleted content becomes unreadable on disk within about this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    key_lifetime: u64,
    #[command(flatten)]
    metrics: MetricsArguments,
    /// Print the facts that others need as one line of JSON
    #[arg(long)]
    json: bool,
}

impl RelayArguments {
    pub(crate) async fn run(self) -> miette::Result<()> {
        let settings = Settings::read(self.config.as_deref())?.relay;
        let dir = self.data.or(settings.data).unwrap_or_else(|| "blindpost-data/relay".into());
        let listen = self.listen.or(settings.listen).unwrap_or_else(default_relay);
        let gateways = if self.gateways.is_empty() { settings.gateways } else { self.gateways };
        let gateways = gateways.iter().map(|key| parse_key(key)).collect::<miette::Result<_>>()?;

        self.metrics.serve().await?;
        let data = Data::open(&dir, Party::Relay, Duration::from_secs(self.key_lifetime))?;
        let listener = Listener::bind(listen, &data.identity, Limits::default()).into_diagnostic()?;
        let key = data.identity.public();
        if self.json {
            outln!(
                "{}",
                serde_json::json!({ "relay": listener.local_addr(), "relay_key": key.to_string() })
            )?;
        } else {
            outln!("relay      {}\nrelay key  {key}", listener.local_addr())?;
        }
        let config = RelayConfig { gateways, ..RelayConfig::default() };
        let (partition, blobs) = (data.store.partition("relay"), data.blobs()?);
        relay::serve(config, partition, blobs, listener, data.rng, shutdown::requested())
            .await
            .into_diagnostic()?;
        data.store.close();
        Ok(())
    }
}
