//! Whose is what: portfolios, apps, accounts, phone numbers and tokens by their ids, and which of them a token opens.
//!
//! All of it is the node's state, in rows. The tenants file is the seed of it ([`follow`](Directory::follow)).

use super::assets::{Account, App, Grant, Phone, TokenId};
use super::tenant::{AccessToken, Portfolio, Tenant, Tenants, Thing};
use crate::register::{Drift, Register};
use crate::rows;
use graph::{AppId, MediaId, PhoneNumberId, SigningKey, TemplateId, WabaId, digest};
use kernel::{RestoreError, Row, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wire::Number;

/// All that the tenants have.
#[derive(Default)]
pub(crate) struct Directory {
    portfolios: Register<Portfolio>,
    apps: Register<App>,
    accounts: Register<Account>,
    numbers: Register<Phone>,
    tokens: Register<Grant>,
    ids_by_number: BTreeMap<Number, PhoneNumberId>,
    numbers_by_account: BTreeSet<(WabaId, PhoneNumberId)>,
}

/// What an id in a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    App(AppId),
    Account(WabaId),
    Number(PhoneNumberId),
    Template(TemplateId),
    Media(MediaId),
}

impl Directory {
    /// Takes a row back; `false` if it is of another table.
    pub(crate) fn restore(&mut self, row: &Row) -> Result<bool, RestoreError> {
        match row.table {
            rows::PORTFOLIOS => self.portfolios.restore(row)?,
            rows::APPS => self.apps.restore(row)?,
            rows::WABAS => self.accounts.restore(row)?,
            rows::NUMBERS => self.numbers.restore(row)?,
            rows::TOKENS => self.tokens.restore(row)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Becomes what the file says of the tenants, but for what the API has changed. Nothing is looked for before: this
    /// makes the indexes, too.
    pub(crate) fn follow(&mut self, tenants: &Tenants, transaction: &mut Transaction) -> Vec<(Thing, Drift)> {
        let mut drift = Vec::new();
        let portfolios = tenants.iter().map(|tenant| (tenant.portfolio.id, tenant.portfolio.clone()));
        let of = self.portfolios.follow(portfolios.collect(), transaction);
        drift.extend(of.into_iter().map(|(id, drift)| (Thing::Portfolio(id), drift)));
        let of = self.apps.follow(tenants.iter().map(app).collect(), transaction);
        drift.extend(of.into_iter().map(|(id, drift)| (Thing::App(id), drift)));
        let of = self.accounts.follow(tenants.iter().flat_map(accounts).collect(), transaction);
        drift.extend(of.into_iter().map(|(id, drift)| (Thing::Account(id), drift)));
        let of = self.tokens.follow(tenants.iter().flat_map(tokens).collect(), transaction);
        drift.extend(of.into_iter().map(|(id, drift)| (Thing::Token(id.app), drift)));

        let mut said: BTreeMap<PhoneNumberId, Phone> = tenants.iter().flat_map(numbers).collect();
        let of_api = self.numbers.iter().filter(|phone| self.numbers.is_of_api(phone.id));
        let taken: BTreeMap<Number, PhoneNumberId> = of_api.map(|phone| (phone.number, phone.id)).collect();
        said.retain(|id, phone| {
            // The API has registered the number under another id.
            let is_taken = taken.get(&phone.number).is_some_and(|other| other != id);
            drift.extend(is_taken.then_some((Thing::Number(*id), Drift::Overruled)));
            !is_taken
        });
        let of = self.numbers.follow(said, transaction);
        drift.extend(of.into_iter().map(|(id, drift)| (Thing::Number(id), drift)));
        self.ids_by_number = self.numbers.iter().map(|phone| (phone.number, phone.id)).collect();
        self.numbers_by_account = self.numbers.iter().map(|phone| (phone.account, phone.id)).collect();
        drift
    }

    pub(crate) fn app(&self, id: AppId) -> Option<&App> {
        self.apps.get(id)
    }

    pub(crate) fn account(&self, id: WabaId) -> Option<&Account> {
        self.accounts.get(id)
    }

    pub(crate) fn phone(&self, id: PhoneNumberId) -> Option<&Phone> {
        self.numbers.get(id)
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.numbers.iter()
    }

    /// Those of one account, in the order of their ids.
    pub(crate) fn phones_of(&self, account: WabaId) -> impl Iterator<Item = &Phone> {
        let from_first = self.numbers_by_account.range((account, PhoneNumberId::FIRST)..);
        from_first.take_while(move |(of, _)| *of == account).filter_map(|(_, id)| self.numbers.get(*id))
    }

    pub(crate) fn phone_with(&self, number: Number) -> Option<&Phone> {
        self.numbers.get(*self.ids_by_number.get(&number)?)
    }

    /// What `token` opens, if it is one of ours.
    pub(crate) fn grant(&self, token: &str) -> Option<Grant> {
        let Some((app, secret)) = token.split_once('|') else {
            let digest = digest(token);
            let (id, grant) = self.tokens.starting_at(TokenId { digest, app: AppId::FIRST }).next()?;
            return (id.digest == digest).then(|| grant.clone());
        };
        self.client(app.parse().ok()?, secret)
    }

    /// What an app opens that says its secret.
    pub(crate) fn client(&self, app: AppId, secret: &str) -> Option<Grant> {
        self.apps.get(app).filter(|app| app.secret.matches(secret)).map(Grant::of_app)
    }

    /// What `id` names, if `grant` opens it. Whoever may not know of an object learns nothing: it is
    /// the same `None` as for an id that names nothing (invariant 7, `tenants_are_strangers`).
    pub(crate) fn target(&self, id: &str, grant: &Grant) -> Option<Target> {
        let phone = id.parse().ok().and_then(|id: PhoneNumberId| self.numbers.get(id));
        let account = id.parse().ok().and_then(|id: WabaId| self.accounts.get(id));
        let app = id.parse().ok().and_then(|id: AppId| self.apps.get(id));
        match (phone, account, app) {
            (Some(phone), _, _) => {
                grant.opens(phone.portfolio, phone.account).then_some(Target::Number(phone.id))
            }
            (_, Some(account), _) => {
                grant.opens(account.portfolio, account.id).then_some(Target::Account(account.id))
            }
            (_, _, Some(app)) => (grant.app == app.id).then_some(Target::App(app.id)),
            (None, None, None) => None,
        }
    }
}

fn app(Tenant { portfolio, app, .. }: &Tenant) -> (AppId, App) {
    let state = App {
        id: app.id,
        portfolio: portfolio.id,
        name: app.name.clone(),
        secret: app.secret.clone(),
        signing_key: SigningKey::new(&app.secret),
        webhook_version: app.webhook_version,
        requires_proof: app.requires_proof,
    };
    (app.id, state)
}

fn accounts(tenant: &Tenant) -> impl Iterator<Item = (WabaId, Account)> {
    tenant.accounts.iter().map(|account| {
        let (id, portfolio) = (account.id, tenant.portfolio.id);
        (id, Account { id, portfolio, name: account.name.clone() })
    })
}

fn numbers(tenant: &Tenant) -> impl Iterator<Item = (PhoneNumberId, Phone)> {
    let portfolio = tenant.portfolio.id;
    tenant.accounts.iter().flat_map(move |account| {
        account.numbers.iter().map(move |of| {
            let (id, number, display_name) = (of.id, of.number, of.display_name.clone());
            let identity_key_check = of.identity_key_check;
            (id, Phone { id, portfolio, account: account.id, number, display_name, identity_key_check })
        })
    })
}

fn tokens(Tenant { portfolio, app, tokens, .. }: &Tenant) -> impl Iterator<Item = (TokenId, Grant)> {
    tokens.iter().map(|AccessToken { value, kind, scopes, accounts, expires }| {
        let accounts = (!accounts.is_empty()).then(|| Arc::new(accounts.iter().copied().collect()));
        let (app, portfolio) = (app.id, portfolio.id);
        let grant = Grant { app, portfolio, accounts, expires: *expires, kind: *kind, scopes: *scopes };
        (TokenId::of(value.expose(), app), grant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{App as OfApp, BusinessAccount, BusinessNumber};
    use graph::tokens::{Scope, TokenKind};
    use kernel::Time;

    fn app(id: u64) -> OfApp {
        let (name, secret) = (format!("App {id}"), format!("secret {id}").as_str().into());
        OfApp { id: id.into(), name, secret, callback: None, webhook_version: 23, requires_proof: false }
    }

    /// A tenant whose ids end in `index`.
    fn tenant(index: u64) -> Tenant {
        let number = BusinessNumber {
            id: (400 + index).into(),
            number: Number::from_integer(15_550_783_000 + index).unwrap(),
            display_name: "Shop".into(),
            identity_key_check: false,
        };
        Tenant {
            portfolio: Portfolio::of(&app(100 + index)),
            app: app(100 + index),
            accounts: vec![BusinessAccount {
                id: (300 + index).into(),
                name: "Shop".into(),
                subscribed: false,
                numbers: vec![number],
            }],
            tokens: vec![AccessToken::of_system_user(format!("token {index}").into())],
        }
    }

    fn planted(tenants: Vec<Tenant>) -> (Directory, Transaction) {
        let (mut directory, mut transaction) = (Directory::default(), Transaction::default());
        let drift = directory.follow(&Tenants::new(tenants).unwrap(), &mut transaction);
        assert!(drift.is_empty());
        (directory, transaction)
    }

    #[test]
    fn a_directory_reads_back() {
        let mut tenants = vec![tenant(1), tenant(2)];
        tenants[0].tokens.push(AccessToken {
            kind: TokenKind::Business,
            scopes: [Scope::Messaging].into_iter().collect(),
            value: "of two".into(),
            accounts: vec![301.into(), 302.into()],
            expires: Some(Time::from_secs(7)),
        });
        let (_, transaction) = planted(tenants.clone());
        let mut disk = store::Shadow::default();
        disk.apply(transaction).unwrap();
        let (mut restored, mut transaction) = (Directory::default(), Transaction::default());
        for row in disk.load(&rows::TABLES).unwrap() {
            assert!(restored.restore(&row).unwrap());
        }
        assert!(restored.follow(&Tenants::new(tenants).unwrap(), &mut transaction).is_empty());
        assert!(transaction.is_empty(), "what is read is what was written");
        let grant = restored.grant("of two").unwrap();
        assert_eq!((grant.expires, grant.kind), (Some(Time::from_secs(7)), TokenKind::Business));
        assert!(grant.scopes.has(Scope::Messaging) && !grant.scopes.has(Scope::Management));
        let opened = [301, 302, 303].map(|id| grant.opens(Portfolio::of(&app(101)).id, u64::into(id)));
        assert_eq!(opened, [true, true, false]);
    }

    #[test]
    fn a_row_that_can_not_be_is_refused() {
        let (_, transaction) = planted(vec![tenant(1)]);
        let mut disk = store::Shadow::default();
        disk.apply(transaction).unwrap();
        for mut row in disk.load(&rows::TABLES).unwrap() {
            let good = row.clone();
            row.key = "not digits".into();
            assert!(Directory::default().restore(&row).is_err(), "{row:?}");
            row.value = vec![0xff].into();
            assert!(Directory::default().restore(&Row { key: good.key, ..row.clone() }).is_err(), "{row:?}");
        }
    }

    #[test]
    fn a_token_opens_its_own_portfolio_only() {
        let (directory, _) = planted(vec![tenant(1), tenant(2)]);
        for token in ["token 1", "101|secret 1"] {
            let grant = directory.grant(token.replace("secret 1", "secret 101").as_str()).unwrap();
            for (id, opens) in [("101", true), ("301", true), ("401", true), ("102", false), ("302", false)] {
                assert_eq!(directory.target(id, &grant).is_some(), opens, "{token} {id}");
            }
        }
        for token in ["token 3", "", "101|secret 102", "103|secret 103", "|"] {
            assert!(directory.grant(token).is_none(), "{token}");
        }
    }

    /// Else one number would be two, and which of them a message is for a matter of order.
    #[test]
    fn a_number_that_the_api_has_registered_is_not_planted_under_another_id() {
        let (mut directory, _) = planted(vec![tenant(1)]);
        let (portfolio, account, number) =
            (Portfolio::of(&app(101)).id, 301.into(), Number::from_integer(15_550_783_002).unwrap());
        let by_api = Phone {
            id: 499.into(),
            portfolio,
            account,
            number,
            display_name: "By the API".into(),
            identity_key_check: false,
        };
        directory.numbers.set(by_api.id, by_api, &mut Transaction::default());
        let both = Tenants::new(vec![tenant(1), tenant(2)]).unwrap();
        let drift = directory.follow(&both, &mut Transaction::default());
        assert_eq!(drift, [(Thing::Number(402.into()), Drift::Overruled)]);
        assert!(directory.phone(402.into()).is_none());
        assert_eq!(directory.phone_with(number).unwrap().id, 499.into());
        let of_account: Vec<_> = directory.phones_of(301.into()).map(|phone| phone.id).collect();
        assert_eq!(of_account, [401.into(), 499.into()]);
        assert_eq!(directory.phones_of(302.into()).count(), 0);
    }
}
