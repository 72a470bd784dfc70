//! A test CA of `serve --tls`: made once, to sign one certificate for the host names that SDKs have written into them and for this
//! machine. Its key is kept nowhere: whoever trusts the CA trusts this one server, and nobody can make it trust another.

use crate::data::{Data, TLS_CA as CA, TLS_SERVER as SERVER};
use ::cloud::Credentials;
use hex::encode;
use link::replace_file;
use miette::{IntoDiagnostic as _, WrapErr as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// Who the server is (facts, design/control.md): what SDKs call, and this machine by its own names.
const NAMES: [&str; 6] =
    ["graph.facebook.com", "lookaside.fbsbx.com", "api.facebook.com", "localhost", "127.0.0.1", "::1"];

/// A test CA, and the server that it vouches for.
pub(crate) struct Authority {
    /// The CA's certificate, as a file that clients are pointed at.
    pub(crate) ca: PathBuf,
    server: String,
}

impl Authority {
    /// That of a data directory, made if it has none. The directory remembers it: what is missing then, or another's, is an error.
    pub(crate) fn open(data: &mut Data) -> miette::Result<Self> {
        let (ca, server) = (data.dir.join(CA), data.dir.join(SERVER));
        let Some(known) = data.manifest.tls() else {
            // Nobody was told of what a process has left that was killed here.
            let (authority, chain) = generate().into_diagnostic().wrap_err("can't make a test CA")?;
            write(&ca, &authority)?;
            write(&server, &chain)?;
            let manifest = data.manifest.clone().with_tls(fingerprint(&authority, &chain));
            manifest.write(&data.dir)?;
            data.manifest = manifest;
            return Self::at(&ca, chain);
        };
        let (authority, chain) = (read(&ca)?, read(&server)?);
        if fingerprint(&authority, &chain) != known {
            return Err(miette::miette!(
                help = crate::manifest::RESTORE,
                "{} and {} are not those that party.toml beside them names",
                ca.display(),
                server.display()
            ));
        }
        Self::at(&ca, chain)
    }

    /// What the server shows.
    pub(crate) fn credentials(&self) -> miette::Result<Credentials> {
        let pem = self.server.as_bytes();
        Credentials::from_pem(pem, pem).into_diagnostic().wrap_err_with(|| format!("{SERVER} can't be used"))
    }

    fn at(ca: &Path, server: String) -> miette::Result<Self> {
        Ok(Self { ca: std::path::absolute(ca).into_diagnostic()?, server })
    }
}

/// The CA's certificate; the server's, and its key.
fn generate() -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(DnType::CommonName, "Blindpost test CA");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    last_long(&mut params);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "Blindpost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    last_long(&mut params);
    let key = KeyPair::generate()?;
    let server = params.signed_by(&key, &issuer)?;
    Ok((authority.pem(), format!("{}{}", server.pem(), key.serialize_pem())))
}

/// From before any test's clock to after it.
fn last_long(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
}

fn fingerprint(authority: &str, server: &str) -> String {
    encode(Sha256::new().chain_update(authority).chain_update(server).finalize())
}

fn write(file: &Path, text: &str) -> miette::Result<()> {
    let written = replace_file(file, text.as_bytes());
    written.into_diagnostic().wrap_err_with(|| format!("can't write {}", file.display()))
}

fn read(file: &Path) -> miette::Result<String> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(crate::data::missing(file)),
        read => read.into_diagnostic().wrap_err_with(|| format!("can't read {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::error::explain;
    use crate::manifest::Party;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    fn open(dir: &Path) -> miette::Result<String> {
        let mut data = Data::open(dir, Party::Node, Duration::from_secs(1))?;
        let opened = Authority::open(&mut data);
        data.store.close();
        let authority = opened?;
        authority.credentials()?;
        read(&authority.ca)
    }

    #[test]
    fn it_is_the_same_at_every_start_and_only_its_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        assert_eq!(open(dir.path()).unwrap(), first);
        for name in [CA, SERVER] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let other = tempfile::tempdir().unwrap();
        assert_ne!(open(other.path()).unwrap(), first);
    }

    #[test]
    fn a_part_that_is_missing_or_anothers_is_an_error_with_the_way_out() {
        for name in [CA, SERVER] {
            let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            for dir in [&dir, &other] {
                drop(open(dir.path()).unwrap());
            }
            fs::copy(other.path().join(name), dir.path().join(name)).unwrap();
            let error = explain(&open(dir.path()).unwrap_err());
            assert!(error.contains("not those that party.toml") && error.contains("help: put"), "{error}");
            fs::remove_file(dir.path().join(name)).unwrap();
            let error = explain(&open(dir.path()).unwrap_err());
            assert!(error.contains(&format!("{name} is missing")) && error.contains("help: put"), "{error}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(CA), "torn").unwrap();
        assert!(open(dir.path()).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
