//! Access tokens: what they may do, and the calls that ask for one or about one (Graph API documentation, "Access Tokens",
//! "Debug Token", "Permissions").

use crate::answer::Answer;
use crate::error::GraphError;
use crate::ids::{AppId, WabaId};
use crate::params::Params;
use crate::secret::Secret;
use serde::Serialize;
use std::str::FromStr;

/// What a token may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Messages, media, profiles, and webhooks of messages.
    Messaging,
    /// Accounts, templates, phone numbers, and all other webhooks.
    Management,
    /// The portfolio.
    Business,
    /// Events for advertisements.
    Events,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

/// Whose a token is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenKind {
    /// Of a system user of the business: what a server has.
    #[default]
    SystemUser,
    /// Of a person, for a first try; good for hours.
    User,
    /// Of a system user that a business has given a partner.
    Business,
    /// `APP_ID|APP_SECRET`.
    App,
}

/// A text names none of what there is.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("want one of {0}")]
pub struct NoSuchName(&'static str);

/// `GET /debug_token`: the token that is asked about.
#[derive(Debug, Clone)]
pub struct Inspect(pub Secret);

/// What a token is, as `GET /debug_token` says it.
pub struct Inspection<'a> {
    /// Whose it is.
    pub kind: TokenKind,
    /// The app that it was made for.
    pub app: AppId,
    /// What people call the app.
    pub app_name: &'a str,
    /// Until when it opens anything, in seconds since 1970; `None`: it does not end.
    pub expires_s: Option<u64>,
    /// It opens something now.
    pub is_valid: bool,
    /// What it is for.
    pub scopes: Scopes,
    /// The accounts that it opens; `None`: all that there are.
    pub accounts: Option<Vec<WabaId>>,
    /// Of whom, as digits; `None`: of the app.
    pub user: Option<String>,
}

/// `GET /oauth/access_token`: an app proves what it is, and is given its token.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The app.
    pub app: AppId,
    /// Its secret.
    pub secret: Secret,
}

/// The parameters of `GET /debug_token`.
pub const INSPECT: &[&str] = &["input_token"];

/// The parameters of `GET /oauth/access_token`.
pub const EXCHANGE: &[&str] = &["client_id", "client_secret", "grant_type"];

impl Scope {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Messaging, Self::Management, Self::Business, Self::Events];

    /// As permissions are called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messaging => "whatsapp_business_messaging",
            Self::Management => "whatsapp_business_management",
            Self::Business => "business_management",
            Self::Events => "whatsapp_business_manage_events",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for Scope {
    type Err = NoSuchName;

    fn from_str(name: &str) -> Result<Self, NoSuchName> {
        const NAMES: &str = "whatsapp_business_messaging, whatsapp_business_management, business_management, \
                             whatsapp_business_manage_events";
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(NoSuchName(NAMES))
    }
}

impl Scopes {
    /// For everything.
    pub const ALL: Self = Self(0b1111);

    /// True if it is for this.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | scope.bit()))
    }
}

impl TokenKind {
    /// As `debug_token` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemUser | Self::Business => "SYSTEM_USER",
            Self::User => "USER",
            Self::App => "APP",
        }
    }
}

impl FromStr for TokenKind {
    type Err = NoSuchName;

    /// As a tenants file calls those that can stand in one.
    fn from_str(name: &str) -> Result<Self, NoSuchName> {
        match name {
            "system_user" => Ok(Self::SystemUser),
            "user" => Ok(Self::User),
            "business" => Ok(Self::Business),
            _ => Err(NoSuchName("system_user, user, business")),
        }
    }
}

impl Inspect {
    /// What the parameters say.
    ///
    /// # Errors
    /// They name no token.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        Ok(Self(params.required("input_token")?.text()?.into()))
    }
}

impl Exchange {
    /// What the parameters say.
    ///
    /// # Errors
    /// They say nothing that can be, or want another token than the app's.
    pub fn parse(params: &Params<'_>) -> Result<Self, GraphError> {
        let app = params.required("client_id")?.text()?.parse().map_err(|_| GraphError::bad_client())?;
        let secret = params.required("client_secret")?.text()?.into();
        params.required("grant_type")?.one_of(&["client_credentials"])?;
        Ok(Self { app, secret })
    }

