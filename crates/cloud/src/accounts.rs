//! Who the tenants are: portfolios with their apps, tokens, business accounts and phone numbers, in rows; the file that
//! they are planted from; and what of it the API shows.

mod assets;
mod directory;
mod objects;
mod tenant;
mod tokens;

pub(crate) use assets::{Grant, Phone};
pub(crate) use directory::{Directory, Target};
pub(crate) use objects::{get_account, get_app, get_number, get_numbers};
pub(crate) use tenant::Tenants;
pub use tenant::{AccessToken, App, BusinessAccount, BusinessNumber, ConfigError, Portfolio, Tenant, Thing};
pub(crate) use tokens::{exchange_token, inspect_token};
