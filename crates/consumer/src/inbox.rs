//! What has arrived and the screen has not confirmed: numbered, in rows until then, and shown again after a restart.
//!
//! The last messages are recognised if they come again, in another envelope: their sender may have been put back to an older
//! copy, and not know that they had arrived.

use crate::digest::digest;
use crate::proto;
use bytes::Bytes;
use content::{Content, Padding};
use kernel::{RestoreError, Row, Table, Transaction};
use prost::Message as _;
use std::collections::VecDeque;
use wire::{Address, DeviceId, Number};

pub(crate) const UNSHOWN: Table = Table::queue("unshown");
pub(crate) const SHOWN: Table = Table::state("shown");

/// So many messages are recognised. Whoever sends again sends what it does not know to have arrived, which is what it sent last.
const RECOGNISED: usize = 64;

/// A message on the screen. `Debug` hides who and what.
#[derive(Clone, PartialEq)]
pub struct Shown {
    /// Its number at this device, ascending.
    pub sequence: u64,
    /// Who sent it.
    pub from: Address,
    /// The message as it travelled: the sender's name for it, when they sent it, what it is about and what it says.
    pub content: Content,
}

/// Messages in the order in which they arrived, until the screen confirms that it showed them.
#[derive(Default)]
pub(crate) struct Inbox {
    unshown: VecDeque<Shown>,
    shown_through: u64,
    /// Digests of sender and name of the last messages, the oldest first.
    arrived: VecDeque<u64>,
    revision: u64,
}

impl Inbox {
    pub(crate) fn restore(&mut self, row: &Row) -> Result<(), RestoreError> {
        let wrong = |error: &dyn ToString| RestoreError::new(row, error.to_string());
        if row.table == SHOWN {
            let stored = proto::ShownRow::decode(row.value.clone()).map_err(|e| wrong(&e))?;
            self.shown_through = stored.through;
            let arrived = stored.arrived.as_chunks::<8>().0.iter();
            self.arrived = arrived.map(|digest| u64::from_be_bytes(*digest)).collect();
            self.revision = row.at;
            return Ok(());
        }
        let stored = proto::UnshownRow::decode(row.value.clone()).map_err(|e| wrong(&e))?;
        let from = Address {
            number: Number::from_integer(stored.from_number).map_err(|e| wrong(&e))?,
            device: DeviceId::new(stored.from_device).map_err(|e| wrong(&e))?,
        };
        let content = Content::from_plaintext(&stored.content).map_err(|e| wrong(&e))?;
        self.unshown.push_back(Shown { sequence: row.at, from, content });
        Ok(())
    }

    /// The number that the next message gets.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.unshown.back().map_or(self.shown_through, |last| last.sequence) + 1
    }

    /// Keeps a message until it was shown; false if it is one of the last that arrived.
    #[must_use]
    pub(crate) fn append(&mut self, message: Shown, transaction: &mut Transaction) -> bool {
        let digest = message.digest();
        if self.arrived.contains(&digest) {
            return false;
        }
        if self.arrived.len() == RECOGNISED {
            self.arrived.pop_front();
        }
        self.arrived.push_back(digest);
        self.write(transaction);
        let row = || proto::UnshownRow {
            from_number: message.from.number.as_integer(),
            from_device: u32::from(message.from.device.get()),
            // It is no longer than when it arrived: an error can't be.
            content: message.content.to_padded(Padding::None).map(|it| it.to_vec()).unwrap_or_default(),
        };
        transaction.append_with(UNSHOWN, message.sequence, || (Bytes::new(), row().encode_to_vec()));
        self.unshown.push_back(message);
        true
    }

    /// The screen has shown everything up to `through`: what that was, for the first time.
    pub(crate) fn shown(&mut self, through: u64, transaction: &mut Transaction) -> Vec<Shown> {
        let mut seen = Vec::new();
        while let Some(message) = self.unshown.pop_front_if(|message| message.sequence <= through) {
            self.shown_through = message.sequence;
            seen.push(message);
        }
        if !seen.is_empty() {
            transaction.trim_with(UNSHOWN, self.shown_through, Bytes::new);
            self.write(transaction);
        }
        seen
    }

    fn write(&mut self, transaction: &mut Transaction) {
        let row = || proto::ShownRow {
            through: self.shown_through,
            arrived: self.arrived.iter().flat_map(|digest| digest.to_be_bytes()).collect(),
        };
        self.revision = transaction.swap_with(SHOWN, self.revision, || (Bytes::new(), row().encode_to_vec()));
    }

    /// What was received but perhaps not shown before the app ended.
    pub(crate) fn unshown(&self) -> impl Iterator<Item = &Shown> {
        self.unshown.iter()
    }
}

impl Shown {
    /// What it is recognised by: sender and name.
    fn digest(&self) -> u64 {
        digest(&[&self.from.to_key(), self.content.message_id.as_str().as_bytes()])
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shown(#{})", self.sequence)
    }
}
