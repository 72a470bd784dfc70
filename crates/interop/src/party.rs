//! One device of either kind, as the driver sees it, and what such devices tell each other: names, bundles, prekeys.

use ratchet::Ciphertext;
use serde::{Deserialize, Serialize};

use crate::oracle::OracleError;
use crate::verdict::Verdict;

/// The time of every conversation: nothing in one takes long.
pub(crate) const NOW_S: u64 = 1_700_000_000;

/// A device that talks with one other device. An `Err` of the outer kind is a failure of the harness,
/// never an answer.
pub trait Party {
    /// Fresh prekeys, of which those of former bundles stay valid.
    ///
    /// # Errors
    /// When the oracle fails.
    fn publish(&mut self, with_one_time: bool) -> Result<Bundle, OracleError>;

    /// Starts a session from the peer's bundle.
    ///
    /// # Errors
    /// When the oracle fails.
    fn initiate(&mut self, bundle: &Bundle) -> Result<Verdict<()>, OracleError>;

    /// Encrypts, one after the other.
    ///
    /// # Errors
    /// When the oracle fails.
    fn encrypt(&mut self, plaintexts: &[Vec<u8>]) -> Result<Vec<Verdict<Ciphertext>>, OracleError>;

    /// Decrypts, one after the other.
    ///
    /// # Errors
    /// When the oracle fails.
    fn decrypt(&mut self, messages: &[Ciphertext]) -> Result<Vec<Verdict<Vec<u8>>>, OracleError>;

    /// Stops sending in the current session.
    ///
    /// # Errors
    /// When the oracle fails.
    fn archive(&mut self) -> Result<(), OracleError>;

    /// Goes on from what it has stored, and nothing else.
    ///
    /// # Errors
    /// When the oracle fails, or what was stored can't be read back.
    fn restart(&mut self) -> Result<(), OracleError>;
}

/// Whom a device says it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Name {
    /// A service id, or any other text.
    #[serde(rename = "name")]
    pub service: String,
    /// 1 to 127.
    pub device: u8,
}

/// A device's published keys as raw bytes, so that they can be wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// The device's registration id.
    pub registration_id: u32,
    /// The device's number.
    pub device: u8,
    /// The encoded identity key.
    #[serde(with = "hex::serde")]
    pub identity: Vec<u8>,
    /// The signed prekey.
    pub signed: SignedKey,
    /// A one-time prekey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_time: Option<CurveKey>,
    /// The KEM prekey, which suite `x3dh` does without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kyber: Option<SignedKey>,
}

/// An encoded public key and its id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CurveKey {
    /// The prekey id.
    pub id: u32,
    /// The encoded key.
    #[serde(with = "hex::serde")]
    pub key: Vec<u8>,
}

/// An encoded public key, its id, and the identity key's signature over it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedKey {
    /// The prekey id.
    pub id: u32,
    /// The encoded key.
    #[serde(with = "hex::serde")]
    pub key: Vec<u8>,
    /// The signature.
    #[serde(with = "hex::serde")]
    pub signature: Vec<u8>,
}

/// The private halves of a bundle's prekeys, for a twin of ours.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivatePrekeys {
    /// The signed prekey's private key.
    #[serde(with = "hex::serde")]
    pub signed: Vec<u8>,
    /// The one-time prekey's, if there is one.
    #[serde(default)]
    pub one_time: Option<String>,
    /// The KEM prekey's encoded secret key, if there is one.
    #[serde(default)]
    pub kyber: Option<String>,
}
