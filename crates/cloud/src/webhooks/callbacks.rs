//! Where apps want their webhooks: what the configuration says, until the API says otherwise.

use crate::accounts::{Directory, Phone};
use crate::proto;
use crate::rows::CALLBACKS;
use bytes::Bytes;
use graph::subscriptions::{Callback, MESSAGES};
use graph::{AppId, PhoneNumberId, Secret, WabaId};
use kernel::{RestoreError, Row, Transaction};
use prost::Message as _;
use std::collections::BTreeMap;

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
pub(crate) struct Callbacks {
    settings: BTreeMap<Slot, (u64, Setting)>,
}

impl Callbacks {
    /// What the configuration says.
    pub(crate) fn new(directory: &Directory) -> Self {
        let apps = directory.apps().map(|app| {
            let fields = app.callback.iter().map(|_| MESSAGES.to_owned()).collect();
            let setting = Setting { subscribed: false, callback: app.callback.clone(), fields };
            (Slot::App(app.id), (0, setting))
        });
        let accounts = directory.accounts().map(|account| {
            let slot = Slot::Account(account.id, account.app);
            (slot, (0, Setting { subscribed: account.subscribed, ..Setting::default() }))
        });
        Self { settings: apps.chain(accounts).collect() }
    }

    /// What the API said last: it wins over the configuration.
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let stored = proto::CallbackRow::decode(&*row.value).map_err(|e| RestoreError::new(row, e))?;
        let slot = Slot::from_key(&row.key).ok_or_else(|| RestoreError::new(row, "not a slot's key"))?;
        let setting = Setting::from_row(stored).ok_or_else(|| RestoreError::new(row, "not UTF-8"))?;
        self.settings.insert(slot, (row.at, setting));
        Ok(())
    }

    pub(crate) fn get(&self, slot: &Slot) -> Option<&Setting> {
        self.settings.get(slot).map(|(_, setting)| setting)
    }

    pub(crate) fn set(&mut self, slot: Slot, setting: Setting, transaction: &mut Transaction) {
        let revision = self.settings.get(&slot).map_or(0, |(revision, _)| *revision);
        let row = || (slot.to_key(), setting.to_row().encode_to_vec());
        let revision = transaction.swap_with(CALLBACKS, revision, row);
        self.settings.insert(slot, (revision, setting));
    }

    /// The apps that are subscribed to an account, in order.
    pub(crate) fn subscribers(&self, account: WabaId) -> impl Iterator<Item = (AppId, &Setting)> {
        let of_account = self.settings.range(Slot::Account(account, AppId::FIRST)..);
        of_account
            .map_while(move |(slot, (_, setting))| match slot {
                Slot::Account(of, app) if *of == account => Some((*app, setting)),
                _ => None,
            })
            .filter(|(_, setting)| setting.subscribed)
    }

    /// True if the app wants to hear of messages, and says where.
    pub(crate) fn wants_messages(&self, app: AppId, phone: &Phone) -> bool {
        let wants = self.get(&Slot::App(app)).is_some_and(|app| app.fields.iter().any(|f| f == MESSAGES));
        // An override is reason enough: it is set for messages only.
        self.url(app, phone).is_some() && (wants || self.overrides(app, phone).is_some())
    }

    /// Where the app hears of a phone number: the most specific setting wins.
    pub(crate) fn url(&self, app: AppId, phone: &Phone) -> Option<&str> {
        let of_app = || self.get(&Slot::App(app))?.callback.as_ref();
        Some(&self.overrides(app, phone).or_else(of_app)?.url)
    }

    fn overrides(&self, app: AppId, phone: &Phone) -> Option<&Callback> {
        let of_number = self.get(&Slot::Number(phone.id, app));
        let of_account = || self.get(&Slot::Account(phone.account, app))?.callback.as_ref();
        of_number.and_then(|setting| setting.callback.as_ref()).or_else(of_account)
    }
}

impl Slot {
    /// Whose webhooks these are.
    pub(crate) fn app(&self) -> AppId {
        match self {
            Self::App(app) | Self::Account(_, app) | Self::Number(_, app) => *app,
        }
    }

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

impl Setting {
    fn to_row(&self) -> proto::CallbackRow {
        let callback = self.callback.as_ref();
        proto::CallbackRow {
            subscribed: self.subscribed,
            url: callback.map(|callback| callback.url.clone()).unwrap_or_default(),
            verify_token: callback
                .map(|callback| Bytes::copy_from_slice(callback.verify_token.expose().as_bytes()))
                .unwrap_or_default(),
            fields: self.fields.clone(),
        }
    }

    fn from_row(row: proto::CallbackRow) -> Option<Self> {
        let callback = if row.url.is_empty() {
            None
        } else {
            let verify_token = Secret::from(String::from_utf8(row.verify_token.to_vec()).ok()?);
            Some(Callback { url: row.url, verify_token })
        };
        Some(Self { subscribed: row.subscribed, callback, fields: row.fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
