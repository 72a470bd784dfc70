//! The settings file: what flags say, for those who would rather write it down. Flags win.

use crate::address::optional;
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
    #[serde(deserialize_with = "optional")]
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) gateways: Vec<String>,
}

/// `[cloud]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CloudSettings {
    pub(crate) data: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub(crate) http: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
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
    #[serde(deserialize_with = "optional")]
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

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::Write as _;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn without_a_file_nothing_is_set() {
        let Settings { relay, cloud, consumer } = Settings::read(None).unwrap();
        assert!(relay.data.is_none() && relay.listen.is_none() && relay.gateways.is_empty());
        assert!(cloud.http.is_none() && cloud.relay_key.is_none() && cloud.tenants.is_empty());
        assert!(consumer.number.is_none() && consumer.relay.is_none());
    }

    #[test]
    fn one_file_has_a_section_for_each_party() {
        let file = file(
            "[relay]\nlisten = \"127.0.0.1:1\"\ngateways = [\"ab\"]\n\
             [cloud]\nhttp = \"127.0.0.1:2\"\nrelay_key = \"cd\"\n\
             [consumer]\nnumber = \"4915112345678\"\ndata = \"alice\"\n",
        );
        let settings = Settings::read(Some(file.path())).unwrap();
        assert_eq!(settings.relay.listen.unwrap().port(), 1);
        assert_eq!(settings.relay.gateways, ["ab"]);
        assert_eq!(settings.cloud.http.unwrap().port(), 2);
        assert_eq!(settings.cloud.relay_key.as_deref(), Some("cd"));
        assert_eq!(settings.consumer.number.as_deref(), Some("4915112345678"));
        assert_eq!(settings.consumer.data.as_deref(), Some(Path::new("alice")));
    }

    #[test]
    fn addresses_may_be_named_and_errors_say_which_is_wrong() {
        let read = |text: &str| Settings::read(Some(file(text).path()));
        let relay = read("[cloud]\nrelay = \"localhost:4433\"\n").unwrap().cloud.relay;
        assert_eq!(relay, Some(SocketAddr::from(([127, 0, 0, 1], 4433))));
        let error = crate::error::explain(&read("[consumer]\nrelay = \"localhost\"\n").unwrap_err());
        assert!(error.contains("relay = \"localhost\"") && error.contains("no host with a port"), "{error}");
    }

    #[test]
    fn a_section_that_no_party_has_is_refused() {
        let file = file("[relais]\n");
        let error = crate::error::explain(&Settings::read(Some(file.path())).unwrap_err());
        for part in ["is not a valid settings file", "relais", "expected one of `relay`, `cloud`, `consumer`"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
