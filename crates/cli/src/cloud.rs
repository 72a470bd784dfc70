//! `blindpost cloud`: the Cloud API node as its own process, and what `serve` has in common with it: the flags of the
//! API, and the facts (base URL, tokens, secrets) that are printed for whoever wants to call it.

use crate::address::address;
use crate::data::{Data, TENANTS, missing};
use crate::manifest::Party;
use crate::metrics::MetricsArguments;
use crate::out::{Unwritten, out, outln};
use crate::settings::Settings;
use crate::shutdown;
use crate::suites::SuiteArguments;
use crate::tenants::{self, TenantSettings};
use crate::uplink::uplink;
use ::cloud::{Credentials, Doors, Node, NodeConfig, Restored, ReviewPolicy, Trust};
use clap::Args;
use link::Uplink;
use miette::{IntoDiagnostic as _, WrapErr as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The Cloud API node as its own process.
///
/// Example: blindpost cloud --data ./node --relay 127.0.0.1:4433 --webhook http://127.0.0.1:9000/webhooks
#[derive(Debug, Args)]
pub(crate) struct CloudArguments {
    /// Directory for link key, tenants and store; made if there is none [default: blindpost-data/cloud]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the relay listens [default: 127.0.0.1:4433]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    relay: Option<SocketAddr>,
    /// The relay's link key; if not given, the first one seen is the one
    #[arg(long, value_name = "KEY")]
    relay_key: Option<String>,
    #[command(flatten)]
    api: ApiArguments,
    /// Settings file, section [cloud]; flags win
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What `cloud` and `serve` have in common.
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// Address of the HTTP API [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) http: Option<SocketAddr>,
    /// File with the businesses; made with one business in it if there is none [default: DATA/tenants.toml]
    #[arg(long, value_name = "FILE")]
    tenants: Option<PathBuf>,
    /// Where the first business wants its webhooks
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Token of the first business, instead of the one in the file
    #[arg(long, value_name = "TOKEN", env = "BLINDPOST_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// App secret of the first business, instead of the one in the file
    #[arg(long, value_name = "SECRET", env = "BLINDPOST_APP_SECRET", hide_env_values = true)]
    app_secret: Option<String>,
    /// Webhook verify token of the first business, instead of the one in the file
    #[arg(long, value_name = "TOKEN", env = "BLINDPOST_VERIFY_TOKEN", hide_env_values = true)]
    verify_token: Option<String>,
    /// Authorities that vouch for receivers of webhooks (PEM), instead of those that the system trusts
    #[arg(long, value_name = "FILE")]
    webhook_ca: Option<PathBuf>,
    /// Certificate that is shown to receivers of webhooks who ask for one (PEM)
    #[arg(long, value_name = "FILE", requires = "webhook_client_key")]
    webhook_client_cert: Option<PathBuf>,
    /// The key of --webhook-client-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "webhook_client_cert")]
    webhook_client_key: Option<PathBuf>,
    /// Most updates in one webhook under load; with 1 each travels alone
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=1000))]
    webhook_batch: u16,
    #[command(flatten)]
    pub(crate) suite: SuiteArguments,
    /// How long an undelivered message is kept, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30 * 24 * 3600, value_parser = clap::value_parser!(u64).range(1..))]
    retention: u64,
    /// The prekeys that every first message may use are made anew after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2 * 24 * 3600, value_parser = clap::value_parser!(u64).range(60..))]
    key_rotation: u64,
    /// When a message template is approved: `instant`, `manual` (when a reviewer says so), or after a time, as `2min`
    #[arg(long, value_name = "WHEN", default_value = "instant", value_parser = review)]
    review: ReviewPolicy,
    /// Deleted content becomes unreadable on disk within about this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) key_lifetime: u64,
    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,
    /// Print the facts that others need as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl CloudArguments {
    pub(crate) async fn run(self) -> miette::Result<()> {
        let settings = Settings::read(self.config.as_deref())?.cloud;
        let dir = self.data.or(settings.data).unwrap_or_else(|| "blindpost-data/cloud".into());
        self.api.metrics.serve().await?;
        let mut data = Data::open(&dir, Party::Node, Duration::from_secs(self.api.key_lifetime))?;
        let tenants = self.api.tenants(settings.tenants, &mut data)?;
        let trust = self.api.trust()?;
        let http = listen(self.api.http.or(settings.http)).await?;
        let (relay, key) = (self.relay.or(settings.relay), self.relay_key.or(settings.relay_key));
        let mut config = self.api.node_config(&tenants)?;
        config.base_url = base_url(&http)?.into();
        let media = data.media()?;
        let restored = Restored::new(config, data.store.partition("node")).into_diagnostic()?;
        if key.is_none() {
            data.check_pin(|| Ok(restored.node().endpoint().is_known()))?;
        }
        let uplink = uplink(&data, relay, key)?;
        Facts::new(&http, &tenants, &uplink, restored.node())?.print(self.api.json)?;
        let connector = Arc::clone(&uplink.connector);
        let doors = Doors { http, https: None, trust: Some(trust) };
        ::cloud::serve(restored, doors, media, uplink, data.rng, |_| {}, shutdown::requested())
            .await
            .into_diagnostic()?;
        connector.close().await;
        data.store.close();
        Ok(())
    }
}

