//! Tenants as a node is told of them: the seed of its [`Directory`](super::Directory).

use graph::subscriptions::Callback;
use graph::{AppId, PhoneNumberId, Secret, WabaId, digest};
use kernel::Time;
use std::collections::BTreeSet;
use wire::Number;

/// A business, or whoever acts for some: one app and what belongs to it.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The app.
    pub app: App,
    /// Its business accounts.
    pub accounts: Vec<BusinessAccount>,
    /// Its tokens.
    pub tokens: Vec<AccessToken>,
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
}

/// A bearer token of the tenant's app.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// What is sent as `Authorization: Bearer …`.
    pub value: Secret,
    /// The accounts that it opens; none named: all of the tenant.
    pub accounts: Vec<WabaId>,
    /// From when it opens nothing.
    pub expires: Option<Time>,
}

/// A configuration that can't be.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// Two apps, accounts or phone numbers have the same id: `GET /{id}` could mean either.
    #[error("the id {0} is given twice; every app, account and phone number has its own")]
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
        for Tenant { app, accounts, .. } in &tenants {
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
