//! Who the tenants are: apps with their tokens, business accounts, phone numbers; and what of it the API shows.

mod directory;
mod objects;
mod tenant;

pub(crate) use directory::{Directory, Grant, Phone, Target};
pub(crate) use objects::{get_account, get_app, get_number, get_numbers};
pub(crate) use tenant::Tenants;
pub use tenant::{AccessToken, App, BusinessAccount, BusinessNumber, ConfigError, Tenant};