impl ApiArguments {
    /// The businesses: from the settings file, or the tenants file, with what flags say of the first.
    pub(crate) fn tenants(
        &self,
        settings: Vec<TenantSettings>,
        data: &mut Data,
    ) -> miette::Result<Vec<TenantSettings>> {
        let mut tenants = if settings.is_empty() {
            let file = self.tenants.clone().unwrap_or_else(|| data.dir.join(TENANTS));
            // A business made anew would not be the one whose keys and sessions are here.
            if !file.exists() && !data.store.was_unused() {
                return Err(missing(&file).wrap_err("the node's businesses are not there"));
            }
            tenants::read_or_generate(&file, &mut data.rng)?
        } else {
            settings
        };
        let Some(first) = tenants.first_mut() else {
            return Err(miette::miette!(
                help = "delete the file to have one made",
                "the tenants file names no business"
            ));
        };
        if let Some(webhook) = &self.webhook {
            first.webhook = Some(webhook.clone());
        }
        let overrides = [
            (&self.token, &mut first.token),
            (&self.app_secret, &mut first.app_secret),
            (&self.verify_token, &mut first.verify_token),
        ];
        for (given, setting) in overrides {
            if let Some(given) = given {
                setting.clone_from(given);
            }
        }
        Ok(tenants)
    }

    pub(crate) fn node_config(&self, tenants: &[TenantSettings]) -> miette::Result<NodeConfig> {
        let mut config = tenants::node_config(tenants, self.suite.suites()?)?;
        config.retention = Duration::from_secs(self.retention);
        config.endpoint.retention = config.retention;
        config.endpoint.key_rotation = Duration::from_secs(self.key_rotation);
        config.webhooks.updates_per_post = self.webhook_batch.into();
        config.templates.review = self.review;
        Ok(config)
    }

    /// Whom webhooks are posted to over TLS.
    pub(crate) fn trust(&self) -> miette::Result<Trust> {
        let authorities = self.webhook_ca.as_deref().map(pem).transpose()?;
        let own = match (&self.webhook_client_cert, &self.webhook_client_key) {
            (Some(chain), Some(key)) => {
                let own = Credentials::from_pem(&pem(chain)?, &pem(key)?);
                Some(own.into_diagnostic().wrap_err_with(|| {
                    format!("can't use --webhook-client-cert {} with {}", chain.display(), key.display())
                })?)
            }
            _ => None,
        };
        Trust::new(authorities.as_deref(), own).into_diagnostic().wrap_err_with(|| match &self.webhook_ca {
            Some(file) => format!("can't use --webhook-ca {}", file.display()),
            None => "can't use --webhook-client-cert".to_owned(),
        })
    }
}

