//! The businesses of a node, as a file says.

use crate::toml_file;
use ::cloud::{AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Tenant};
use endpoint::Suites;
use kernel::Rng;
use miette::{IntoDiagnostic as _, WrapErr as _};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One app with one business account: what a direct developer has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantSettings {
    pub(crate) name: String,
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) verify_token: String,
    pub(crate) token: String,
    pub(crate) waba_id: String,
    pub(crate) phone_number_id: String,
    pub(crate) number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tenants: Vec<TenantSettings>,
}

impl TenantSettings {
    /// A business of its own ids and secrets; `index` counts from 0.
    pub(crate) fn generate(index: u64, rng: &mut Rng) -> Self {
        let mut secret = |prefix: &str| format!("{prefix}{}", hex::encode(rng.bytes::<16>()));
        Self {
            name: format!("Business {}", index + 1),
            app_id: (700_000_000_000_001 + index).to_string(),
            app_secret: secret(""),
            verify_token: secret("verify-"),
            token: secret("EAA"),
            waba_id: (102_290_129_340_398 + index).to_string(),
            phone_number_id: (106_540_352_242_922 + index).to_string(),
            number: (15_550_783_881 + index).to_string(),
            webhook: None,
        }
    }

    fn to_tenant(&self) -> miette::Result<Tenant> {
        let what = |key: &str| format!("tenant \"{}\": {key}", self.name);
        let number = BusinessNumber {
            id: self.phone_number_id.parse().into_diagnostic().wrap_err_with(|| what("phone_number_id"))?,
            number: self.number.parse().into_diagnostic().wrap_err_with(|| what("number"))?,
            display_name: self.name.clone(),
        };
        let account = BusinessAccount {
            id: self.waba_id.parse().into_diagnostic().wrap_err_with(|| what("waba_id"))?,
            name: self.name.clone(),
            subscribed: true,
            numbers: vec![number],
        };
        let callback =
            self.webhook.clone().map(|url| Callback { url, verify_token: self.verify_token.as_str().into() });
        let app = App {
            id: self.app_id.parse().into_diagnostic().wrap_err_with(|| what("app_id"))?,
            name: self.name.clone(),
            secret: self.app_secret.as_str().into(),
            callback,
            webhook_version: 23,
        };
        let token = AccessToken { value: self.token.as_str().into(), accounts: Vec::new(), expires: None };
        Ok(Tenant { app, accounts: vec![account], tokens: vec![token] })
    }
}

/// The tenants in `file`; if there is no such file, one business that is written to it, so that its
/// token and secret are the same at the next start.
pub(crate) fn read_or_generate(file: &Path, rng: &mut Rng) -> miette::Result<Vec<TenantSettings>> {
    if file.exists() {
        return Ok(toml_file::read::<File>(file)?.tenants);
    }
    let tenants = File { tenants: vec![TenantSettings::generate(0, rng)] };
    let text = toml::to_string(&tenants).into_diagnostic()?;
    link::write_new_file(file, text.as_bytes())
        .into_diagnostic()
        .wrap_err_with(|| format!("can't write {}", file.display()))?;
    Ok(tenants.tenants)
}

/// What the node is told.
pub(crate) fn node_config(tenants: &[TenantSettings], suites: Suites) -> miette::Result<NodeConfig> {
    let tenants: Vec<_> = tenants.iter().map(TenantSettings::to_tenant).collect::<miette::Result<_>>()?;
    let mut config = NodeConfig::new(tenants).into_diagnostic()?;
    config.endpoint.gateway = true;
    config.endpoint.one_time_prekeys = 100;
    config.endpoint.suites = suites;
    Ok(config)
}