    /// The answer: the app's own token.
    pub fn answer(&self) -> Answer {
        let access_token = format!("{}|{}", self.app.as_str(), self.secret.expose());
        Answer::of(&Issued { access_token: &access_token, token_type: "bearer" })
    }
}

impl Inspection<'_> {
    /// The answer.
    pub fn answer(&self) -> Answer {
        let granular = |scope: Scope| {
            let is_of_accounts = matches!(scope, Scope::Messaging | Scope::Management);
            let target_ids = self.accounts.as_deref().filter(|_| is_of_accounts);
            Granular { scope: scope.name(), target_ids }
        };
        let data = Data {
            app_id: self.app,
            r#type: self.kind.name(),
            application: self.app_name,
            expires_at: self.expires_s.unwrap_or(0),
            is_valid: self.is_valid,
            scopes: self.scopes.iter().map(Scope::name).collect(),
            granular_scopes: self.scopes.iter().map(granular).collect(),
            user_id: self.user.as_deref(),
        };
        Answer::of(&Envelope { data })
    }

    /// The answer about a token that there is not, or that is none of whoever asks: the two must look the same.
    pub fn of_nothing() -> Answer {
        let error = Problem { code: 190, message: "Invalid OAuth access token - Cannot parse access token" };
        Answer::of(&Envelope { data: Nothing { error, is_valid: false, scopes: [] } })
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Serialize)]
struct Data<'a> {
    app_id: AppId,
    r#type: &'static str,
    application: &'a str,
    expires_at: u64,
    is_valid: bool,
    scopes: Vec<&'static str>,
    granular_scopes: Vec<Granular<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Granular<'a> {
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_ids: Option<&'a [WabaId]>,
}

#[derive(Serialize)]
struct Nothing {
    error: Problem,
    is_valid: bool,
    scopes: [&'static str; 0],
}

#[derive(Serialize)]
struct Problem {
    code: u32,
    message: &'static str,
}

#[derive(Serialize)]
struct Issued<'a> {
    access_token: &'a str,
    token_type: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_a_set() {
        let some: Scopes = [Scope::Business, Scope::Messaging, Scope::Business].into_iter().collect();
        assert_eq!(some.iter().collect::<Vec<_>>(), [Scope::Messaging, Scope::Business]);
        assert!(some.has(Scope::Messaging) && !some.has(Scope::Management));
        assert_eq!(Scope::ALL.into_iter().collect::<Scopes>(), Scopes::ALL);
        assert!(Scope::ALL.into_iter().all(|scope| scope.name().parse() == Ok(scope)));
        assert!("everything".parse::<Scope>().is_err() && "app".parse::<TokenKind>().is_err());
    }

    #[test]
    fn a_token_is_described_as_documented() {
        let inspection = Inspection {
            kind: TokenKind::SystemUser,
            app: 700.into(),
            app_name: "Shop",
            expires_s: None,
            is_valid: true,
            scopes: [Scope::Messaging, Scope::Business].into_iter().collect(),
            accounts: Some(vec![102.into()]),
            user: Some("122".into()),
        };
        let body: serde_json::Value = serde_json::from_slice(&inspection.answer().into_bytes()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({ "data": {
                "app_id": "700", "type": "SYSTEM_USER", "application": "Shop", "expires_at": 0, "is_valid": true,
                "scopes": ["whatsapp_business_messaging", "business_management"],
                "granular_scopes": [
                    { "scope": "whatsapp_business_messaging", "target_ids": ["102"] },
                    { "scope": "business_management" },
                ],
                "user_id": "122",
            } })
        );
        let nothing: serde_json::Value =
            serde_json::from_slice(&Inspection::of_nothing().into_bytes()).unwrap();
        assert_eq!(nothing["data"]["is_valid"], false);
    }
}