/// When templates are approved.
fn review(when: &str) -> Result<ReviewPolicy, String> {
    match when {
        "instant" => Ok(ReviewPolicy::Instant),
        "manual" => Ok(ReviewPolicy::Manual),
        span => match span.parse::<::scenario::Duration>() {
            Ok(span) => Ok(ReviewPolicy::After(span.to_std())),
            Err(error) => Err(format!("want instant, manual or a time as 2min: {error}")),
        },
    }
}

/// Where the API is.
pub(crate) fn base_url(http: &TcpListener) -> miette::Result<String> {
    Ok(format!("http://{}", http.local_addr().into_diagnostic()?))
}

/// What a person or a script needs to talk to a node.
pub(crate) struct Facts {
    base_url: String,
    relay: SocketAddr,
    node_key: String,
    /// Of the control interface, if there is one.
    control_url: Option<String>,
    /// With `--tls`: the URL, and the file with the certificate of its CA.
    tls: Option<(String, PathBuf)>,
    tenants: Vec<TenantSettings>,
}

impl Facts {
    pub(crate) fn new(
        http: &TcpListener,
        tenants: &[TenantSettings],
        uplink: &Uplink,
        node: &Node,
    ) -> miette::Result<Self> {
        let mut tenants = tenants.to_vec();
        // What the API has said is in force, whatever the file says.
        for tenant in &mut tenants {
            let ids = (tenant.app_id.parse(), tenant.phone_number_id.parse());
            let (Ok(app), Ok(number)) = ids else { continue };
            tenant.webhook = node.webhook(app, number).map(str::to_owned);
        }
        Ok(Self {
            base_url: base_url(http)?,
            relay: uplink.relay,
            node_key: uplink.identity.public().to_string(),
            control_url: None,
            tls: None,
            tenants,
        })
    }

    /// With the control interface at `url`.
    pub(crate) fn with_control(self, url: Option<String>) -> Self {
        Self { control_url: url, ..self }
    }

    /// The numbers of all businesses.
    pub(crate) fn businesses(&self) -> Vec<wire::Number> {
        self.tenants.iter().filter_map(|tenant| tenant.number.parse().ok()).collect()
    }

    /// The same with HTTPS at `address`, for who trusts the CA in the file `ca`.
    pub(crate) fn with_tls(self, address: SocketAddr, ca: PathBuf) -> Self {
        Self { tls: Some((format!("https://{address}"), ca)), ..self }
    }

    pub(crate) fn print(&self, json: bool) -> Result<(), Unwritten> {
        if json { outln!("{}", self.to_json()) } else { out!("{}", self.to_text()) }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        let tenants: Vec<_> = self
            .tenants
            .iter()
            .map(|tenant| {
                serde_json::json!({
                    "name": tenant.name, "portfolio_id": tenant.portfolio_id, "app_id": tenant.app_id, "app_secret": tenant.app_secret,
                    "verify_token": tenant.verify_token, "token": tenant.token, "waba_id": tenant.waba_id,
                    "phone_number_id": tenant.phone_number_id, "number": tenant.number, "webhook": tenant.webhook,
                })
            })
            .collect();
        let mut facts = serde_json::json!({
            "base_url": self.base_url, "relay": self.relay, "node_key": self.node_key, "tenants": tenants,
        });
        if let (Some(url), Some(facts)) = (&self.control_url, facts.as_object_mut()) {
            facts.insert("control_url".into(), url.as_str().into());
        }
        if let (Some((url, ca)), Some(facts)) = (&self.tls, facts.as_object_mut()) {
            facts.insert("tls_url".into(), url.as_str().into());
            facts.insert("tls_ca".into(), ca.display().to_string().into());
        }
        facts
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "base URL         {}/v23.0\nrelay            {}\nnode key         {}\n",
            self.base_url, self.relay, self.node_key
        );
        if let Some(url) = &self.control_url {
            text += &format!("control          {url}\n");
        }
        if let Some((url, ca)) = &self.tls {
            text += &format!("TLS URL          {url}/v23.0\nTLS CA           {}\n", ca.display());
        }
        for tenant in &self.tenants {
            let webhook = tenant
                .webhook
                .as_deref()
                .unwrap_or("none; set one with --webhook URL or POST /{app-id}/subscriptions");
            text += &format!(
                "\n{}\n  portfolio id     {}\n  phone number id  {}\n  number           {}\n  token            {}\n  WABA id          {}\n  app id           {}\n  app secret       {}\n  verify token     {}\n  webhook          {webhook}\n",
                tenant.name,
                tenant.portfolio_id.as_deref().unwrap_or("made of the app id"),
                tenant.phone_number_id,
                tenant.number,
                tenant.token,
                tenant.waba_id,
                tenant.app_id,
                tenant.app_secret,
                tenant.verify_token,
            );
        }
        if let Some(first) = self.tenants.first() {
            text += &format!(
                "\ncurl -X POST {}/v23.0/{}/messages -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \\\n  -d '{{\"messaging_product\":\"whatsapp\",\"to\":\"NUMBER\",\"type\":\"text\",\"text\":{{\"body\":\"hello\"}}}}'\n",
                self.base_url, first.phone_number_id, first.token,
            );
        }
        text
    }
}

