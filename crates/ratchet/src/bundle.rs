//! What a responder publishes so that others can open sessions while it is offline (PQXDH, section
//! "Publishing keys").

use crate::curve::PublicKey;
use crate::identity::IdentityKey;
use crate::kem::KemPublicKey;
use crate::provider::{Native, Provider};
use crate::signature::{Signature, SignatureError};

/// One device's keys, as handed to one initiator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrekeyBundle {
    /// The device's registration id.
    pub registration_id: u32,
    /// The device's number at its address, 1 to 127.
    pub device_id: u8,
    /// The device's long-term key.
    pub identity: IdentityKey,
    /// The current signed prekey.
    pub signed_prekey: PublicSignedPrekey,
    /// A one-time prekey, unless they ran out.
    pub one_time_prekey: Option<PublicOneTimePrekey>,
    /// A KEM prekey: one-time, or the last-resort one. Without one only X3DH is possible.
    pub kem_prekey: Option<PublicKemPrekey>,
}

impl PrekeyBundle {
    /// Checks the signatures, which is all that can be checked without starting a session.
    ///
    /// # Errors
    /// When the identity key did not sign the signed prekey or the KEM prekey.
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.verify_with::<Native>()
    }

    /// [`PrekeyBundle::verify`] by another provider.
    ///
    /// # Errors
    /// The same.
    pub fn verify_with<P: Provider>(&self) -> Result<(), SignatureError> {
        let signed_prekey = self.signed_prekey.key.to_bytes();
        let signed_prekey = (&signed_prekey[..], self.signed_prekey.signature.as_raw());
        match &self.kem_prekey {
            None => self.identity.verify_all::<P>(&[signed_prekey]),
            Some(prekey) => {
                let signed = [signed_prekey, (&prekey.key.to_bytes(), prekey.signature.as_raw())];
                self.identity.verify_all::<P>(&signed)
            }
        }
    }
}

/// The public part of a signed prekey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicSignedPrekey {
    /// Its id.
    pub id: u32,
    /// The key.
    pub key: PublicKey,
    /// The identity key's signature over the encoded key.
    pub signature: Signature,
}

/// The public part of a one-time prekey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicOneTimePrekey {
    /// Its id.
    pub id: u32,
    /// The key.
    pub key: PublicKey,
}

/// The public part of a KEM prekey.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKemPrekey {
    /// Its id.
    pub id: u32,
    /// The key.
    pub key: KemPublicKey,
    /// The identity key's signature over the encoded key, type byte included.
    pub signature: Signature,
}
