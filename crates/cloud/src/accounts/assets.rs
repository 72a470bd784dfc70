//! What a portfolio owns (apps, accounts, phone numbers, tokens), as the rows that they are kept in.

use super::tenant::Portfolio;
use crate::proto::{self, Author};
use crate::register::Entry;
use crate::rows::{APPS, Key, NUMBERS, PORTFOLIOS, TOKENS, WABAS};
use bytes::Bytes;
use graph::tokens::{Scope, Scopes, TokenKind};
use graph::{AppId, PhoneNumberId, PortfolioId, Secret, SigningKey, WabaId, digest};
use kernel::{Table, Time};
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::Number;

/// An app.
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) portfolio: PortfolioId,
    pub(crate) name: String,
    pub(crate) secret: Secret,
    /// Signs its webhooks.
    pub(crate) signing_key: SigningKey,
    /// The Graph version whose form its webhooks have.
    pub(crate) webhook_version: u16,
    /// Calls need a proof that whoever makes them has the app's secret.
    pub(crate) requires_proof: bool,
}

/// A business account.
pub(crate) struct Account {
    pub(crate) id: WabaId,
    pub(crate) portfolio: PortfolioId,
    pub(crate) name: String,
}

/// A phone number, and whose it is.
pub(crate) struct Phone {
    pub(crate) id: PhoneNumberId,
    pub(crate) portfolio: PortfolioId,
    pub(crate) account: WabaId,
    pub(crate) number: Number,
    pub(crate) display_name: String,
    /// The business hears when a consumer's identity key has changed.
    pub(crate) identity_key_check: bool,
}

/// What a token opens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) app: AppId,
    pub(crate) portfolio: PortfolioId,
    /// `None`: all accounts of the portfolio.
    pub(crate) accounts: Option<Arc<BTreeSet<WabaId>>>,
    pub(crate) expires: Option<Time>,
    pub(crate) kind: TokenKind,
    pub(crate) scopes: Scopes,
}

/// What a token is known by. Who has one is found by its first part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenId {
    pub(crate) digest: [u8; 32],
    pub(crate) app: AppId,
}

impl TokenId {
    pub(crate) fn of(token: &str, app: AppId) -> Self {
        Self { digest: digest(token), app }
    }
}

impl Key for TokenId {
    fn to_key(self) -> Bytes {
        [self.app.as_str().as_bytes(), b"/", &self.digest].concat().into()
    }

    fn from_key(key: &[u8]) -> Option<Self> {
        let (rest, digest) = key.split_last_chunk::<32>()?;
        Some(Self { digest: *digest, app: AppId::from_key(rest.strip_suffix(b"/")?)? })
    }
}

impl Grant {
    /// That of an app that says its secret.
    pub(crate) fn of_app(app: &App) -> Self {
        let (app, portfolio) = (app.id, app.portfolio);
        Self { app, portfolio, accounts: None, expires: None, kind: TokenKind::App, scopes: Scopes::ALL }
    }

    /// True if it opens nothing any more.
    pub(crate) fn is_over(&self, now: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// True if it opens this account of this portfolio.
    pub(crate) fn opens(&self, portfolio: PortfolioId, account: WabaId) -> bool {
        match &self.accounts {
            None => portfolio == self.portfolio,
            Some(accounts) => accounts.contains(&account),
        }
    }
}

impl Entry for Portfolio {
    const TABLE: Table = PORTFOLIOS;
    type Id = PortfolioId;
    type Row = proto::PortfolioRow;

    fn to_row(&self, author: Author) -> Self::Row {
        proto::PortfolioRow { name: self.name.clone(), author: author.into() }
    }

    fn from_row(id: PortfolioId, row: Self::Row) -> Option<(Self, Author)> {
        let author = row.author();
        Some((Self { id, name: row.name }, author))
    }
}

impl Entry for App {
    const TABLE: Table = APPS;
    type Id = AppId;
    type Row = proto::AppRow;

    fn to_row(&self, author: Author) -> Self::Row {
        proto::AppRow {
            portfolio_id: self.portfolio.as_str().to_owned(),
            name: self.name.clone(),
            secret: Bytes::copy_from_slice(self.secret.expose().as_bytes()),
            webhook_version: self.webhook_version.into(),
            requires_proof: self.requires_proof,
            author: author.into(),
        }
    }

