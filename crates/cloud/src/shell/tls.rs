//! TLS of a node: whom it trusts when it posts webhooks, and who it is towards them; and what it shows to clients of the API.

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::fmt;
use std::sync::Arc;

/// All that this node speaks, in either direction.
const ALPN: &[u8] = b"http/1.1";

/// What was given for TLS can't be used. Says nothing of what a key file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// There is no certificate in it, or one that can't be read.
    #[error("no certificate in PEM is in it")]
    NoCertificate,
    /// There is no private key in it, or one that can't be read.
    #[error("no private key in PEM is in it")]
    NoKey,
    /// Certificate and key are not of each other, or of a kind that TLS can't use.
    #[error("certificate and key don't fit each other")]
    Unfit,
}

/// Whom a node trusts when it posts webhooks to an `https` URL, and what it shows of itself. Cheap to clone.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

/// Who a server or a client is: a chain of certificates, its own first, and the key of that one. No `Debug`.
pub struct Credentials {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Trust {
    /// Whom the operating system trusts, or the authorities in `authorities` (PEM) in their place; shows `own` to who asks
    /// for it (mutual TLS).
    ///
    /// # Errors
    /// Something of it can't be used.
    pub fn new(authorities: Option<&[u8]>, own: Option<Credentials>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        match authorities {
            Some(pem) => {
                for certificate in certificates(pem)? {
                    roots.add(certificate).map_err(|_| TlsError::NoCertificate)?;
                }
            }
            // Of a system that trusts nobody a certificate is not trusted, and the notice says so.
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| TlsError::Unfit)?.with_root_certificates(roots);
        let config = match own {
            Some(Credentials { chain, key }) => {
                builder.with_client_auth_cert(chain, key).map_err(|_| TlsError::Unfit)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Self(Arc::new(config)))
    }

    /// As rustls has it.
    pub(super) fn config(&self) -> ClientConfig {
        ClientConfig::clone(&self.0)
    }
}

impl Credentials {
    /// From PEM.
    ///
    /// # Errors
    /// A part is not there.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        Ok(Self { chain: certificates(chain)?, key })
    }

    /// As a server shows them.
    pub(super) fn into_server(self) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| TlsError::Unfit)?.with_no_client_auth();
        let mut config = builder.with_single_cert(self.chain, self.key).map_err(|_| TlsError::Unfit)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust(…)")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|certificates| !certificates.is_empty()).ok_or(TlsError::NoCertificate)
}

/// The one provider of the product.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pem_is_an_error_that_says_which_part() {
        assert_eq!(Trust::new(Some(b"rubbish"), None).err(), Some(TlsError::NoCertificate));
        assert_eq!(Credentials::from_pem(b"", b"").err(), Some(TlsError::NoKey));
        assert!(Trust::new(None, None).is_ok(), "whomever the system trusts, if anybody");
    }
}
