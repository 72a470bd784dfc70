//! Who the tenants are: apps, accounts and numbers by their ids, as the configuration names them when the node starts;
//! and which of them a token opens.

use super::tenant::{AccessToken, Tenant, Tenants};
use graph::subscriptions::Callback;
use graph::{AppId, PhoneNumberId, Secret, SigningKey, WabaId, digest};
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wire::Number;

/// All tenants, indexed.
pub(crate) struct Directory {
    apps: BTreeMap<AppId, App>,
    accounts: BTreeMap<WabaId, Account>,
    numbers: BTreeMap<PhoneNumberId, Phone>,
    ids_by_number: BTreeMap<Number, PhoneNumberId>,
    tokens: BTreeMap<[u8; 32], Arc<Grant>>,
}

/// An app.
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) name: String,
    secret: Secret,
    /// Signs its webhooks.
    pub(crate) signing_key: SigningKey,
    /// Where it wants its webhooks from the start.
    pub(crate) callback: Option<Callback>,
    /// The Graph version whose form its webhooks have.
    pub(crate) webhook_version: u16,
}

/// A business account.
pub(crate) struct Account {
    pub(crate) id: WabaId,
    pub(crate) name: String,
    /// The tenant's app.
    pub(crate) app: AppId,
    /// Whether that app is subscribed from the start.
    pub(crate) subscribed: bool,
    pub(crate) numbers: Vec<PhoneNumberId>,
}

/// A phone number, and whose it is.
pub(crate) struct Phone {
    pub(crate) id: PhoneNumberId,
    pub(crate) number: Number,
    pub(crate) display_name: String,
    pub(crate) account: WabaId,
}

/// What a token opens.
pub(crate) struct Grant {
    pub(crate) app: AppId,
    pub(crate) accounts: BTreeSet<WabaId>,
    pub(crate) expires: Option<Time>,
    /// True for `APP_ID|APP_SECRET`.
    pub(crate) is_app_token: bool,
}

/// What an id in a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    App(AppId),
    Account(WabaId),
    Number(PhoneNumberId),
}

impl Directory {
    pub(crate) fn new(tenants: &Tenants) -> Self {
        let mut directory = Self {
            apps: BTreeMap::new(),
            accounts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            ids_by_number: BTreeMap::new(),
            tokens: BTreeMap::new(),
        };
        tenants.iter().for_each(|tenant| directory.add(tenant));
        directory
    }

    pub(crate) fn app(&self, id: AppId) -> Option<&App> {
        self.apps.get(&id)
    }

    pub(crate) fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    pub(crate) fn account(&self, id: WabaId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    pub(crate) fn phone(&self, id: PhoneNumberId) -> Option<&Phone> {
        self.numbers.get(&id)
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.numbers.values()
    }

    pub(crate) fn phone_with(&self, number: Number) -> Option<&Phone> {
        self.numbers.get(self.ids_by_number.get(&number)?)
    }

    /// What `token` opens, if it is one of ours.
    pub(crate) fn grant(&self, token: &str) -> Option<Arc<Grant>> {
        let Some((app, secret)) = token.split_once('|') else {
            return self.tokens.get(&digest(token)).cloned();
        };
        let app = self.apps.get(&app.parse().ok()?).filter(|app| app.secret.matches(secret))?;
        let own = self.accounts.values().filter(|account| account.app == app.id);
        let accounts = own.map(|account| account.id).collect();
        Some(Arc::new(Grant { app: app.id, accounts, expires: None, is_app_token: true }))
    }

    /// What `id` names, if `grant` opens it. Whoever may not know of an object learns nothing: it is
    /// the same `None` as for an id that names nothing (invariant 7, `tenants_are_strangers`).
    pub(crate) fn target(&self, id: &str, grant: &Grant) -> Option<Target> {
        let phone = id.parse().ok().and_then(|id: PhoneNumberId| self.numbers.get(&id));
        let account = id.parse().ok().and_then(|id: WabaId| self.accounts.get(&id));
        let app = id.parse().ok().and_then(|id: AppId| self.apps.get(&id));
        match (phone, account, app) {
            (Some(phone), _, _) => {
                grant.accounts.contains(&phone.account).then_some(Target::Number(phone.id))
            }
            (_, Some(account), _) => {
                grant.accounts.contains(&account.id).then_some(Target::Account(account.id))
            }
            (_, _, Some(app)) => (grant.app == app.id).then_some(Target::App(app.id)),
            (None, None, None) => None,
        }
    }

    fn add(&mut self, Tenant { app, accounts, tokens }: &Tenant) {
        let own: Vec<WabaId> = accounts.iter().map(|account| account.id).collect();
        tokens.iter().for_each(|token| self.add_token(app.id, &own, token));
        for account in accounts {
            for of in &account.numbers {
                let (number, display_name) = (of.number, of.display_name.clone());
                self.ids_by_number.insert(number, of.id);
                self.numbers.insert(of.id, Phone { id: of.id, number, display_name, account: account.id });
            }
            let numbers = account.numbers.iter().map(|number| number.id).collect();
            let (id, name, subscribed) = (account.id, account.name.clone(), account.subscribed);
            self.accounts.insert(id, Account { id, name, app: app.id, subscribed, numbers });
        }
        let state = App {
            id: app.id,
            name: app.name.clone(),
            secret: app.secret.clone(),
            signing_key: SigningKey::new(&app.secret),
            callback: app.callback.clone(),
            webhook_version: app.webhook_version,
        };
        self.apps.insert(app.id, state);
    }

    fn add_token(&mut self, app: AppId, own: &[WabaId], token: &AccessToken) {
        let accounts = if token.accounts.is_empty() { own } else { &token.accounts };
        let accounts = accounts.iter().copied().collect();
        let grant = Grant { app, accounts, expires: token.expires, is_app_token: false };
        self.tokens.insert(digest(token.value.expose()), Arc::new(grant));
    }
}
