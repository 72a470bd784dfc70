//! The long-term key pair that a device, a node or a relay proves itself with on links. It has nothing
//! to do with the Signal identity keys of a person or business: those never leave the two ends.

use crate::write_new_file;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rand_core::CryptoRng;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use wire::LinkKey;
use zeroize::Zeroizing;

/// An Ed25519 key pair.
#[derive(Clone)]
pub struct LinkIdentity {
    seed: Zeroizing<[u8; 32]>,
    public: LinkKey,
}

/// A file or text is not a link identity.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("not an Ed25519 private key in PKCS#8")]
pub struct IdentityError;

/// Everything that stands before the seed in a PKCS#8 Ed25519 private key (RFC 8410 §7).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// Everything that stands before the key in an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4), which is
/// what RFC 7250 sends in place of a certificate.
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl LinkIdentity {
    /// A new key pair.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(seed)
    }

    /// The key pair of a seed (RFC 8032 §5.1.5).
    #[expect(clippy::expect_used, reason = "only a wrong length can fail, and the type has the right one")]
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).expect("32 bytes are a seed");
        let public = LinkKey::try_from(pair.public_key().as_ref()).expect("32 bytes are a key");
        Self { seed, public }
    }

    /// Reads a PKCS#8 private key in DER.
    ///
    /// # Errors
    /// It isn't one, or not for Ed25519, or it carries attributes.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, IdentityError> {
        let seed =
            der.strip_prefix(&PKCS8_HEAD).and_then(|seed| seed.try_into().ok()).ok_or(IdentityError)?;
        Ok(Self::from_seed(Zeroizing::new(seed)))
    }

    /// The private key as PKCS#8 in DER.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([PKCS8_HEAD.as_slice(), self.seed.as_ref()].concat())
    }

    /// Reads a PKCS#8 private key in PEM.
    ///
    /// # Errors
    /// As [`from_pkcs8`](Self::from_pkcs8).
    pub fn from_pem(pem: &str) -> Result<Self, IdentityError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| IdentityError)?;
        Self::from_pkcs8(der.secret_pkcs8_der())
    }

    /// The private key as PKCS#8 in PEM.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let body = Zeroizing::new(BASE64.encode(self.to_pkcs8()));
        Zeroizing::new(["-----BEGIN PRIVATE KEY-----\n", &body, "\n-----END PRIVATE KEY-----\n"].concat())
    }

    /// The public half: how others know the owner.
    pub fn public(&self) -> LinkKey {
        self.public
    }

    /// The identity in the PEM file at `path`; if there is none, a new one, durable before this returns.
    ///
    /// # Errors
    /// The file can't be read or written, is not a key, or others may read it.
    pub fn load_or_create(path: &Path, rng: &mut impl CryptoRng) -> io::Result<Self> {
        match Self::load(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        match Self::generate(rng).create(path) {
            // Another process was quicker. Its key is as good.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
            created => created,
        }
    }

    /// The identity in the PEM file at `path`.
    ///
    /// # Errors
    /// There is no file, it can't be read, is not a key, or others may read it.
    pub fn load(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            let text = "others may read this private key; run chmod 600 on it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let mut pem = Zeroizing::new(String::new());
        file.read_to_string(&mut pem)?;
        Self::from_pem(&pem).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn create(self, path: &Path) -> io::Result<Self> {
        write_new_file(path, self.to_pem().as_bytes())?;
        Ok(self)
    }
}

/// The private key as TLS takes it, which wipes it in the end.
pub(crate) fn to_private_der(identity: &LinkIdentity) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(identity.to_pkcs8().to_vec()).into()
}

/// The public key as TLS carries it.
pub(crate) fn to_spki(key: LinkKey) -> CertificateDer<'static> {
    CertificateDer::from([SPKI_HEAD.as_slice(), &key.0].concat())
}

/// Reads [`to_spki`] back.
pub(crate) fn from_spki(spki: &[u8]) -> Option<LinkKey> {
    LinkKey::try_from(spki.strip_prefix(&SPKI_HEAD)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;
    use std::fs;

    fn identity(seed: u64) -> LinkIdentity {
        LinkIdentity::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn reads_the_key_of_rfc_8410() {
        let pem = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
        let identity = LinkIdentity::from_pem(pem).unwrap();
        assert_eq!(
            identity.public().to_string(),
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
        );
        assert_eq!(*identity.to_pem(), pem);
        assert_eq!(from_spki(&to_spki(identity.public())), Some(identity.public()));
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert!(LinkIdentity::from_pem("").is_err());
        assert!(LinkIdentity::from_pkcs8(&[0; 48]).is_err());
        assert!(LinkIdentity::from_pkcs8(&identity(1).to_pkcs8()[..47]).is_err());
        assert_eq!(from_spki(&[0; 44]), None);
    }

    #[test]
    fn a_file_is_created_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("relay.pem");
        let first = LinkIdentity::load_or_create(&path, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        let second = LinkIdentity::load_or_create(&path, &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
        assert_eq!(first.public(), second.public());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(identity(2).create(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("relay.pem");
        identity(1).create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = LinkIdentity::load_or_create(&path, &mut ChaCha20Rng::seed_from_u64(1)).err().unwrap();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_broken_file_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("relay.pem");
        write_new_file(&path, b"precious").unwrap();
        let error = LinkIdentity::load_or_create(&path, &mut ChaCha20Rng::seed_from_u64(1)).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}
