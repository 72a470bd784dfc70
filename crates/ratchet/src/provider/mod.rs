//! Whose implementation of the primitives is used: a type.
//!
//! A [`Provider`] names one implementation of each primitive. What holds keys is generic
//! over it, in [`generic`](crate::generic); the names in the crate's root are those of [`Native`], which
//! every live party uses. Who studies the protocol can exchange one primitive and keep the others:
//!
//! ```text
//! impl Provider for Mine {
//!     type Kem = MyKem;
//!     type Curve = <Native as Provider>::Curve;
//!     ...
//! }
//! ```

mod assembled;
#[cfg(feature = "aws-lc")]
mod aws_lc;
mod bytes;
mod cbc;
#[cfg(feature = "aws-lc")]
mod hmac;
mod kyber;
#[cfg(test)]
mod kyber_vectors;
mod ml_kem;
#[cfg(test)]
mod ml_kem_vectors;
mod modelled;
mod native;
mod primitives;
mod reed_solomon;
mod rust_crypto;
mod second_ratchet;
#[cfg(test)]
mod wycheproof;
pub(crate) mod xeddsa;

use std::fmt::Debug;
use std::hash::Hash;

#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLc;
pub use bytes::{FixedBytes, Key, Secret, SharedSecret, Wire};
pub use kyber::Kyber1024;
pub use ml_kem::MlKem768;
pub use modelled::Modelled;
pub use native::{Backend, Native, UnknownBackend};
pub use primitives::{BraidKem, Curve, ErasureCode, Kem, Symmetric};
pub use reed_solomon::ReedSolomon;
pub use rust_crypto::RustCrypto;
pub use second_ratchet::{Direction, KeyOf, Place, SecondRatchet, Sent, Terms};

/// An implementation of every primitive.
///
/// The type has no content; it has what can be derived, so that what is generic over it can be derived
/// too.
pub trait Provider: Copy + Default + Eq + Ord + Hash + Debug + Send + Sync + 'static {
    /// Key agreement and signatures.
    type Curve: Curve;
    /// The KEM of the key agreement.
    type Kem: Kem;
    /// The ratchet beside the classical one in suite `triple`.
    type SecondRatchet: SecondRatchet<Self>;
    /// The KEM of the sparse post-quantum ratchet.
    type BraidKem: BraidKem;
    /// The code of its chunks.
    type ErasureCode: ErasureCode;
    /// KDF, MAC and cipher.
    type Symmetric: Symmetric;

    /// The first byte of stored session records. Providers whose stored values are not the same differ
    /// in it, so that none reads what is another's. 1 is that of the real ones.
    const RECORD_FORMAT: u8;

    /// Whether what is kept is secret. Then a session has room for all its receiving chains from the start: one that is moved
    /// would leave a copy of its keys behind.
    const KEEPS_SECRETS: bool = true;
}

pub(crate) type SecondRatchetOf<P> = <P as Provider>::SecondRatchet;
pub(crate) type PrivateKeyOf<P> = <<P as Provider>::Curve as Curve>::PrivateKey;
pub(crate) type PreparedOf<P> = <<P as Provider>::Curve as Curve>::Prepared;
pub(crate) type SignatureOf<P> = <<P as Provider>::Curve as Curve>::Signature;
pub(crate) type KemSeedOf<P> = <<P as Provider>::Kem as Kem>::Seed;
pub(crate) type KemSecretKeyOf<P> = <<P as Provider>::Kem as Kem>::SecretKey;
pub(crate) type KemCiphertextOf<P> = <<P as Provider>::Kem as Kem>::Ciphertext;
pub(crate) type TagOf<P> = <<P as Provider>::Symmetric as Symmetric>::Tag;
