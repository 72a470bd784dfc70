//! Tenants as a node is told of them, by a file or by whoever makes one: the seed of its
//! [`Directory`](super::Directory).

use graph::subscriptions::Callback;
use graph::tokens::{Scopes, TokenKind};
use graph::{AppId, PhoneNumberId, PortfolioId, Secret, WabaId, digest};
use kernel::Time;
use std::collections::BTreeSet;
use std::fmt;
use wire::Number;

/// A business, or whoever acts for some: a portfolio with one app and what belongs to it.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// What all of it belongs to.
    pub portfolio: Portfolio,
    /// The app.
    pub app: App,
    /// Its business accounts.
    pub accounts: Vec<BusinessAccount>,
    /// Its tokens.
    pub tokens: Vec<AccessToken>,
}

/// A business portfolio.
#[derive(Debug, Clone)]
pub struct Portfolio {
    /// Its id.
    pub id: PortfolioId,
    /// What people call it.
    pub name: String,
}

/// An app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// Signs webhooks; with the id it is the app token `id|secret`.
    pub secret: Secret,
    /// Where it wants its webhooks, until the API says otherwise. Used without a handshake.
    pub callback: Option<Callback>,
    /// The Graph version whose form its webhooks have, for example 23 for v23.0.
    pub webhook_version: u16,
    /// Calls need a proof that whoever makes them has the app's secret: `appsecret_proof`.
    pub requires_proof: bool,
}

/// A WhatsApp Business Account.
#[derive(Debug, Clone)]
pub struct BusinessAccount {
    /// Its id.
    pub id: WabaId,
    /// What people call it.
    pub name: String,
    /// Whether the tenant's app hears of it without `POST /{waba-id}/subscribed_apps`.
    pub subscribed: bool,
    /// Its phone numbers.
    pub numbers: Vec<BusinessNumber>,
}

/// A business's phone number.
#[derive(Debug, Clone)]
pub struct BusinessNumber {
    /// Its Graph id.
    pub id: PhoneNumberId,
    /// The number.
    pub number: Number,
    /// The name that consumers see.
    pub display_name: String,
    /// The business wants to hear when a consumer's identity key has changed.
    pub identity_key_check: bool,
}

/// A bearer token of the tenant's app.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// What is sent as `Authorization: Bearer …`.
    pub value: Secret,
    /// Whose it is; an app's own needn't be named.
    pub kind: TokenKind,
    /// What it is for.
    pub scopes: Scopes,
    /// The accounts that it opens; none named: all of the tenant.
    pub accounts: Vec<WabaId>,
    /// From when it opens nothing.
    pub expires: Option<Time>,
}

/// Something that a tenants file can say something of. As text it is a kind of thing and names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A portfolio.
    Portfolio(PortfolioId),
    /// An app.
    App(AppId),
    /// A business account.
    Account(WabaId),
    /// A phone number.
    Number(PhoneNumberId),
    /// A token of this app.
    Token(AppId),
    /// Where an app wants its webhooks.
    AppWebhooks(AppId),
    /// What an app hears of this account.
    AccountWebhooks(WabaId),
    /// What an app hears of this phone number.
    NumberWebhooks(PhoneNumberId),
}

impl AccessToken {
    /// One of a system user, for everything that the tenant has, and for good.
    pub fn of_system_user(value: Secret) -> Self {
        let (kind, scopes) = (TokenKind::SystemUser, Scopes::ALL);
        Self { value, kind, scopes, accounts: Vec::new(), expires: None }
    }
}

impl Portfolio {
    /// The portfolio of an app that says nothing of one: it has the app's name, and an id that is made of the app's.
    pub fn of(app: &App) -> Self {
        let [a, b, c, d, e, f, g, ..] = digest(&format!("portfolio of app {}", app.id.as_str()));
        // Sixteen digits; the seven bytes would have at most seventeen.
        let drawn = u64::from_be_bytes([0, a, b, c, d, e, f, g]) % 9_000_000_000_000_000;
        Self { id: PortfolioId::from(1_000_000_000_000_000 + drawn), name: app.name.clone() }
    }
}

impl Thing {
    /// The id that says which it is.
    pub fn id(&self) -> &str {
        match self {
            Self::Portfolio(id) => id.as_str(),
            Self::App(id) | Self::Token(id) | Self::AppWebhooks(id) => id.as_str(),
            Self::Account(id) | Self::AccountWebhooks(id) => id.as_str(),
            Self::Number(id) | Self::NumberWebhooks(id) => id.as_str(),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portfolio(_) => "a portfolio",
            Self::App(_) => "an app",
            Self::Account(_) => "an account",
            Self::Number(_) => "a phone number",
            Self::Token(_) => "a token of an app",
            Self::AppWebhooks(_) => "the webhooks of an app",
            Self::AccountWebhooks(_) => "the webhooks of an account",
            Self::NumberWebhooks(_) => "the webhooks of a phone number",
        })
    }
}

/// A configuration that can't be.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// Two portfolios, apps, accounts or phone numbers have the same id: `GET /{id}` could mean either.
    #[error("the id {0} is given twice; every portfolio, app, account and phone number has its own")]
    RepeatedId(String),
    /// A number is registered twice.
    #[error("the number of phone number id {} is registered under another id too", .0.as_str())]
    RepeatedNumber(PhoneNumberId),
    /// Two tokens are the same.
    #[error("two tokens are the same; one of them is of app {}", .0.as_str())]
    RepeatedToken(AppId),
    /// A token opens an account that there is not.
    #[error("a token of app {} is for account {}, which there is not", .app.as_str(), .account.as_str())]
    UnknownAccount {
        /// Whose token it is.
        app: AppId,
        /// Which account it names.
        account: WabaId,
    },
}

/// All tenants of a node, checked: no two have an id, a number or a token in common.
pub(crate) struct Tenants(Vec<Tenant>);

impl Tenants {
    pub(crate) fn new(tenants: Vec<Tenant>) -> Result<Self, ConfigError> {
        let (mut ids, mut numbers, mut tokens) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let all = || tenants.iter().flat_map(|tenant| &tenant.accounts);
        let known: BTreeSet<WabaId> = all().map(|account| account.id).collect();
        let mut once = |id: &str| {
            if ids.insert(id.to_owned()) { Ok(()) } else { Err(ConfigError::RepeatedId(id.to_owned())) }
        };
        for Tenant { portfolio, app, accounts, .. } in &tenants {
            once(portfolio.id.as_str())?;
            once(app.id.as_str())?;
            for account in accounts {
                once(account.id.as_str())?;
                account.numbers.iter().try_for_each(|number| once(number.id.as_str()))?;
            }
        }
        if let Some(twice) = all().flat_map(|account| &account.numbers).find(|of| !numbers.insert(of.number))
        {
            return Err(ConfigError::RepeatedNumber(twice.id));
        }
        for Tenant { app, tokens: own, .. } in &tenants {
            for token in own {
                if let Some(account) = token.accounts.iter().find(|account| !known.contains(account)) {
                    return Err(ConfigError::UnknownAccount { app: app.id, account: *account });
                }
                if !tokens.insert(digest(token.value.expose())) {
                    return Err(ConfigError::RepeatedToken(app.id));
                }
            }
        }
        Ok(Self(tenants))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.0.iter()
    }
}
