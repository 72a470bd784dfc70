//! A row as it is on disk: sealed, bound to its place, and readable only as long as its key exists.
//!
//! ```text
//! row id (8 bytes, the physical key) → format (1) · key id (8) · AES-256-GCM(record)
//! record = shape (1) · at (8) · partition · table · key (each with its length, 4) · value
//! ```
//! The row id is the nonce. It is handed out once, ascending, so no key ever sees it twice; and a
//! [`Sealer`] refuses whatever isn't above all that it sealed. A key that was read back from the key file
//! is an [`Opener`], which can't seal: after a restart there is a new generation.

use crate::error::Trouble;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bytes::{Buf as _, BufMut as _, Bytes};
use kernel::Shape;
use zeroize::Zeroizing;

pub(crate) const FORMAT: u8 = 1;
pub(crate) const HEADER_LEN: usize = 1 + 8;

/// The number of a row on disk: ascending, never used twice while its key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowId(pub(crate) u64);

/// The number of a key in the key file: ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId(pub(crate) u64);

/// Where a row is, and which key opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) row: RowId,
    pub(crate) key: KeyId,
}

/// The bytes of a key, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; 32]>;

/// What a sealed row holds, itself included: a row that turns up in another place doesn't open there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) partition: String,
    pub(crate) table: String,
    pub(crate) shape: Shape,
    pub(crate) key: Bytes,
    pub(crate) at: u64,
    pub(crate) value: Bytes,
}

/// A key made by this process, which seals.
pub(crate) struct Sealer {
    key: Opener,
    /// The lowest row that it may still seal.
    above: u64,
}

/// A key that opens rows and can't seal any.
pub(crate) struct Opener {
    id: KeyId,
    cipher: LessSafeKey,
}

impl Sealer {
    /// For a key that has sealed nothing yet.
    pub(crate) fn new(id: KeyId, bytes: &KeyBytes) -> Result<Self, Trouble> {
        Ok(Self { key: Opener::new(id, bytes)?, above: 0 })
    }

    pub(crate) fn id(&self) -> KeyId {
        self.key.id
    }

    /// Seals the row `row`. Fails if it isn't above all rows sealed with this key.
    pub(crate) fn seal(&mut self, row: RowId, record: &Record) -> Result<Vec<u8>, Trouble> {
        if row.0 < self.above {
            return Err(Trouble::new("a row's number came up twice: refusing to use a nonce again"));
        }
        self.above = row.0.saturating_add(1);
        let mut sealed = record.encode()?;
        self.key
            .cipher
            .seal_in_place_append_tag(nonce(row), Aad::from(aad(row, self.key.id)), &mut sealed)
            .map_err(|_| Trouble::new("a row is too long to seal"))?;
        let mut bytes = Vec::with_capacity(HEADER_LEN + sealed.len());
        bytes.put_u8(FORMAT);
        bytes.put_u64(self.key.id.0);
        bytes.append(&mut sealed);
        Ok(bytes)
    }
}

impl Opener {
    pub(crate) fn new(id: KeyId, bytes: &KeyBytes) -> Result<Self, Trouble> {
        let key =
            UnboundKey::new(&AES_256_GCM, &bytes[..]).map_err(|_| Trouble::new("a key is too short"))?;
        Ok(Self { id, cipher: LessSafeKey::new(key) })
    }

    /// Opens what was found at `row`; `None` if it isn't what was sealed there with this key.
    pub(crate) fn open(&self, row: RowId, sealed: &[u8]) -> Option<Record> {
        if key_of(sealed)? != self.id {
            return None;
        }
        let mut bytes = sealed.get(HEADER_LEN..)?.to_vec();
        let opened =
            self.cipher.open_in_place(nonce(row), Aad::from(aad(row, self.id)), &mut bytes).ok()?.len();
        bytes.truncate(opened);
        Record::decode(bytes.into())
    }
}

/// Which key a row is sealed with; `None` if it isn't a row of this format.
pub(crate) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    match sealed.split_first_chunk::<HEADER_LEN>()? {
        ([FORMAT, id @ ..], _) => Some(KeyId(u64::from_be_bytes(*id))),
        _ => None,
    }
}

impl Record {
    fn encode(&self) -> Result<Vec<u8>, Trouble> {
        let names = self.partition.len() + self.table.len() + self.key.len();
        let mut bytes = Vec::with_capacity(1 + 8 + 12 + names + self.value.len() + 16);
        bytes.put_u8(match self.shape {
            Shape::State => 0,
            Shape::Queue => 1,
        });
        bytes.put_u64(self.at);
        for part in [self.partition.as_bytes(), self.table.as_bytes(), &self.key] {
            bytes.put_u32(u32::try_from(part.len()).map_err(|_| Trouble::new("a row's key is too long"))?);
            bytes.put_slice(part);
        }
        bytes.put_slice(&self.value);
        Ok(bytes)
    }

