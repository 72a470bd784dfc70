//! The businesses of a node, as a file says.

use crate::toml_file;
use ::cloud::{
    AccessToken, App, BusinessAccount, BusinessNumber, Callback, NodeConfig, Portfolio, Scope, Scopes,
    Tenant, TokenKind, is_callback,
};
use endpoint::Suites;
use kernel::{Rng, Time};
use miette::{IntoDiagnostic as _, WrapErr as _};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One app with one business account: what a direct developer has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantSettings {
    pub(crate) name: String,
    /// If there is none, one is made of the app's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) portfolio_id: Option<String>,
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) verify_token: String,
    pub(crate) token: String,
    pub(crate) waba_id: String,
    pub(crate) phone_number_id: String,
    pub(crate) number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<String>,
    /// The business wants to hear when a consumer's identity key has changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) identity_key_check: bool,
    /// The Graph version whose form webhooks have: 23 for v23.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_version: Option<u16>,
    /// Calls need an `appsecret_proof`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) require_appsecret_proof: bool,
    /// Tokens beside `token`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<TokenSettings>,
}

/// A token that is not for everything and for good.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenSettings {
    pub(crate) token: String,
    /// `system_user`, `user` or `business`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Names of permissions; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    /// From when it opens nothing, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<u64>,
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
            portfolio_id: Some((600_000_000_000_001 + index).to_string()),
            app_id: (700_000_000_000_001 + index).to_string(),
            app_secret: secret(""),
            verify_token: secret("verify-"),
            token: secret("EAA"),
            waba_id: (102_290_129_340_398 + index).to_string(),
            phone_number_id: (106_540_352_242_922 + index).to_string(),
            number: (15_550_783_881 + index).to_string(),
            webhook: None,
            identity_key_check: false,
            webhook_version: None,
            require_appsecret_proof: false,
            tokens: Vec::new(),
        }
    }

    /// An empty secret would let anybody sign, and an empty token anybody in.
    fn check(&self) -> miette::Result<()> {
        let secrets =
            [("app_secret", &self.app_secret), ("verify_token", &self.verify_token), ("token", &self.token)];
        let tokens = self.tokens.iter().map(|of| ("token", &of.token));
        if let Some((key, _)) = secrets.into_iter().chain(tokens).find(|(_, secret)| is_blank(secret)) {
            return Err(miette::miette!(
                help = "name one in the file, by its flag or in the environment; a new tenants file gets random ones",
                "tenant \"{}\": {key} is empty",
                self.name
            ));
        }
        match &self.webhook {
            Some(url) if !is_callback(url) => Err(miette::miette!(
                help = "it starts with http:// or https://, names a host, and has no spaces, no user's name and no #",
                "tenant \"{}\": webhook {url:?} is no absolute URL",
                self.name
            )),
            _ => Ok(()),
        }
    }

    fn to_tenant(&self) -> miette::Result<Tenant> {
        self.check()?;
        let what = |key: &str| format!("tenant \"{}\": {key}", self.name);
        let number = BusinessNumber {
            id: self.phone_number_id.parse().into_diagnostic().wrap_err_with(|| what("phone_number_id"))?,
            number: self.number.parse().into_diagnostic().wrap_err_with(|| what("number"))?,
            display_name: self.name.clone(),
            identity_key_check: self.identity_key_check,
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
            webhook_version: self.webhook_version.unwrap_or(23),
            requires_proof: self.require_appsecret_proof,
        };
        let portfolio = match &self.portfolio_id {
            None => Portfolio::of(&app),
            Some(id) => Portfolio {
                id: id.parse().into_diagnostic().wrap_err_with(|| what("portfolio_id"))?,
                name: self.name.clone(),
            },
        };
        let mut tokens = vec![AccessToken::of_system_user(self.token.as_str().into())];
        for settings in &self.tokens {
            tokens.push(settings.to_token().wrap_err_with(|| what("tokens"))?);
        }
        Ok(Tenant { portfolio, app, accounts: vec![account], tokens })
    }
}

impl TokenSettings {
    fn to_token(&self) -> miette::Result<AccessToken> {
        let kind = self.kind.as_deref().map(str::parse::<TokenKind>).transpose();
        let scopes = self.scopes.iter().map(|name| name.parse::<Scope>()).collect::<Result<Scopes, _>>();
        Ok(AccessToken {
            kind: kind.into_diagnostic().wrap_err("kind")?.unwrap_or_default(),
            scopes: if self.scopes.is_empty() {
                Scopes::ALL
            } else {
                scopes.into_diagnostic().wrap_err("scopes")?
            },
            expires: self.expires.map(Time::from_secs),
            ..AccessToken::of_system_user(self.token.as_str().into())
        })
    }
}

