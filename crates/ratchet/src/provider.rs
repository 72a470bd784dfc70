//! Whose implementation of the primitives is used.
//!
//! Only X25519 differs: AWS-LC's is the fastest there is. Hashing, AES and Edwards arithmetic are
//! RustCrypto's and dalek's in both, which are as fast or faster at the sizes of messages
//! (`cargo bench -p blindpost-benches --bench ratchet` prints the comparison); Kyber and ML-KEM are
//! libcrux's, the only implementation of both.

use std::sync::atomic::{AtomicU8, Ordering};

/// An implementation of the primitives. All compute the same bytes; they differ in speed only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Provider {
    /// X25519 of AWS-LC; the default where the feature `aws-lc` is on.
    #[cfg(feature = "aws-lc")]
    AwsLc,
    /// X25519 of curve25519-dalek: Rust only.
    RustCrypto,
}

/// Index into [`Provider::ALL`].
static INSTALLED: AtomicU8 = AtomicU8::new(0);

impl Provider {
    /// All that are built in, the default first.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "aws-lc")]
        Self::AwsLc,
        Self::RustCrypto,
    ];

    /// Uses this one from now on, in the whole process. It may be changed at any time; keys in use
    /// stay with the one they began with.
    pub fn install(self) {
        let at = Self::ALL.iter().position(|provider| *provider == self).unwrap_or(0);
        INSTALLED.store(u8::try_from(at).unwrap_or(0), Ordering::Relaxed);
    }

    /// The one in use.
    #[must_use]
    pub fn installed() -> Self {
        let at = usize::from(INSTALLED.load(Ordering::Relaxed));
        Self::ALL.get(at).copied().unwrap_or(Self::RustCrypto)
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "aws-lc")]
            Self::AwsLc => "aws-lc",
            Self::RustCrypto => "rustcrypto",
        }
    }
}
