//! Writing and reading of what is stored: integers big-endian, keys raw, lists with their length.

use crate::curve::PublicKey;
use crate::error::RecordError;
use crate::kept::{Kept, KeptKey};
use crate::limits::MAX_SKIPPED;
use crate::provider::FixedBytes;

/// Appends to a buffer, whose capacity should never be exceeded: growing leaves a copy of the secrets behind.
pub(crate) struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn fixed(&mut self, value: &impl FixedBytes) {
        self.raw(value.as_bytes());
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn short(&mut self, number: u16) {
        self.raw(&number.to_be_bytes());
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.raw(&number.to_be_bytes());
    }

    pub(crate) fn long(&mut self, number: u64) {
        self.raw(&number.to_be_bytes());
    }

    /// Counts are bounded far below 2^16 by the limits that the reader enforces.
    pub(crate) fn count(&mut self, count: usize) {
        self.short(u16::try_from(count).unwrap_or(u16::MAX));
    }
}

/// Takes from the front of stored bytes.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn public_key(&mut self) -> Result<PublicKey, RecordError> {
        self.take().map(|raw| PublicKey::from_raw(*raw))
    }

    pub(crate) fn fixed<T: FixedBytes>(&mut self) -> Result<T, RecordError> {
        T::from_bytes(self.slice(T::LENGTH)?).ok_or(RecordError::Corrupt)
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(RecordError::Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn short(&mut self) -> Result<u16, RecordError> {
        self.take().map(|raw| u16::from_be_bytes(*raw))
    }

    pub(crate) fn number(&mut self) -> Result<u32, RecordError> {
        self.take().map(|raw| u32::from_be_bytes(*raw))
    }

    pub(crate) fn long(&mut self) -> Result<u64, RecordError> {
        self.take().map(|raw| u64::from_be_bytes(*raw))
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RecordError> {
        self.take().map(|[byte]| *byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, RecordError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Corrupt),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        limit: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, RecordError>,
    ) -> Result<Vec<T>, RecordError> {
        let count = self.count(limit)?;
        // Not grown while it is filled, which would leave copies of keys behind.
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Keys of messages that were passed over, newest first; they come in order.
    pub(crate) fn kept<K: Clone>(
        &mut self,
        mut key: impl FnMut(&mut Self) -> Result<K, RecordError>,
    ) -> Result<Kept<K>, RecordError> {
        let stored =
            self.list(MAX_SKIPPED, |reader| Ok(KeptKey { at: reader.number()?, key: key(reader)? }))?;
        let in_order = stored.is_sorted_by(|newer, older| newer.at > older.at);
        if in_order { Ok(Kept::from_newest_first(stored)) } else { Err(RecordError::Corrupt) }
    }

    pub(crate) fn count(&mut self, limit: usize) -> Result<usize, RecordError> {
        let count = usize::from(self.short()?);
        if count <= limit { Ok(count) } else { Err(RecordError::Corrupt) }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], RecordError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(RecordError::Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }
}
