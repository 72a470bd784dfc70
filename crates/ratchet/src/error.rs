//! One error type per operation. All are safe to log: they name no person and carry no key.

use thiserror::Error;

use crate::curve::{InvalidAgreement, KeyError};
use crate::post_quantum::SpqrError;
use crate::signature::SignatureError;
use crate::suite::Suite;

/// Why bytes are not a message, or not a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Fewer bytes than the shortest message has.
    #[error("message too short")]
    TooShort,
    /// A message version that this engine does not speak.
    #[error("unsupported message version {version}")]
    UnsupportedVersion {
        /// The high nibble of the first byte.
        version: u8,
    },
    /// Not a protobuf message of this schema.
    #[error("invalid protobuf encoding")]
    Encoding,
    /// A field that every message of this version has is absent.
    #[error("missing field: {field}")]
    MissingField {
        /// The field's name in the schema.
        field: &'static str,
    },
    /// A key or KEM ciphertext inside is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why no session could be started from a bundle. The record is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum InitiateError {
    /// The identity key did not sign the signed prekey or the KEM prekey.
    #[error("the bundle's signatures are not by its identity key")]
    InvalidSignature,
    /// A key of the bundle is of small order, so agreeing with it gives no secret.
    #[error("invalid key agreement")]
    InvalidKeyAgreement,
    /// The bundle is of another identity than the peer's: see
    /// [`SessionRecord::trust`](crate::SessionRecord::trust).
    #[error("the bundle is of another identity than the peer's")]
    UntrustedIdentity,
    /// The bundle has no KEM prekey, and this device does not accept going without.
    #[error("the bundle has no KEM prekey, which the accepted suites need")]
    NoKemPrekey,
}

/// Why nothing could be encrypted. The record is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// There is no current session: fetch a bundle and initiate one.
    #[error("no current session")]
    NoSession,
    /// The session was initiated more than 30 days ago and the peer never answered: fetch a fresh
    /// bundle.
    #[error("the session was never answered and is too old")]
    Stale,
    /// The sending chain has used up its 2^32 - 1 counters.
    #[error("the sending chain is exhausted")]
    ChainExhausted,
    /// The post-quantum ratchet cannot go on.
    #[error(transparent)]
    PostQuantum(#[from] SpqrError),
}

/// Why a message could not be decrypted. The record is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The record holds no session to try.
    #[error("no session")]
    NoSession,
    /// The bytes are not a message.
    #[error("malformed message")]
    Malformed,
    /// A message version that this engine does not speak.
    #[error("unsupported message version {version}")]
    UnsupportedVersion {
        /// The high nibble of the first byte.
        version: u8,
    },
    /// The message was decrypted before, or its key was dropped for being too far behind.
    #[error("message with old counter {counter}, chain is at {chain_index}")]
    Duplicate {
        /// Where the message's chain stands.
        chain_index: u32,
        /// The message's counter.
        counter: u32,
    },
    /// The message's chain ended before it, as its sender has said since: see
    /// [`Strictness`](crate::Strictness).
    #[error("message beyond the end of its chain")]
    ChainEnded,
    /// More than 25,000 messages of the chain are missing before this one, or reading it would take more work than
    /// [`limits`](crate::limits) allow.
    #[error("message too far into the future")]
    TooFarAhead,
    /// The first message refers to a prekey that the source does not have.
    #[error("unknown {kind} prekey {id}")]
    UnknownPrekey {
        /// Which of the three kinds.
        kind: PrekeyKind,
        /// The id that was asked for.
        id: u32,
    },
    /// The base key of the first message is not a canonical point of the prime-order subgroup.
    #[error("invalid base key")]
    InvalidBaseKey,
    /// A key in the message is of small order.
    #[error("invalid key agreement")]
    InvalidKeyAgreement,
    /// The MAC does not match in any session of the record.
    #[error("message authentication failed")]
    AuthenticationFailed,
    /// The MAC matches but the plaintext is not properly padded: the sender is broken.
    #[error("invalid padding")]
    InvalidPadding,
    /// The first message asks for a suite that this device does not accept.
    #[error("suite {suite} is not accepted")]
    SuiteRefused {
        /// The suite of the message.
        suite: Suite,
    },
    /// The message is of another identity than the peer's, or of a session with one: see
    /// [`SessionRecord::trust`](crate::SessionRecord::trust).
    #[error("the message is of another identity than the peer's")]
    UntrustedIdentity,
    /// The message names a sender or recipient other than this session's.
    #[error("the message is between other addresses")]
    WrongAddresses,
    /// The post-quantum ratchet refused its part of the message.
    #[error(transparent)]
    PostQuantum(#[from] SpqrError),
}

/// The kinds of prekey that a first message refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PrekeyKind {
    /// The signed curve prekey.
    Signed,
    /// The one-time curve prekey.
    OneTime,
    /// The KEM prekey.
    Kem,
}

impl std::fmt::Display for PrekeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Signed => "signed",
            Self::OneTime => "one-time",
            Self::Kem => "KEM",
        })
    }
}

/// Why stored bytes are not a session record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Written by a version of the format that this one does not know.
    #[error("unknown record format {version}")]
    UnknownFormat {
        /// The first byte.
        version: u8,
    },
    /// Cut short, too long, or a value outside its limits.
    #[error("corrupt record")]
    Corrupt,
}

impl From<SignatureError> for InitiateError {
    fn from(_: SignatureError) -> Self {
        Self::InvalidSignature
    }
}

impl From<InvalidAgreement> for InitiateError {
    fn from(_: InvalidAgreement) -> Self {
        Self::InvalidKeyAgreement
    }
}

impl From<InvalidAgreement> for DecryptError {
    fn from(_: InvalidAgreement) -> Self {
        Self::InvalidKeyAgreement
    }
}

impl From<ParseError> for DecryptError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::UnsupportedVersion { version } => Self::UnsupportedVersion { version },
            _ => Self::Malformed,
        }
    }
}
