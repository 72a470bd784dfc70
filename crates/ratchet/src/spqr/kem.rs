//! The pieces of the incremental KEM as this ratchet holds them.

use crate::provider::{BraidKem, MlKem768, Native, Provider, Wire};

pub(crate) type HeaderOf<P> = <<P as Provider>::BraidKem as BraidKem>::Header;
pub(crate) type VectorOf<P> = <<P as Provider>::BraidKem as BraidKem>::Vector;
pub(crate) type Ct1Of<P> = <<P as Provider>::BraidKem as BraidKem>::Ct1;
pub(crate) type Ct2Of<P> = <<P as Provider>::BraidKem as BraidKem>::Ct2;
pub(crate) type EncapsulationOf<P> = <<P as Provider>::BraidKem as BraidKem>::Encapsulation;
pub(crate) type BraidKeysOf<P> = <<P as Provider>::BraidKem as BraidKem>::KeyPair;

/// The key pair of one epoch of the post-quantum ratchet.
#[derive(Clone)]
pub struct BraidKeyPair<P: Provider = Native>(pub(crate) BraidKeysOf<P>);

impl<P: Provider> BraidKeyPair<P> {
    /// From 64 random bytes: with ML-KEM those of `ML-KEM.KeyGen_internal` of FIPS 203, d, then z.
    #[must_use]
    pub fn from_seed(seed: &[u8; 64]) -> Self {
        Self(P::BraidKem::key_pair(seed))
    }

    pub(crate) fn header(&self) -> &HeaderOf<P> {
        P::BraidKem::header(&self.0)
    }

    pub(crate) fn vector(&self) -> &VectorOf<P> {
        P::BraidKem::vector(&self.0)
    }
}

impl<P: Provider<BraidKem = MlKem768>> BraidKeyPair<P> {
    /// Length of the decapsulation key of FIPS 203.
    pub const LENGTH: usize = 2400;

    /// A key pair made elsewhere, from the decapsulation key of FIPS 203, which contains the
    /// encapsulation key.
    #[must_use]
    pub fn from_decapsulation_key(key: &[u8; 2400]) -> Self {
        Self(Wire::from_wire(key))
    }
}
