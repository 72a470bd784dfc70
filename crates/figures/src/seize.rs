//! What somebody gets who seizes the durable rows of an endpoint.

use crate::Error;
use crate::error::OrFailed;
use kernel::Row;
use prost::Message;
use ratchet::adversary::Snapshot;
use ratchet::{
    IdentityKey, IdentityKeyPair, KemPrekey, KemPublicKey, OneTimePrekey, PrekeyBundle, PublicKemPrekey,
    PublicKey, PublicOneTimePrekey, PublicSignedPrekey, SessionRecord, Signature, SignedPrekey,
};

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
}

/// All keys and session states in the rows.
pub(crate) fn snapshot(rows: &[Row]) -> Result<Snapshot, Error> {
    let mut snapshot = Snapshot::default();
    for row in rows {
        snapshot = match row.table.name() {
            "accounts" => account(snapshot, row)?,
            "prekeys" if row.key.get(ADDRESS_LENGTH) == Some(&CURVE) => {
                let prekey = OneTimePrekey::from_bytes(&row.value).or_failed("reading a one-time prekey")?;
                snapshot.with_one_time_prekey(&prekey)
            }
            "prekeys" => {
                let prekey = KemPrekey::from_bytes(&row.value).or_failed("reading a KEM prekey")?;
                snapshot.with_kem_prekey(&prekey)
            }
            "sessions" => {
                let record = SessionRecord::from_bytes(&row.value).or_failed("reading a session")?;
                snapshot.with_session(&record)
            }
            _ => snapshot,
        };
    }
    Ok(snapshot)
}

fn account(snapshot: Snapshot, row: &Row) -> Result<Snapshot, Error> {
    let account = AccountRow::decode(&*row.value).or_failed("reading an account")?;
    let identity =
        <[u8; 32]>::try_from(account.identity_key).map_err(|_| Error::missing("reading an identity"))?;
    let signed = SignedPrekey::from_bytes(&account.signed_prekey).or_failed("reading a signed prekey")?;
    let kem = KemPrekey::from_bytes(&account.last_resort_kem_prekey).or_failed("reading a KEM prekey")?;
    let identity = IdentityKeyPair::from_private_bytes(identity);
    Ok(snapshot.with_identity(&identity).with_signed_prekey(&signed).with_kem_prekey(&kem))
}

/// Whether some row shows these bytes.
pub(crate) fn shows(rows: &[Row], bytes: &[u8]) -> bool {
    rows.iter().any(|row| row.value.windows(bytes.len()).any(|window| window == bytes))
}

/// A bundle as the relay hands it out, read as an initiator does.
pub(crate) fn read_bundle(bundle: &wire::PrekeyBundle) -> Result<PrekeyBundle, Error> {
    const STEP: &str = "reading a bundle";
    let one_time_prekey = match &bundle.one_time_prekey {
        Some(prekey) => {
            Some(PublicOneTimePrekey { id: prekey.id, key: PublicKey::parse(&prekey.key).or_failed(STEP)? })
        }
        None => None,
    };
    let signature = |bytes: &[u8]| Signature::parse(bytes).or_failed(STEP);
    Ok(PrekeyBundle {
        registration_id: bundle.registration_id,
        device_id: 1,
        identity: IdentityKey::parse(&bundle.identity_key).or_failed(STEP)?,
        signed_prekey: PublicSignedPrekey {
            id: bundle.signed_prekey.id,
            key: PublicKey::parse(&bundle.signed_prekey.key).or_failed(STEP)?,
            signature: signature(&bundle.signed_prekey.signature)?,
        },
        one_time_prekey,
        kem_prekey: Some(PublicKemPrekey {
            id: bundle.kem_prekey.id,
            key: KemPublicKey::parse(&bundle.kem_prekey.key).or_failed(STEP)?,
            signature: signature(&bundle.kem_prekey.signature)?,
        }),
    })
}
