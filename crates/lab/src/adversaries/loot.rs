//! What somebody gets who seizes the durable rows of an endpoint.

use kernel::Row;
use prost::Message;
use ratchet::adversary::Snapshot;
use ratchet::{
    IdentityKey, IdentityKeyPair, KemPrekey, KemPublicKey, OneTimePrekey, PrekeyBundle, PublicKemPrekey,
    PublicKey, PublicOneTimePrekey, PublicSignedPrekey, SessionRecord, Signature, SignedPrekey,
};
use std::fmt::Display;

/// Something that was taken can't be read as what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} can't be read: {reason}")]
pub struct LootError {
    /// What it should be.
    pub what: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

trait OrUnreadable<T> {
    fn or_unreadable(self, what: &'static str) -> Result<T, LootError>;
}

impl<T, E: Display> OrUnreadable<T> for Result<T, E> {
    fn or_unreadable(self, what: &'static str) -> Result<T, LootError> {
        self.map_err(|error| LootError { what, reason: error.to_string() })
    }
}

/// Of a row's key the address comes first; what follows tells the kinds of one-time prekeys apart.
const ADDRESS_LENGTH: usize = 9;
const CURVE: u8 = b'c';

/// The secrets in a row of table `accounts`, as `proto/endpoint.proto` numbers them.
#[derive(Clone, PartialEq, Message)]
struct AccountRow {
    #[prost(bytes = "vec", tag = "2")]
    identity_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    signed_prekey: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    last_resort_kem_prekey: Vec<u8>,
    #[prost(message, repeated, tag = "8")]
    former: Vec<FormerPrekeys>,
}

/// The secrets of those before, which are kept while first messages to them may be under way.
#[derive(Clone, PartialEq, Message)]
struct FormerPrekeys {
    #[prost(bytes = "vec", tag = "1")]
    signed_prekey: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    last_resort_kem_prekey: Vec<u8>,
}

/// All keys and session states in the durable rows of an endpoint.
///
/// # Errors
/// A row that is not what its table says.
pub fn snapshot(rows: &[Row]) -> Result<Snapshot, LootError> {
    let mut snapshot = Snapshot::default();
    for row in rows {
        snapshot = match row.table.name() {
            "accounts" => account(snapshot, row)?,
            "prekeys" if row.key.get(ADDRESS_LENGTH) == Some(&CURVE) => {
                let prekey = OneTimePrekey::from_bytes(&row.value).or_unreadable("a one-time prekey")?;
                snapshot.with_one_time_prekey(&prekey)
            }
            "prekeys" => {
                let prekey = KemPrekey::from_bytes(&row.value).or_unreadable("a KEM prekey")?;
                snapshot.with_kem_prekey(&prekey)
            }
            "sessions" => {
                let record = SessionRecord::from_bytes(&row.value).or_unreadable("a session")?;
                snapshot.with_session(&record)
            }
            _ => snapshot,
        };
    }
    Ok(snapshot)
}

fn account(snapshot: Snapshot, row: &Row) -> Result<Snapshot, LootError> {
    let account = AccountRow::decode(&*row.value).or_unreadable("an account")?;
    let identity = <[u8; 32]>::try_from(account.identity_key)
        .map_err(|bytes| format!("it has {} bytes", bytes.len()))
        .or_unreadable("an identity")?;
    let newest = (&account.signed_prekey, &account.last_resort_kem_prekey);
    let former = account.former.iter().map(|former| (&former.signed_prekey, &former.last_resort_kem_prekey));
    let mut snapshot = snapshot.with_identity(&IdentityKeyPair::from_private_bytes(identity));
    for (signed, kem) in former.chain([newest]) {
        let signed = SignedPrekey::from_bytes(signed).or_unreadable("a signed prekey")?;
        let kem = KemPrekey::from_bytes(kem).or_unreadable("a KEM prekey")?;
        snapshot = snapshot.with_signed_prekey(&signed).with_kem_prekey(&kem);
    }
    Ok(snapshot)
}

/// Whether some row shows these bytes.
#[must_use]
pub fn shows(rows: &[Row], bytes: &[u8]) -> bool {
    rows.iter().any(|row| row.value.windows(bytes.len()).any(|window| window == bytes))
}

/// A bundle as the relay hands it out, read as an initiator does.
///
/// # Errors
/// A key that is none.
pub fn read_bundle(bundle: &wire::PrekeyBundle) -> Result<PrekeyBundle, LootError> {
    const WHAT: &str = "a bundle";
    let one_time_prekey = match &bundle.one_time_prekey {
        Some(prekey) => Some(PublicOneTimePrekey {
            id: prekey.id,
            key: PublicKey::parse(&prekey.key).or_unreadable(WHAT)?,
        }),
        None => None,
    };
    let signature = |bytes: &[u8]| Signature::parse(bytes).or_unreadable(WHAT);
    Ok(PrekeyBundle {
        registration_id: bundle.registration_id,
        device_id: 1,
        identity: IdentityKey::parse(&bundle.identity_key).or_unreadable(WHAT)?,
        signed_prekey: PublicSignedPrekey {
            id: bundle.signed_prekey.id,
            key: PublicKey::parse(&bundle.signed_prekey.key).or_unreadable(WHAT)?,
            signature: signature(&bundle.signed_prekey.signature)?,
        },
        one_time_prekey,
        kem_prekey: Some(PublicKemPrekey {
            id: bundle.kem_prekey.id,
            key: KemPublicKey::parse(&bundle.kem_prekey.key).or_unreadable(WHAT)?,
            signature: signature(&bundle.kem_prekey.signature)?,
        }),
    })
}