    fn decode(mut bytes: Bytes) -> Option<Self> {
        let shape = match bytes.try_get_u8().ok()? {
            0 => Shape::State,
            1 => Shape::Queue,
            _ => return None,
        };
        let at = bytes.try_get_u64().ok()?;
        let mut part = || {
            let len = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
            (len <= bytes.len()).then(|| bytes.split_to(len))
        };
        let partition = String::from_utf8(part()?.into()).ok()?;
        let table = String::from_utf8(part()?.into()).ok()?;
        let key = part()?;
        Some(Self { partition, table, shape, key, at, value: bytes })
    }
}

pub(crate) fn nonce(row: RowId) -> Nonce {
    let mut nonce = [0; 12];
    for (byte, id) in nonce.iter_mut().skip(4).zip(row.0.to_be_bytes()) {
        *byte = id;
    }
    Nonce::assume_unique_for_key(nonce)
}

fn aad(row: RowId, key: KeyId) -> [u8; 32] {
    let mut aad = *b"blindpost row 1.................";
    let ids = row.0.to_be_bytes().into_iter().chain(key.0.to_be_bytes());
    for (byte, id) in aad.iter_mut().skip(16).zip(ids) {
        *byte = id;
    }
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(value: &[u8]) -> Record {
        Record {
            partition: "consumer/+491".into(),
            table: "inbox".into(),
            shape: Shape::Queue,
            key: Bytes::from_static(b"+491701234567"),
            at: 9,
            value: Bytes::copy_from_slice(value),
        }
    }

    fn sealer(id: u64) -> Sealer {
        Sealer::new(KeyId(id), &Zeroizing::new([7; 32])).unwrap()
    }

    #[test]
    fn a_row_opens_only_where_it_was_sealed() {
        let mut sealer = sealer(3);
        let sealed = sealer.seal(RowId(5), &record(b"hello")).unwrap();
        assert!(sealer.key.open(RowId(5), &sealed).unwrap() == record(b"hello"));
        assert!(sealer.key.open(RowId(6), &sealed).is_none(), "moved to another row");
        let twin = Opener::new(KeyId(4), &Zeroizing::new([7; 32])).unwrap();
        let mut renamed = sealed.clone();
        renamed[8] = 4;
        assert!(twin.open(RowId(5), &renamed).is_none(), "renamed to another key with the same bytes");
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(sealer.key.open(RowId(5), &bad).is_none(), "byte {at} changed");
            assert!(sealer.key.open(RowId(5), &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_nonce_is_never_used_again() {
        let mut sealer = sealer(1);
        sealer.seal(RowId(5), &record(b"one")).unwrap();
        assert!(sealer.seal(RowId(5), &record(b"two")).is_err());
        assert!(sealer.seal(RowId(4), &record(b"two")).is_err());
        sealer.seal(RowId(6), &record(b"two")).unwrap();
    }

    /// With one nonce for two rows, what they have in common would show.
    #[test]
    fn rows_that_are_alike_are_sealed_differently() {
        let mut sealer = sealer(1);
        let [one, two] = [5, 6].map(|row| sealer.seal(RowId(row), &record(b"hello")).unwrap());
        let body = HEADER_LEN..one.len() - 16;
        let alike = one[body.clone()].iter().zip(&two[body]).filter(|(one, two)| one == two).count();
        assert!(alike < 10, "{alike} bytes of {} are the same", one.len());
    }

    #[test]
    fn neither_key_nor_value_shows() {
        let sealed = sealer(1).seal(RowId(1), &record(b"hello")).unwrap();
        for secret in [&b"+49"[..], b"hello", b"inbox", b"consumer"] {
            assert!(!sealed.windows(secret.len()).any(|window| window == secret));
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_back(
            partition in ".{0,20}", table in "[a-z]{0,9}", queue: bool, key: Vec<u8>, at: u64, value: Vec<u8>,
        ) {
            let shape = if queue { Shape::Queue } else { Shape::State };
            let record = Record { partition, table, shape, key: key.into(), at, value: value.into() };
            prop_assert!(Record::decode(record.encode().unwrap().into()).unwrap() == record);
        }

        #[test]
        fn garbage_is_refused_without_harm(bytes: Vec<u8>) {
            let _ = Record::decode(bytes.clone().into());
            prop_assert!(sealer(1).key.open(RowId(1), &bytes).is_none());
        }
    }
}
