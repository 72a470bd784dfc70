//! The settings file: what flags say, for those who would rather write it down. Flags win.

use crate::tenants::TenantSettings;
use crate::toml_file;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// `blindpost.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) relay: RelaySettings,
    pub(crate) cloud: CloudSettings,
    pub(crate) consumer: ConsumerSettings,
}

/// `[relay]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RelaySettings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) gateways: Vec<String>,
}

/// `[cloud]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CloudSettings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) relay: Option<SocketAddr>,
    pub(crate) relay_key: Option<String>,
    pub(crate) tenants: Vec<TenantSettings>,
}

/// `[consumer]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConsumerSettings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) number: Option<String>,
    pub(crate) relay: Option<SocketAddr>,
    pub(crate) relay_key: Option<String>,
}

impl Settings {
    /// The settings in `file`; none if no file is named.
    pub(crate) fn read(file: Option<&Path>) -> miette::Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        toml_file::read(file)
    }
}
