//! What each provider names: the implementations of the primitives, and the sparse post-quantum ratchet beside the
//! classical one. Here, since that ratchet is made of them.

use super::kyber::Kyber1024;
use super::ml_kem::MlKem768;
use super::reed_solomon::ReedSolomon;
#[cfg(feature = "aws-lc")]
use super::{AwsLc, aws_lc};
use super::{Modelled, Native, Provider, RustCrypto, modelled, native, rust_crypto};
use crate::spqr::Spqr;

impl Provider for Native {
    type Curve = native::NativeCurve;
    type Kem = Kyber1024;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = MlKem768;
    type ErasureCode = ReedSolomon;
    type Symmetric = native::NativeSymmetric;

    const RECORD_FORMAT: u8 = 1;
}

#[cfg(feature = "aws-lc")]
impl Provider for AwsLc {
    type Curve = aws_lc::X25519;
    type Kem = Kyber1024;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = MlKem768;
    type ErasureCode = ReedSolomon;
    type Symmetric = aws_lc::Fast;

    const RECORD_FORMAT: u8 = 1;
}

impl Provider for RustCrypto {
    type Curve = rust_crypto::X25519;
    type Kem = Kyber1024;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = MlKem768;
    type ErasureCode = ReedSolomon;
    type Symmetric = rust_crypto::Crates;

    const RECORD_FORMAT: u8 = 1;
}

impl Provider for Modelled {
    type Curve = modelled::primitives::Agreed;
    type Kem = modelled::primitives::Carried;
    type SecondRatchet = Spqr<Self>;
    type BraidKem = modelled::primitives::CarriedInParts;
    type ErasureCode = modelled::chunks::Copies;
    type Symmetric = modelled::primitives::Mixed;

    const RECORD_FORMAT: u8 = b'M';
    const KEEPS_SECRETS: bool = false;
}
