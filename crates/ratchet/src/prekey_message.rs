//! The first messages of a session on the wire: version byte and protobuf around a Double Ratchet
//! message.

use bytes::Bytes;
use prost::Message;

use crate::curve::PublicKey;
use crate::error::ParseError;
use crate::identity::IdentityKey;
use crate::kem;
use crate::message::{RatchetMessage, encode_versioned, parse_version, required};
use crate::proto;
use crate::provider::{KemCiphertextOf, Provider, Wire};
use crate::suite::Version;

/// A received first message, parsed but not authenticated: nothing in it is true until
/// [`SessionRecord::decrypt`](crate::SessionRecord::decrypt) succeeds. It lets the caller look at
/// the identity that the sender claims.
pub struct PrekeyMessage {
    pub(crate) version: Version,
    pub(crate) registration_id: u32,
    pub(crate) one_time_prekey: Option<u32>,
    pub(crate) signed_prekey: u32,
    pub(crate) kem: Option<ReceivedKem>,
    pub(crate) base_key: PublicKey,
    pub(crate) identity: IdentityKey,
    pub(crate) message: RatchetMessage,
}

impl PrekeyMessage {
    /// Reads a first message.
    ///
    /// # Errors
    /// When the bytes are not a first message of a version that this engine speaks.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let (version, body) = parse_version(&Bytes::copy_from_slice(bytes))?;
        let fields = proto::PreKeySignalMessage::decode(body).map_err(|_| ParseError::Encoding)?;
        Ok(Self {
            version,
            registration_id: fields.registration_id.unwrap_or(0),
            one_time_prekey: fields.one_time_prekey_id,
            signed_prekey: required(fields.signed_prekey_id, "signed_prekey_id")?,
            kem: ReceivedKem::parse(version, fields.kem_prekey_id, fields.kem_ciphertext)?,
            base_key: PublicKey::parse(&required(fields.base_key, "base_key")?)?,
            identity: IdentityKey::parse(&required(fields.identity_key, "identity_key")?)?,
            message: RatchetMessage::parse_shared(&required(fields.message, "message")?)?,
        })
    }

    /// The KEM part, if the agreement of the message's version has one: at version 3 it is not looked at, and whoever
    /// carries the message can have added it.
    pub(crate) fn used_kem(&self) -> Option<&ReceivedKem> {
        self.kem.as_ref().filter(|_| self.version.needs_kem())
    }

    /// The identity key that the sender claims.
    #[must_use]
    pub const fn identity(&self) -> IdentityKey {
        self.identity
    }

    /// The registration id that the sender claims. Nothing authenticates it, not even that the message can be read.
    #[must_use]
    pub const fn registration_id(&self) -> u32 {
        self.registration_id
    }

    /// The initiator's base key: the same in all first messages of one session.
    #[must_use]
    pub const fn base_key(&self) -> PublicKey {
        self.base_key
    }

    /// The signed prekey that the session was made with.
    #[must_use]
    pub const fn signed_prekey(&self) -> u32 {
        self.signed_prekey
    }

    /// The KEM prekey that the session was made with, if its suite has one.
    #[must_use]
    pub fn kem_prekey(&self) -> Option<u32> {
        self.used_kem().map(|kem| kem.prekey)
    }

    /// The one-time prekey that the session was made with, if any.
    #[must_use]
    pub const fn one_time_prekey(&self) -> Option<u32> {
        self.one_time_prekey
    }
}

impl std::fmt::Debug for PrekeyMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrekeyMessage")
            .field("version", &self.version)
            .field("base_key", &self.base_key)
            .finish_non_exhaustive()
    }
}

/// What every message carries until the peer has answered.
#[derive(Clone)]
pub(crate) struct PendingPrekey<P: Provider> {
    pub(crate) one_time_prekey: Option<u32>,
    pub(crate) signed_prekey: u32,
    /// PQXDH only.
    pub(crate) kem: Option<KemPart<P>>,
    pub(crate) created_s: u64,
}

/// Which KEM prekey was encapsulated to, and the result.
#[derive(Clone)]
pub(crate) struct KemPart<P: Provider> {
    pub(crate) prekey: u32,
    pub(crate) ciphertext: KemCiphertextOf<P>,
}

/// The same as received. In a session that is known already nobody looks at it, so that what is no
/// ciphertext is noticed only where one is needed.
pub(crate) struct ReceivedKem {
    pub(crate) prekey: u32,
    ciphertext: Bytes,
}

impl ReceivedKem {
    fn parse(
        version: Version,
        prekey: Option<u32>,
        ciphertext: Option<Bytes>,
    ) -> Result<Option<Self>, ParseError> {
        if prekey.is_none() && ciphertext.is_none() && !version.needs_kem() {
            return Ok(None);
        }
        let prekey = required(prekey, "kem_prekey_id")?;
        Ok(Some(Self { prekey, ciphertext: required(ciphertext, "kem_ciphertext")? }))
    }

    pub(crate) fn ciphertext<P: Provider>(&self) -> Result<KemCiphertextOf<P>, ParseError> {
        Ok(Wire::from_wire(kem::parse_typed(&self.ciphertext)?))
    }
}

/// Wraps a Double Ratchet message for a peer that has not answered yet.
pub(crate) fn wrap<P: Provider>(
    version: Version,
    pending: &PendingPrekey<P>,
    base_key: &PublicKey,
    identity: &IdentityKey,
    registration_id: u32,
    message: Vec<u8>,
) -> Vec<u8> {
    let body = proto::PreKeySignalMessage {
        one_time_prekey_id: pending.one_time_prekey,
        base_key: Some(Bytes::copy_from_slice(&base_key.to_bytes())),
        identity_key: Some(Bytes::copy_from_slice(&identity.to_bytes())),
        message: Some(message.into()),
        registration_id: Some(registration_id),
        signed_prekey_id: Some(pending.signed_prekey),
        kem_prekey_id: pending.kem.as_ref().map(|kem| kem.prekey),
        kem_ciphertext: pending.kem.as_ref().map(|part| kem::typed(&part.ciphertext.to_wire()).into()),
    };
    encode_versioned(version, &body, 0)
}
