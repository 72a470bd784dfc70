//! The Signal protocol between two devices: keys, XEdDSA, PQXDH, the Double Ratchet, sessions.
//!
//! Everything here is a pure function of its arguments: no clock, no I/O, no ambient randomness.
//! The caller passes `now`, a random source and access to its prekeys, and stores what comes back.
//!
//! A conversation in five calls: the responder publishes a [`PrekeyBundle`]; the initiator feeds it
//! to [`SessionRecord::initiate`] and calls [`SessionRecord::encrypt`]; the responder calls
//! [`SessionRecord::decrypt`] with its [`PrekeySource`]; then both just encrypt and decrypt. A
//! failed decryption leaves the record exactly as it was. `examples/conversation.rs` is that in full.
//!
//! The wire format is that of deployed Signal clients. Where deployment and the published
//! specifications differ, the comment at the place says so.

mod address;
pub mod adversary;
mod agreement;
mod bundle;
mod chain;
mod codec;
mod curve;
mod decryption_error;
pub mod erasure;
mod error;
mod event;
mod field;
mod fresh_keys;
pub mod generic;
mod identity;
mod kem;
mod kept;
mod key_use;
pub mod limits;
#[cfg(test)]
mod memory;
mod message;
#[cfg(test)]
mod no_debug;
mod prekey_message;
mod prekeys;
mod proto;
pub mod provider;
mod receive;
mod record;
mod safety_number;
mod second_ratchet;
mod session;
mod signature;
mod spqr;
mod storage;
mod strictness;
mod suite;
#[cfg(test)]
mod timing;
mod trust;
mod work;

/// The traits of random sources, as this crate takes them.
pub use rand_core;

pub use address::{AddressError, Addresses, DeviceAddress, ServiceId, ServiceKind};
pub use bundle::{PrekeyBundle, PublicKemPrekey, PublicOneTimePrekey, PublicSignedPrekey};
pub use curve::{KeyError, PublicKey};
pub use decryption_error::DecryptionErrorMessage;
pub use error::{DecryptError, EncryptError, InitiateError, ParseError, PrekeyKind, RecordError};
pub use event::{Event, Observer};
pub use fresh_keys::FreshKeys;
pub use identity::IdentityKey;
pub use kem::KemPublicKey;
pub use key_use::KeyUse;
pub use message::{Ciphertext, MessageKind};
pub use prekey_message::PrekeyMessage;
pub use prekeys::{NamedPrekeys, PrekeyError, PrekeySource};
#[cfg(feature = "aws-lc")]
pub use provider::AwsLc;
pub use provider::{Backend, Modelled, Native, Provider, RustCrypto, UnknownBackend};
pub use record::{Decrypted, Established};
pub use safety_number::{Derivation, Identified, Iterations, IterationsError, SafetyNumber, ScanError};
pub use second_ratchet::{Direction, Place, SecondRatchet, Sent, Terms};
pub use session::{SessionId, SessionStatus};
pub use signature::{Signature, SignatureError};
pub use spqr::{BraidState, SpqrError, SpqrStatus};
pub use strictness::Strictness;
pub use suite::{Suite, Suites, UnknownSuite};
pub use work::Work;

/// A device's long-term key pair.
pub type IdentityKeyPair = generic::IdentityKeyPair<Native>;
/// What a device says about itself when it opens a session.
pub type LocalIdentity = generic::LocalIdentity<Native>;
/// A medium-term curve prekey, signed by the identity key.
pub type SignedPrekey = generic::SignedPrekey<Native>;
/// A curve prekey that serves one session and is then deleted.
pub type OneTimePrekey = generic::OneTimePrekey<Native>;
/// A Kyber-1024 prekey, signed by the identity key.
pub type KemPrekey = generic::KemPrekey<Native>;
/// The sessions with one remote device.
pub type SessionRecord = generic::SessionRecord<Native>;
/// The key pair of one epoch of the post-quantum ratchet.
pub type BraidKeyPair = generic::BraidKeyPair<Native>;