    fn from_row(id: AppId, row: Self::Row) -> Option<(Self, Author)> {
        let (author, portfolio) = (row.author(), row.portfolio_id.parse().ok()?);
        let secret = Secret::from(String::from_utf8(row.secret.to_vec()).ok()?);
        let signing_key = SigningKey::new(&secret);
        let webhook_version = row.webhook_version.try_into().ok()?;
        let (name, requires_proof) = (row.name, row.requires_proof);
        Some((Self { id, portfolio, name, secret, signing_key, webhook_version, requires_proof }, author))
    }
}

impl Entry for Account {
    const TABLE: Table = WABAS;
    type Id = WabaId;
    type Row = proto::WabaRow;

    fn to_row(&self, author: Author) -> Self::Row {
        let portfolio_id = self.portfolio.as_str().to_owned();
        proto::WabaRow { portfolio_id, name: self.name.clone(), author: author.into() }
    }

    fn from_row(id: WabaId, row: Self::Row) -> Option<(Self, Author)> {
        let (author, portfolio) = (row.author(), row.portfolio_id.parse().ok()?);
        Some((Self { id, portfolio, name: row.name }, author))
    }
}

impl Entry for Phone {
    const TABLE: Table = NUMBERS;
    type Id = PhoneNumberId;
    type Row = proto::NumberRow;

    fn to_row(&self, author: Author) -> Self::Row {
        proto::NumberRow {
            portfolio_id: self.portfolio.as_str().to_owned(),
            waba_id: self.account.as_str().to_owned(),
            number: self.number.as_integer(),
            display_name: self.display_name.clone(),
            identity_key_check: self.identity_key_check,
            author: author.into(),
        }
    }

    fn from_row(id: PhoneNumberId, row: Self::Row) -> Option<(Self, Author)> {
        let (author, number) = (row.author(), Number::from_integer(row.number).ok()?);
        let (portfolio, account) = (row.portfolio_id.parse().ok()?, row.waba_id.parse().ok()?);
        let (display_name, identity_key_check) = (row.display_name, row.identity_key_check);
        Some((Self { id, portfolio, account, number, display_name, identity_key_check }, author))
    }
}

impl Entry for Grant {
    const TABLE: Table = TOKENS;
    type Id = TokenId;
    type Row = proto::TokenRow;

    fn to_row(&self, author: Author) -> Self::Row {
        let accounts = self.accounts.iter().flat_map(|accounts| accounts.iter());
        proto::TokenRow {
            portfolio_id: self.portfolio.as_str().to_owned(),
            waba_ids: accounts.map(|account| account.as_str().to_owned()).collect(),
            expires_us: self.expires.map(Time::as_micros),
            author: author.into(),
            kind: match self.kind {
                TokenKind::SystemUser | TokenKind::App => proto::TokenKind::SystemUser,
                TokenKind::User => proto::TokenKind::User,
                TokenKind::Business => proto::TokenKind::Partner,
            }
            .into(),
            scopes: self.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        }
    }

    fn from_row(id: TokenId, row: Self::Row) -> Option<(Self, Author)> {
        let (author, portfolio) = (row.author(), row.portfolio_id.parse().ok()?);
        let kind = match row.kind() {
            proto::TokenKind::SystemUser => TokenKind::SystemUser,
            proto::TokenKind::User => TokenKind::User,
            proto::TokenKind::Partner => TokenKind::Business,
        };
        let scopes: Result<Scopes, _> = row.scopes.iter().map(|name| name.parse::<Scope>()).collect();
        let accounts: Option<BTreeSet<WabaId>> = row.waba_ids.iter().map(|id| id.parse().ok()).collect();
        let accounts = accounts.map(|accounts| (!accounts.is_empty()).then(|| Arc::new(accounts)))?;
        let expires = row.expires_us.map(Time::from_micros);
        Some((Self { app: id.app, portfolio, accounts, expires, kind, scopes: scopes.ok()? }, author))
    }
}
