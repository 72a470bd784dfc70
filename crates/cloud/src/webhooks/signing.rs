//! Who signs webhooks: the provider of a node's cryptography.

use endpoint::{Modelled, Native, Provider};
use graph::{Signatures, SigningKey};

/// A provider of primitives whose nodes sign what they post.
pub trait Signing: Provider {
    /// The two headers of a webhook with this body.
    #[must_use]
    fn sign(key: &SigningKey, body: &[u8]) -> Signatures {
        key.sign(body)
    }
}

impl Signing for Native {}

impl Signing for Modelled {
    /// Signatures prove something to a receiver who might be lied to. Nobody lies in a modelled run: they are as long as real
    /// ones, and nobody can check them (docs/decisions/0014).
    fn sign(_: &SigningKey, _: &[u8]) -> Signatures {
        Signatures::of_nothing()
    }
}