/// No secret at all.
pub(crate) fn is_blank(secret: &str) -> bool {
    secret.trim().is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;
    use kernel::Seed;

    fn rng() -> Rng {
        Rng::for_entity(&Seed::from_number(1), "test")
    }

    #[test]
    fn no_two_businesses_share_an_id_a_number_or_a_secret() {
        let mut rng = rng();
        let all: Vec<_> = (0..20).map(|index| TenantSettings::generate(index, &mut rng)).collect();
        let of: [fn(&TenantSettings) -> &String; 7] = [
            |t| &t.app_id,
            |t| &t.app_secret,
            |t| &t.verify_token,
            |t| &t.token,
            |t| &t.waba_id,
            |t| &t.phone_number_id,
            |t| &t.number,
        ];
        for of in of {
            let values: std::collections::BTreeSet<_> = all.iter().map(of).collect();
            assert_eq!(values.len(), all.len());
        }
        assert!(node_config(&all, Suites::default()).is_ok(), "and a node takes all of them");
    }

    #[test]
    fn a_business_that_was_made_is_the_same_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tenants.toml");
        let mut rng = rng();
        let made = read_or_generate(&file, &mut rng).unwrap();
        let again = read_or_generate(&file, &mut rng).unwrap();
        assert_eq!(made.len(), 1);
        let facts = |tenants: &[TenantSettings]| serde_json::to_value(tenants).unwrap();
        assert_eq!(facts(&made), facts(&again));
    }

    #[test]
    fn the_file_with_the_secrets_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tenants.toml");
        read_or_generate(&file, &mut rng()).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }

    #[test]
    fn a_value_that_is_none_is_named_with_its_business_and_key() {
        let good = TenantSettings { name: "Shop".into(), ..TenantSettings::generate(0, &mut rng()) };
        for (key, bad) in [
            ("number", TenantSettings { number: "+1 555".into(), ..good.clone() }),
            ("phone_number_id", TenantSettings { phone_number_id: "x".into(), ..good.clone() }),
            ("waba_id", TenantSettings { waba_id: String::new(), ..good.clone() }),
            ("app_id", TenantSettings { app_id: "1a".into(), ..good.clone() }),
            ("portfolio_id", TenantSettings { portfolio_id: Some("x".into()), ..good.clone() }),
        ] {
            let error = explain(&node_config(&[bad], Suites::default()).err().unwrap());
            assert!(error.starts_with(&format!("error: tenant \"Shop\": {key}\n")), "{error}");
        }
    }

    #[test]
    fn nobody_gets_in_or_signs_with_an_empty_secret() {
        let good = TenantSettings { name: "Shop".into(), ..TenantSettings::generate(0, &mut rng()) };
        for nothing in ["", " ", "\t\n"] {
            for (key, bad) in [
                ("app_secret", TenantSettings { app_secret: nothing.into(), ..good.clone() }),
                ("verify_token", TenantSettings { verify_token: nothing.into(), ..good.clone() }),
                ("token", TenantSettings { token: nothing.into(), ..good.clone() }),
            ] {
                let error = explain(&node_config(&[bad], Suites::default()).err().unwrap());
                assert!(error.starts_with(&format!("error: tenant \"Shop\": {key} is empty\n")), "{error}");
            }
        }
    }

    #[test]
    fn a_webhook_that_is_no_url_is_refused_as_the_api_refuses_it() {
        let good = TenantSettings { name: "Shop".into(), ..TenantSettings::generate(0, &mut rng()) };
        let with = |url: &str| {
            let tenant = TenantSettings { webhook: Some(url.into()), ..good.clone() };
            node_config(&[tenant], Suites::default()).map(drop)
        };
        for bad in ["", "localhost:9000/webhooks", "http://a b/", "ftp://x/", "http://", "http://x/#y"] {
            let error = explain(&with(bad).unwrap_err());
            assert!(error.contains("tenant \"Shop\": webhook") && error.contains("http://"), "{error}");
        }
        assert!(with("https://x.test/hook").is_ok());
        assert!(with("http://127.0.0.1:9000/webhooks").is_ok() && with("http://[::1]:9/").is_ok());
    }

    #[test]
    fn a_file_without_portfolios_still_makes_a_node() {
        let old =
            |index| TenantSettings { portfolio_id: None, ..TenantSettings::generate(index, &mut rng()) };
        let [one, again, other] =
            [old(0), old(0), old(1)].map(|tenant| tenant.to_tenant().unwrap().portfolio.id);
        assert_eq!(one, again, "it has the same portfolio at each start");
        assert_ne!(one, other);
        let named = TenantSettings { portfolio_id: Some("42".into()), ..old(0) };
        assert_eq!(named.to_tenant().unwrap().portfolio.id.as_str(), "42");
    }

    #[test]
    fn two_businesses_with_one_number_are_refused() {
        let one = TenantSettings::generate(0, &mut rng());
        let other = TenantSettings { number: one.number.clone(), ..TenantSettings::generate(1, &mut rng()) };
        assert!(node_config(&[one, other], Suites::default()).is_err());
    }

    #[test]
    fn a_key_that_no_business_has_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[[tenants]]\nname = \"Shop\"\ncolour = \"red\"\n").unwrap();
        let error = explain(&read_or_generate(file.path(), &mut rng()).unwrap_err());
        assert!(error.contains("unknown field `colour`"), "{error}");
    }
}
