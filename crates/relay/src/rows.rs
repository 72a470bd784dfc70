//! The tables of the relay, and how their keys are made and read: the order of `TABLES` is the order of restoring.

use bytes::Bytes;
use kernel::{RestoreError, Row, Table};
use wire::{Address, LinkKey};

pub(crate) const ENDPOINTS: Table = Table::state("endpoints");
pub(crate) const DIRECTORY: Table = Table::state("directory");
pub(crate) const ONE_TIME: Table = Table::state("one_time_prekeys");
pub(crate) const INBOX: Table = Table::queue("inbox");
pub(crate) const METERS: Table = Table::state("meters");

pub(crate) const TABLES: [Table; 5] = [ENDPOINTS, DIRECTORY, ONE_TIME, INBOX, METERS];

pub(crate) fn link_key(key: LinkKey) -> Bytes {
    Bytes::copy_from_slice(&key.0)
}

pub(crate) fn read_link_key(row: &Row) -> Result<LinkKey, RestoreError> {
    LinkKey::try_from(&*row.key).map_err(|error| RestoreError::new(row, error))
}

pub(crate) fn read_address(row: &Row) -> Result<(Address, &[u8]), RestoreError> {
    let (address, rest) = row.key.split_at_checked(9).ok_or_else(|| RestoreError::new(row, "short key"))?;
    Ok((Address::from_key(address).map_err(|error| RestoreError::new(row, error))?, rest))
}