/// A file that a flag names.
fn pem(file: &Path) -> miette::Result<Vec<u8>> {
    std::fs::read(file).into_diagnostic().wrap_err_with(|| format!("can't read {}", file.display()))
}

/// Listens for API calls.
pub(crate) async fn listen(address: Option<SocketAddr>) -> miette::Result<TcpListener> {
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    TcpListener::bind(address)
        .await
        .into_diagnostic()
        .wrap_err_with(|| format!("can't listen on {address}; choose another with --http"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::arguments::parsed;
    use crate::error::explain;

    fn data(dir: &tempfile::TempDir) -> Data {
        Data::open(dir.path(), Party::Node, Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn flags_are_about_the_first_business_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut data = data(&dir);
        let settings: Vec<_> = (0..2).map(|index| TenantSettings::generate(index, &mut data.rng)).collect();
        let flags = "--webhook http://127.0.0.1:9/ --token T --app-secret S --verify-token V";
        let [first, second] =
            <[_; 2]>::try_from(parsed::<ApiArguments>(flags).tenants(settings.clone(), &mut data).unwrap())
                .unwrap();
        assert_eq!(first.webhook.as_deref(), Some("http://127.0.0.1:9/"));
        assert_eq!((&*first.token, &*first.app_secret, &*first.verify_token), ("T", "S", "V"));
        assert_eq!(first.number, settings[0].number);
        assert_eq!((second.token, second.webhook), (settings[1].token.clone(), None));
        assert!(!dir.path().join("tenants.toml").exists(), "businesses of the settings are in no other file");
    }

    #[test]
    fn a_tenants_file_without_a_business_is_an_error_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("none.toml");
        std::fs::write(&file, "tenants = []\n").unwrap();
        let arguments = parsed::<ApiArguments>(&format!("--tenants {}", file.display()));
        let error = explain(&arguments.tenants(Vec::new(), &mut data(&dir)).unwrap_err());
        assert!(error.contains("names no business") && error.contains("help: delete the file"), "{error}");
    }

    #[test]
    fn retention_and_suites_reach_the_node() {
        let dir = tempfile::tempdir().unwrap();
        let mut data = data(&dir);
        let arguments = parsed::<ApiArguments>("--retention 60 --suite pqxdh");
        let tenants = arguments.tenants(Vec::new(), &mut data).unwrap();
        let config = arguments.node_config(&tenants).unwrap();
        assert_eq!(
            (config.retention, config.endpoint.retention),
            (Duration::from_secs(60), Duration::from_secs(60))
        );
        assert_eq!(config.endpoint.suites.newest, endpoint::Suite::Pqxdh);
        assert!(config.endpoint.gateway, "a node speaks for businesses");
    }

    #[test]
    fn when_templates_are_approved_reaches_the_node() {
        let dir = tempfile::tempdir().unwrap();
        let mut data = data(&dir);
        for (flags, policy) in [
            ("", ReviewPolicy::Instant),
            ("--review manual", ReviewPolicy::Manual),
            ("--review 2min", ReviewPolicy::After(Duration::from_secs(120))),
        ] {
            let arguments = parsed::<ApiArguments>(flags);
            let tenants = arguments.tenants(Vec::new(), &mut data).unwrap();
            assert_eq!(arguments.node_config(&tenants).unwrap().templates.review, policy);
        }
        assert!(review("soon").unwrap_err().contains("want instant, manual or a time as 2min"));
    }

    #[test]
    fn the_facts_are_the_same_for_people_and_for_programs() {
        let mut rng = kernel::Rng::for_entity(&kernel::Seed::from_number(1), "test");
        let tenant = TenantSettings::generate(0, &mut rng);
        let facts = Facts {
            base_url: "http://127.0.0.1:8080".into(),
            relay: SocketAddr::from(([127, 0, 0, 1], 4433)),
            node_key: "ab".repeat(32),
            control_url: Some("http://127.0.0.1:8081/control/v1".into()),
            tls: None,
            tenants: vec![tenant.clone()],
        };
        let (json, text) = (facts.to_json(), facts.to_text());
        assert_eq!(json["base_url"], "http://127.0.0.1:8080");
        assert_eq!(json["relay"], "127.0.0.1:4433");
        assert_eq!(json["control_url"], "http://127.0.0.1:8081/control/v1");
        assert!(text.contains("control          http://127.0.0.1:8081/control/v1\n"));
        let written = serde_json::to_value(&tenant).unwrap();
        for (key, value) in written.as_object().unwrap() {
            assert_eq!(&json["tenants"][0][key], value, "{key}");
            assert!(text.contains(value.as_str().unwrap()), "{key}: {text}");
        }
        assert_eq!(json["tenants"][0]["webhook"], serde_json::Value::Null);
        assert!(text.contains(&format!(
            "curl -X POST http://127.0.0.1:8080/v23.0/{}/messages -H 'Authorization: Bearer {}'",
            tenant.phone_number_id, tenant.token
        )));
        assert!(json.get("tls_url").is_none() && !text.contains("TLS"));
        let facts = facts.with_tls(SocketAddr::from(([127, 0, 0, 1], 8443)), "/data/tls-ca.pem".into());
        let (json, text) = (facts.to_json(), facts.to_text());
        assert_eq!(
            (&json["tls_url"], &json["tls_ca"]),
            (&"https://127.0.0.1:8443".into(), &"/data/tls-ca.pem".into())
        );
        assert!(text.contains("https://127.0.0.1:8443/v23.0") && text.contains("/data/tls-ca.pem"));
    }

    #[test]
    fn what_webhooks_are_posted_with_is_read_and_errors_name_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rubbish.pem");
        std::fs::write(&file, "rubbish").unwrap();
        let shown = file.display();
        let error = explain(&parsed::<ApiArguments>(&format!("--webhook-ca {shown}")).trust().unwrap_err());
        assert!(
            error.contains(&format!("can't use --webhook-ca {shown}")) && error.contains("no certificate"),
            "{error}"
        );
        let both = format!("--webhook-client-cert {shown} --webhook-client-key {shown}");
        let error = explain(&parsed::<ApiArguments>(&both).trust().unwrap_err());
        assert!(
            error.contains("can't use --webhook-client-cert") && error.contains("no private key"),
            "{error}"
        );
        let error = explain(&parsed::<ApiArguments>("--webhook-ca /nowhere/ca.pem").trust().unwrap_err());
        assert!(error.contains("can't read /nowhere/ca.pem"), "{error}");
        parsed::<ApiArguments>("").trust().unwrap();
    }
}
