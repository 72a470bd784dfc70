//! What a responder publishes so that others can open sessions while it is offline (PQXDH, section
//! "Publishing keys").

use crate::curve::PublicKey;
use crate::error::ParseError;
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
    /// The bundle as bytes, for a server that keeps it or a file. The specifications leave the form open, and deployed
    /// servers have JSON; this is this crate's own: a version byte, which keys there are, and the fields in order,
    /// numbers big-endian, keys and signatures as they are elsewhere. 141 bytes, and 37 for a one-time prekey, 1,637 for a
    /// KEM prekey.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let one_time = if self.one_time_prekey.is_some() { HAS_ONE_TIME } else { 0 };
        let kem = if self.kem_prekey.is_some() { HAS_KEM } else { 0 };
        let mut bytes = vec![VERSION, one_time | kem];
        bytes.extend_from_slice(&self.registration_id.to_be_bytes());
        bytes.push(self.device_id);
        bytes.extend_from_slice(&self.identity.to_bytes());
        bytes.extend_from_slice(&self.signed_prekey.id.to_be_bytes());
        bytes.extend_from_slice(&self.signed_prekey.key.to_bytes());
        bytes.extend_from_slice(&self.signed_prekey.signature.to_bytes());
        if let Some(prekey) = &self.one_time_prekey {
            bytes.extend_from_slice(&prekey.id.to_be_bytes());
            bytes.extend_from_slice(&prekey.key.to_bytes());
        }
        if let Some(prekey) = &self.kem_prekey {
            bytes.extend_from_slice(&prekey.id.to_be_bytes());
            bytes.extend_from_slice(&prekey.key.to_bytes());
            bytes.extend_from_slice(&prekey.signature.to_bytes());
        }
        bytes
    }

    /// Reads what [`PrekeyBundle::to_bytes`] wrote. The signatures are not checked: starting a session does that.
    ///
    /// # Errors
    /// When the bytes are cut, continued, of another version, or a key in them is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut fields = Fields(bytes);
        let [version, has] = fields.take()?;
        if version != VERSION {
            return Err(ParseError::UnsupportedVersion { version });
        }
        if has & !(HAS_ONE_TIME | HAS_KEM) != 0 {
            return Err(ParseError::Encoding);
        }
        let registration_id = fields.number()?;
        let [device_id] = fields.take()?;
        let identity = IdentityKey::from(fields.key()?);
        let signed_prekey =
            PublicSignedPrekey { id: fields.number()?, key: fields.key()?, signature: fields.take()?.into() };
        let one_time_prekey = if has & HAS_ONE_TIME == 0 {
            None
        } else {
            Some(PublicOneTimePrekey { id: fields.number()?, key: fields.key()? })
        };
        let kem_prekey = if has & HAS_KEM == 0 {
            None
        } else {
            let (id, key) = (fields.number()?, fields.take::<{ KemPublicKey::LENGTH }>()?);
            Some(PublicKemPrekey { id, key: KemPublicKey::parse(&key)?, signature: fields.take()?.into() })
        };
        let bundle =
            Self { registration_id, device_id, identity, signed_prekey, one_time_prekey, kem_prekey };
        if fields.0.is_empty() { Ok(bundle) } else { Err(ParseError::Encoding) }
    }

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

/// The form of [`PrekeyBundle::to_bytes`].
const VERSION: u8 = 1;
const HAS_ONE_TIME: u8 = 1;
const HAS_KEM: u8 = 2;

/// Takes from the front of a bundle's bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ParseError::TooShort)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32, ParseError> {
        self.take().map(u32::from_be_bytes)
    }

    fn key(&mut self) -> Result<PublicKey, ParseError> {
        Ok(PublicKey::parse(&self.take::<{ PublicKey::LENGTH }>()?)?)
    }
}
