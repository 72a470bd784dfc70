//! The tables of an endpoint, and their keys.

use bytes::Bytes;
use content::MessageId;
use kernel::{RestoreError, Row, Table};
use wire::Address;

pub(crate) const ACCOUNTS: Table = Table::state("accounts");
pub(crate) const PREKEYS: Table = Table::state("prekeys");
pub(crate) const SESSIONS: Table = Table::state("sessions");
pub(crate) const POST: Table = Table::state("post");
pub(crate) const OUTBOX: Table = Table::queue("outbox");
pub(crate) const UNCONFIRMED: Table = Table::state("unconfirmed");

/// All tables of an endpoint, for the machine's own list.
pub const TABLES: [Table; 6] = [ACCOUNTS, PREKEYS, SESSIONS, POST, OUTBOX, UNCONFIRMED];

pub(crate) fn account_key(account: Address) -> Bytes {
    Bytes::copy_from_slice(&account.to_key())
}

pub(crate) fn session_key(account: Address, peer: Address) -> Bytes {
    [account.to_key(), peer.to_key()].concat().into()
}

pub(crate) fn message_key(account: Address, message_id: &MessageId) -> Bytes {
    [&account.to_key(), message_id.as_str().as_bytes()].concat().into()
}

pub(crate) fn read_account_key(row: &Row) -> Result<Address, RestoreError> {
    Address::from_key(&row.key).map_err(|error| RestoreError::new(row, error))
}

pub(crate) fn read_session_key(row: &Row) -> Result<(Address, Address), RestoreError> {
    let (account, peer) = row.key.split_at_checked(9).ok_or_else(|| RestoreError::new(row, "short key"))?;
    let read = |key| Address::from_key(key).map_err(|error| RestoreError::new(row, error));
    Ok((read(account)?, read(peer)?))
}
