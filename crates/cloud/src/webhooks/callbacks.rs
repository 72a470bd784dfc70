//! Where apps want their webhooks: what the tenants file says, until the API says otherwise.

use crate::accounts::{Tenant, Tenants, Thing};
use crate::proto::{self, Author};
use crate::register::{Drift, Entry, Register};
use crate::rows::{CALLBACKS, Key};
use bytes::Bytes;
use graph::subscriptions::Callback;
use graph::webhook::Field;
use graph::{AppId, PhoneNumberId, Secret, WabaId};
use kernel::{RestoreError, Row, Table, Transaction};

/// What a callback is set for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// All that an app hears.
    App(AppId),
    /// What an app hears of one account; also says if it hears of it at all.
    Account(WabaId, AppId),
    /// What an app hears of one phone number.
    Number(PhoneNumberId, AppId),
}

/// What is set for a slot.
#[derive(Clone, Default)]
pub(crate) struct Setting {
    /// Of an account: the app is subscribed to it.
    pub(crate) subscribed: bool,
    pub(crate) callback: Option<Callback>,
    /// Of an app: which webhook fields it wants.
    pub(crate) fields: Vec<String>,
}

/// All settings.
#[derive(Default)]
pub(crate) struct Callbacks(Register<Setting>);

impl Callbacks {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        self.0.restore(row)
    }

    /// Becomes what the file says, but for what the API has changed.
    pub(crate) fn follow(&mut self, tenants: &Tenants, transaction: &mut Transaction) -> Vec<(Thing, Drift)> {
        let said = tenants.iter().flat_map(|Tenant { app, accounts, .. }| {
            let of_app = app.callback.clone().map(|callback| {
                let fields = Field::ALL.iter().map(|field| field.as_str().to_owned()).collect();
                (Slot::App(app.id), Setting { subscribed: false, callback: Some(callback), fields })
            });
            let subscribed = accounts.iter().filter(|account| account.subscribed);
            let of_accounts = subscribed.map(|account| {
                let setting = Setting { subscribed: true, ..Setting::default() };
                (Slot::Account(account.id, app.id), setting)
            });
            of_app.into_iter().chain(of_accounts)
        });
        let drift = self.0.follow(said.collect(), transaction).into_iter();
        drift.map(|(slot, drift)| (slot.thing(), drift)).collect()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Setting> {
        self.0.get(slot)
    }

    pub(crate) fn set(&mut self, slot: Slot, setting: Setting, transaction: &mut Transaction) {
        self.0.set(slot, setting, transaction);
    }

    /// The apps that are subscribed to an account, in order.
    pub(crate) fn subscribers(&self, account: WabaId) -> impl Iterator<Item = (AppId, &Setting)> {
        let of_account = self.0.starting_at(Slot::Account(account, AppId::FIRST));
        of_account
            .map_while(move |(slot, setting)| match slot {
                Slot::Account(of, app) if of == account => Some((app, setting)),
                _ => None,
            })
            .filter(|(_, setting)| setting.subscribed)
    }

    /// True if the app wants to hear of the field, and says where.
    pub(crate) fn wants(&self, app: AppId, field: Field, of: (WabaId, Option<PhoneNumberId>)) -> bool {
        let named = |setting: &Setting| setting.fields.iter().any(|name| name == field.as_str());
        let wants = self.get(Slot::App(app)).is_some_and(named);
        // An override is reason enough to hear of messages: it is set for them.
        let is_overridden = || field == Field::Messages && self.overrides(app, field, of).is_some();
        (wants || is_overridden()) && self.url(app, field, of).is_some()
    }

    /// Where the app hears of a field of an account, or of a phone number of it: the most specific setting wins. An override
    /// is for what happens in conversations; everything else goes where the app says (facts, section 9).
    pub(crate) fn url(&self, app: AppId, field: Field, of: (WabaId, Option<PhoneNumberId>)) -> Option<&str> {
        let of_app = || self.get(Slot::App(app))?.callback.as_ref();
        Some(&self.overrides(app, field, of).or_else(of_app)?.url)
    }

    fn overrides(
        &self,
        app: AppId,
        field: Field,
        (account, phone): (WabaId, Option<PhoneNumberId>),
    ) -> Option<&Callback> {
        if !field.is_of_conversations() {
            return None;
        }
        let of_number = phone.and_then(|phone| self.get(Slot::Number(phone, app))?.callback.as_ref());
        let of_account = || self.get(Slot::Account(account, app))?.callback.as_ref();
        of_number.or_else(of_account)
    }
}

