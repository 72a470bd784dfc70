//! Who the tenants are, and which token opens what.

use crate::config::{AccessToken, App, BusinessAccount, BusinessNumber, ConfigError, Tenant};
use crate::ids::{AppId, PhoneNumberId, WabaId};
use crate::secret::digest;
use kernel::Time;
use std::collections::{BTreeMap, BTreeSet};
use wire::Number;

/// All tenants, indexed.
pub(crate) struct Directory {
    apps: BTreeMap<AppId, App>,
    accounts: BTreeMap<WabaId, Account>,
    numbers: BTreeMap<PhoneNumberId, Phone>,
    ids_by_number: BTreeMap<Number, PhoneNumberId>,
    tokens: BTreeMap<[u8; 32], Grant>,
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
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) app: AppId,
    pub(crate) accounts: BTreeSet<WabaId>,
    pub(crate) expires: Option<Time>,
    /// True for `APP_ID|APP_SECRET`.
    pub(crate) is_app_token: bool,
}

/// What an id in a path names.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    App(&'a App),
    Account(&'a Account),
    Number(&'a Phone),
}

impl Directory {
    pub(crate) fn new(tenants: Vec<Tenant>) -> Result<Self, ConfigError> {
        let mut directory = Self {
            apps: BTreeMap::new(),
            accounts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            ids_by_number: BTreeMap::new(),
            tokens: BTreeMap::new(),
        };
        let mut ids = BTreeSet::new();
        let mut once = |id: &str| {
            if ids.insert(id.to_owned()) { Ok(()) } else { Err(ConfigError::RepeatedId(id.to_owned())) }
        };
        let mut tokens = Vec::new();
        for tenant in tenants {
            let app = tenant.app.id.clone();
            once(app.as_str())?;
            let own: Vec<_> = tenant.accounts.iter().map(|account| account.id.clone()).collect();
            tokens.extend(tenant.tokens.into_iter().map(|token| (app.clone(), own.clone(), token)));
            for account in tenant.accounts {
                once(account.id.as_str())?;
                for number in &account.numbers {
                    once(number.id.as_str())?;
                }
                directory.add_account(&app, account)?;
            }
            directory.apps.insert(app, tenant.app);
        }
        tokens.into_iter().try_for_each(|(app, own, token)| directory.add_token(app, own, token))?;
        Ok(directory)
    }

    pub(crate) fn app(&self, id: &AppId) -> Option<&App> {
        self.apps.get(id)
    }

    pub(crate) fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    pub(crate) fn account(&self, id: &WabaId) -> Option<&Account> {
        self.accounts.get(id)
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    pub(crate) fn phone(&self, id: &PhoneNumberId) -> Option<&Phone> {
        self.numbers.get(id)
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.numbers.values()
    }

    pub(crate) fn phone_with(&self, number: Number) -> Option<&Phone> {
        self.numbers.get(self.ids_by_number.get(&number)?)
    }

    /// What `token` opens, if it is one of ours.
    pub(crate) fn grant(&self, token: &str) -> Option<Grant> {
        let Some((app, secret)) = token.split_once('|') else {
            return self.tokens.get(&digest(token)).cloned();
        };
        let app = self.apps.get(&app.parse::<AppId>().ok()?).filter(|app| app.secret.matches(secret))?;
        let own = self.accounts.values().filter(|account| account.app == app.id);
        Some(Grant {
            app: app.id.clone(),
            accounts: own.map(|account| account.id.clone()).collect(),
            expires: None,
            is_app_token: true,
        })
    }

    /// What `id` names, if `grant` opens it. Whoever may not know of an object learns nothing: it is
    /// the same `None` as for an id that names nothing (invariant 7, `tenants_are_strangers`).
    pub(crate) fn object(&self, id: &str, grant: &Grant) -> Option<Object<'_>> {
        let phone = id.parse().ok().and_then(|id: PhoneNumberId| self.numbers.get(&id));
        let account = id.parse().ok().and_then(|id: WabaId| self.accounts.get(&id));
        let app = id.parse().ok().and_then(|id: AppId| self.apps.get(&id));
        match (phone, account, app) {
            (Some(phone), _, _) => grant.accounts.contains(&phone.account).then_some(Object::Number(phone)),
            (_, Some(account), _) => grant.accounts.contains(&account.id).then_some(Object::Account(account)),
            (_, _, Some(app)) => (grant.app == app.id).then_some(Object::App(app)),
            (None, None, None) => None,
        }
    }

    fn add_account(&mut self, app: &AppId, account: BusinessAccount) -> Result<(), ConfigError> {
        let BusinessAccount { id, name, subscribed, numbers } = account;
        let ids = numbers.iter().map(|number| number.id.clone()).collect();
        for BusinessNumber { id: number_id, number, display_name } in numbers {
            if self.ids_by_number.insert(number, number_id.clone()).is_some() {
                return Err(ConfigError::RepeatedNumber(number_id));
            }
            let phone = Phone { id: number_id.clone(), number, display_name, account: id.clone() };
            self.numbers.insert(number_id, phone);
        }
        let app = app.clone();
        self.accounts.insert(id.clone(), Account { id, name, app, subscribed, numbers: ids });
        Ok(())
    }

    fn add_token(&mut self, app: AppId, own: Vec<WabaId>, token: AccessToken) -> Result<(), ConfigError> {
        if let Some(account) = token.accounts.iter().find(|id| !self.accounts.contains_key(*id)) {
            return Err(ConfigError::UnknownAccount { app, account: account.clone() });
        }
        let accounts = if token.accounts.is_empty() { own } else { token.accounts };
        let grant = Grant {
            app: app.clone(),
            accounts: accounts.into_iter().collect(),
            expires: token.expires,
            is_app_token: false,
        };
        match self.tokens.insert(digest(token.value.expose()), grant) {
            Some(_) => Err(ConfigError::RepeatedToken(app)),
            None => Ok(()),
        }
    }
}
