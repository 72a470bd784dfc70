//! The provider of all live parties: one of the real ones, chosen once for the whole process.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use thiserror::Error;
use zeroize::Zeroizing;

use super::Provider;
#[cfg(feature = "aws-lc")]
use super::aws_lc::{self, AwsLc};
use super::bytes::{Key, SharedSecret};
use super::primitives::{Curve, Symmetric};
use super::rust_crypto::{self, RustCrypto};
use super::xeddsa::CurveKey;

/// The real provider that is [installed](Backend::install) in this process.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Native;

/// The real providers by name. All compute the same bytes; they differ in speed only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// [`AwsLc`](super::AwsLc); the default where the feature `aws-lc` is on.
    #[cfg(feature = "aws-lc")]
    AwsLc,
    /// [`RustCrypto`].
    RustCrypto,
}

/// Index into [`Backend::ALL`].
static INSTALLED: AtomicU8 = AtomicU8::new(0);

impl Backend {
    /// All that are built in, the default first.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "aws-lc")]
        Self::AwsLc,
        Self::RustCrypto,
    ];

    /// Makes it [`Native`] from now on, in the whole process. It may be changed at any time; keys in use
    /// stay with the one they began with.
    pub fn install(self) {
        let at = Self::ALL.iter().position(|backend| *backend == self).unwrap_or(0);
        INSTALLED.store(u8::try_from(at).unwrap_or(0), Ordering::Relaxed);
    }

    /// The one in use.
    #[must_use]
    pub fn installed() -> Self {
        let at = usize::from(INSTALLED.load(Ordering::Relaxed));
        Self::ALL.get(at).copied().unwrap_or(Self::RustCrypto)
    }

    /// The name on command lines and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "aws-lc")]
            Self::AwsLc => "aws-lc",
            Self::RustCrypto => "rustcrypto",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        Self::ALL.iter().copied().find(|backend| backend.name() == name).ok_or(UnknownBackend)
    }
}

/// A name that is no provider's, or one that is not built in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("unknown provider: use `aws-lc`, where it is built in, or `rustcrypto`")]
pub struct UnknownBackend;

/// Calls the installed provider's function.
macro_rules! installed {
    ($primitive:ident :: $function:ident $(::<$keys:ident>)? ($($argument:expr),*)) => {
        match Backend::installed() {
            #[cfg(feature = "aws-lc")]
            Backend::AwsLc => <AwsLc as Provider>::$primitive::$function$(::<$keys>)?($($argument),*),
            Backend::RustCrypto => <RustCrypto as Provider>::$primitive::$function$(::<$keys>)?($($argument),*),
        }
    };
}

/// Its curve.
#[derive(Debug)]
pub enum NativeCurve {}

/// A key in the form of the provider that was installed when it was made.
#[derive(Clone)]
pub enum Prepared {
    /// Of AWS-LC.
    #[cfg(feature = "aws-lc")]
    AwsLc(<aws_lc::X25519 as Curve>::Prepared),
    /// Of x25519-dalek.
    RustCrypto(<rust_crypto::X25519 as Curve>::Prepared),
}

impl Curve for NativeCurve {
    type PrivateKey = CurveKey;
    type Prepared = Prepared;
    type Signature = [u8; 64];

    fn prepare(private: &CurveKey) -> (Prepared, [u8; 32]) {
        match Backend::installed() {
            #[cfg(feature = "aws-lc")]
            Backend::AwsLc => {
                let (key, public) = aws_lc::X25519::prepare(private);
                (Prepared::AwsLc(key), public)
            }
            Backend::RustCrypto => {
                let (key, public) = rust_crypto::X25519::prepare(private);
                (Prepared::RustCrypto(key), public)
            }
        }
    }

    fn agree(ours: &Prepared, theirs: &[u8; 32]) -> Option<SharedSecret> {
        match ours {
            #[cfg(feature = "aws-lc")]
            Prepared::AwsLc(key) => aws_lc::X25519::agree(key, theirs),
            Prepared::RustCrypto(key) => rust_crypto::X25519::agree(key, theirs),
        }
    }

    fn is_unique(public: &[u8; 32]) -> bool {
        installed!(Curve::is_unique(public))
    }

    fn sign(private: &CurveKey, message: &[u8], random: &[u8; 64]) -> [u8; 64] {
        installed!(Curve::sign(private, message, random))
    }

    fn verify(public: &[u8; 32], signed: &[(&[u8], &[u8; 64])]) -> bool {
        installed!(Curve::verify(public, signed))
    }
}

/// Its KDF, MAC and cipher.
#[derive(Debug)]
pub enum NativeSymmetric {}

impl Symmetric for NativeSymmetric {
    type Key = Key;
    type Tag = [u8; 32];

    fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
        installed!(Symmetric::mac(key, parts))
    }

    fn step(key: &Key) -> (Key, Key) {
        installed!(Symmetric::step(key))
    }

    fn derive<const KEYS: usize>(salt: Option<&Key>, ikm: &[&[u8]], info: &[u8]) -> [Key; KEYS] {
        installed!(Symmetric::derive::<KEYS>(salt, ikm, info))
    }

    fn encrypt(key: &Key, iv: &Key, plaintext: &[u8]) -> Vec<u8> {
        installed!(Symmetric::encrypt(key, iv, plaintext))
    }

    fn decrypt(key: &Key, iv: &Key, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        installed!(Symmetric::decrypt(key, iv, ciphertext))
    }
}
