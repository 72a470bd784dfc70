//! Where a session's fresh keys come from, one method per purpose.
//!
//! Any cryptographic random source is one. Tests implement the trait by hand to make a session draw
//! the very keys that were recorded, and experiments to make one of the draws weak: with the draws
//! fixed, every byte of a conversation is determined.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::provider::{Native, Provider};
use crate::spqr::BraidKeyPair;

/// A source of fresh keys for sessions.
pub trait FreshKeys<P: Provider = Native> {
    /// A Curve25519 private key, clamped or not: the initiator's base key, and ratchet keys.
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]>;

    /// The random input of an encapsulation to a KEM prekey.
    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]>;

    /// A key pair for an epoch of the post-quantum ratchet.
    fn braid_key_pair(&mut self) -> BraidKeyPair<P>;

    /// The random input of the encapsulation in an epoch of the post-quantum ratchet.
    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]>;
}

/// Draws 32 bytes for each of them, and 64 for a key pair of the post-quantum ratchet.
impl<P: Provider, R: CryptoRng + ?Sized> FreshKeys<P> for R {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        draw(self)
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        draw(self)
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair<P> {
        BraidKeyPair::from_seed(&draw(self))
    }

    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        draw(self)
    }
}

pub(crate) fn draw<const N: usize>(rng: &mut (impl CryptoRng + ?Sized)) -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.fill_bytes(bytes.as_mut());
    bytes
}