impl Slot {
    /// Whose webhooks these are.
    pub(crate) fn app(&self) -> AppId {
        match self {
            Self::App(app) | Self::Account(_, app) | Self::Number(_, app) => *app,
        }
    }

    fn thing(&self) -> Thing {
        match self {
            Self::App(app) => Thing::AppWebhooks(*app),
            Self::Account(account, _) => Thing::AccountWebhooks(*account),
            Self::Number(number, _) => Thing::NumberWebhooks(*number),
        }
    }
}

impl Key for Slot {
    fn to_key(self) -> Bytes {
        let (kind, of, app) = match &self {
            Self::App(app) => ("app", "", app),
            Self::Account(account, app) => ("account", account.as_str(), app),
            Self::Number(number, app) => ("number", number.as_str(), app),
        };
        format!("{kind}/{of}/{}", app.as_str()).into()
    }

    fn from_key(key: &[u8]) -> Option<Self> {
        let (kind, rest) = std::str::from_utf8(key).ok()?.split_once('/')?;
        let (of, app) = rest.split_once('/')?;
        let app = app.parse().ok()?;
        match kind {
            "app" => of.is_empty().then_some(Self::App(app)),
            "account" => Some(Self::Account(of.parse().ok()?, app)),
            "number" => Some(Self::Number(of.parse().ok()?, app)),
            _ => None,
        }
    }
}

impl Entry for Setting {
    const TABLE: Table = CALLBACKS;
    type Id = Slot;
    type Row = proto::CallbackRow;

    fn to_row(&self, author: Author) -> proto::CallbackRow {
        let callback = self.callback.as_ref();
        proto::CallbackRow {
            subscribed: self.subscribed,
            url: callback.map(|callback| callback.url.clone()).unwrap_or_default(),
            verify_token: callback
                .map(|callback| Bytes::copy_from_slice(callback.verify_token.expose().as_bytes()))
                .unwrap_or_default(),
            fields: self.fields.clone(),
            author: author.into(),
        }
    }

    fn from_row(_: Slot, row: proto::CallbackRow) -> Option<(Self, Author)> {
        let author = row.author();
        let callback = if row.url.is_empty() {
            None
        } else {
            let verify_token = Secret::from(String::from_utf8(row.verify_token.to_vec()).ok()?);
            Some(Callback { url: row.url, verify_token })
        };
        Some((Self { subscribed: row.subscribed, callback, fields: row.fields }, author))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data directories from before the file was planted have only what the API has set.
    #[test]
    fn a_row_that_names_no_author_is_of_the_api() {
        let (_, author) = Setting::from_row(Slot::App(AppId::FIRST), proto::CallbackRow::default()).unwrap();
        assert_eq!(author, Author::Api);
    }

    #[test]
    fn keys_read_back() {
        let app: AppId = "42".parse().unwrap();
        let slots = [
            Slot::App(app),
            Slot::Account("7".parse().unwrap(), app),
            Slot::Number("8".parse().unwrap(), app),
        ];
        for slot in slots {
            assert!(Slot::from_key(&slot.to_key()) == Some(slot));
        }
        assert!(Slot::from_key(b"app/7/42").is_none());
        assert!(Slot::from_key(b"\xff").is_none());
    }
}
