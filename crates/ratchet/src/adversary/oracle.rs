//! Broken primitives, as oracles: public key in, private key out.
//!
//! Nobody can break X25519 or Kyber here and now, so an experiment teaches the oracles the key pairs
//! that its parties draw. They answer nothing else, and only to whoever shows them the public key.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::curve::{KeyPair, PublicKey};
use crate::fresh_keys::FreshKeys;
use crate::identity::IdentityKeyPair;
use crate::kem::KemPublicKey;
use crate::prekeys::{KemPrekey, OneTimePrekey, SignedPrekey};
use crate::provider::{KemSecretKeyOf, Native};
use crate::spqr::BraidKeyPair;

/// Somebody who computes discrete logarithms on Curve25519, for example with a large quantum
/// computer.
#[derive(Default)]
pub struct BrokenCurve {
    key_pairs: BTreeMap<PublicKey, KeyPair>,
}

impl BrokenCurve {
    /// Teaches it an identity key.
    pub fn teach_identity(&mut self, key_pair: &IdentityKeyPair) {
        self.teach(key_pair.keys());
    }

    /// Teaches it a signed prekey.
    pub fn teach_signed_prekey(&mut self, prekey: &SignedPrekey) {
        self.teach(&prekey.key);
    }

    /// Teaches it a one-time prekey.
    pub fn teach_one_time_prekey(&mut self, prekey: &OneTimePrekey) {
        self.teach(&prekey.key);
    }

    /// Teaches it the key pair of any private key, clamped or not.
    pub fn teach_private_key(&mut self, private: &[u8; 32]) {
        self.teach(&KeyPair::from_private_bytes(private));
    }

    pub(super) fn private(&self, public: &PublicKey) -> Option<&KeyPair> {
        self.key_pairs.get(public)
    }

    fn teach(&mut self, key_pair: &KeyPair) {
        self.key_pairs.insert(key_pair.public, key_pair.clone().at_rest());
    }
}

impl fmt::Debug for BrokenCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenCurve").field("key_pairs", &self.key_pairs.len()).finish()
    }
}

/// Somebody who breaks the lattice problems behind Kyber-1024 (PQXDH) and ML-KEM-768 (the
/// post-quantum ratchet).
#[derive(Default)]
pub struct BrokenKem {
    /// By encoded public key.
    prekeys: BTreeMap<Vec<u8>, KemSecretKeyOf<Native>>,
    /// By header: the part of the encapsulation key that tells keys apart.
    braid: BTreeMap<[u8; 64], BraidKeyPair>,
}

impl BrokenKem {
    /// Teaches it a KEM prekey.
    pub fn teach_prekey(&mut self, prekey: &KemPrekey) {
        self.prekeys.insert(prekey.public().to_bytes(), prekey.key().clone());
    }

    /// Teaches it the key pair of an epoch.
    pub fn teach_braid_key_pair(&mut self, key_pair: &BraidKeyPair) {
        self.braid.insert(*key_pair.header(), key_pair.clone());
    }

    pub(super) fn prekey(&self, public: &KemPublicKey) -> Option<&KemSecretKeyOf<Native>> {
        self.prekeys.get(&public.to_bytes())
    }

    pub(super) fn braid_key_pair(&self, header: &[u8; 64]) -> Option<&BraidKeyPair> {
        self.braid.get(header)
    }
}

impl fmt::Debug for BrokenKem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenKem")
            .field("prekeys", &self.prekeys.len())
            .field("braid", &self.braid.len())
            .finish()
    }
}

/// Both oracles of an experiment; which of them an attacker gets is decided afterwards.
#[derive(Default, Debug)]
pub struct Oracles {
    /// Broken X25519.
    pub curve: BrokenCurve,
    /// Broken KEM.
    pub kem: BrokenKem,
}

impl Oracles {
    /// Fresh keys from `fresh`, each key pair of which is taught to the oracles. Pass this to a
    /// session instead of `fresh`. Identity keys and prekeys are not drawn from
    /// [`FreshKeys`]: teach them with the oracles' own methods.
    pub fn watch<'a, F: FreshKeys>(&'a mut self, fresh: &'a mut F) -> Watched<'a, F> {
        Watched { oracles: self, fresh }
    }
}

/// [`Oracles::watch`].
pub struct Watched<'a, F> {
    oracles: &'a mut Oracles,
    fresh: &'a mut F,
}

/// The random inputs of encapsulations are not taught: a broken KEM is one whose secret key follows
/// from the public one.
impl<F: FreshKeys> FreshKeys for Watched<'_, F> {
    fn curve_private_key(&mut self) -> Zeroizing<[u8; 32]> {
        let private = self.fresh.curve_private_key();
        self.oracles.curve.teach_private_key(&private);
        private
    }

    fn kem_coins(&mut self) -> Zeroizing<[u8; 32]> {
        self.fresh.kem_coins()
    }

    fn braid_key_pair(&mut self) -> BraidKeyPair {
        let key_pair = self.fresh.braid_key_pair();
        self.oracles.kem.teach_braid_key_pair(&key_pair);
        key_pair
    }

    fn braid_coins(&mut self) -> Zeroizing<[u8; 32]> {
        self.fresh.braid_coins()
    }
}

impl<F> fmt::Debug for Watched<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}
