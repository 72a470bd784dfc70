//! The tables of the relay, and how their keys are made and read: the order of `TABLES` is the order of restoring.

use crate::letter::Channel;
use crate::shards::Shard;
use bytes::Bytes;
use kernel::{RestoreError, Row, Table};
use wire::{Address, BlobId, LinkKey};

pub(crate) const ENDPOINTS: Table = Table::state("endpoints");
pub(crate) const DIRECTORY: Table = Table::state("directory");
pub(crate) const ONE_TIME: Table = Table::state("one_time_prekeys");
pub(crate) const INBOX: Table = Table::queue("inbox");
pub(crate) const METERS: Table = Table::state("meters");
pub(crate) const CLAIMS: Table = Table::state("claims");
pub(crate) const SHARDS: Table = Table::state("shards");
pub(crate) const LETTERS: Table = Table::queue("letters");

pub(crate) const BLOBS: Table = Table::state("blobs");

pub(crate) const TABLES: [Table; 9] =
    [ENDPOINTS, DIRECTORY, ONE_TIME, INBOX, METERS, CLAIMS, SHARDS, LETTERS, BLOBS];

const REQUESTS: u8 = b'q';
const RESPONSES: u8 = b'r';

pub(crate) fn link_key(key: LinkKey) -> Bytes {
    Bytes::copy_from_slice(&key.0)
}

pub(crate) fn read_link_key(row: &Row) -> Result<LinkKey, RestoreError> {
    LinkKey::try_from(&*row.key).map_err(|error| RestoreError::new(row, error))
}

pub(crate) fn blob_key(blob: BlobId) -> Bytes {
    Bytes::copy_from_slice(&blob.0)
}

pub(crate) fn read_blob(row: &Row) -> Result<BlobId, RestoreError> {
    BlobId::try_from(&*row.key).map_err(|error| RestoreError::new(row, error))
}

pub(crate) fn read_address(row: &Row) -> Result<(Address, &[u8]), RestoreError> {
    let (address, rest) = row.key.split_at_checked(9).ok_or_else(|| RestoreError::new(row, "short key"))?;
    Ok((Address::from_key(address).map_err(|error| RestoreError::new(row, error))?, rest))
}

pub(crate) fn claim_key(endpoint: LinkKey, address: Address) -> Bytes {
    [&endpoint.0[..], &address.to_key()].concat().into()
}

pub(crate) fn read_claim(row: &Row) -> Result<(LinkKey, Address), RestoreError> {
    let (endpoint, address) =
        row.key.split_first_chunk().ok_or_else(|| RestoreError::new(row, "short key"))?;
    Ok((LinkKey(*endpoint), Address::from_key(address).map_err(|error| RestoreError::new(row, error))?))
}

pub(crate) fn shard_key(shard: Shard) -> Bytes {
    Bytes::copy_from_slice(&shard.0.to_be_bytes())
}

pub(crate) fn read_shard(row: &Row) -> Result<Shard, RestoreError> {
    let shard = (*row.key).try_into().map_err(|error| RestoreError::new(row, error))?;
    Ok(Shard(u32::from_be_bytes(shard)))
}

pub(crate) fn letters_key(to: Shard, channel: Channel) -> Bytes {
    let channel = match channel {
        Channel::Requests => REQUESTS,
        Channel::Responses => RESPONSES,
    };
    [&to.0.to_be_bytes()[..], &[channel]].concat().into()
}

pub(crate) fn read_letters_key(row: &Row) -> Result<(Shard, Channel), RestoreError> {
    let (shard, channel) = row.key.split_first_chunk().ok_or_else(|| RestoreError::new(row, "short key"))?;
    let channel = match channel {
        [REQUESTS] => Channel::Requests,
        [RESPONSES] => Channel::Responses,
        _ => return Err(RestoreError::new(row, "not a queue of letters")),
    };
    Ok((Shard(u32::from_be_bytes(*shard)), channel))
}
